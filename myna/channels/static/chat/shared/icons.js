/** Line icons and the Myna mark, built as SVG elements because the pages allow no inline markup. */

const SVG = "http://www.w3.org/2000/svg";

/** @type {Record<string, string[]>} paths on a 24 × 24 grid, drawn as lines */
const PATHS = {
  send: ["M5 12h13", "m12.5 5.5 6.5 6.5-6.5 6.5"],
  down: ["M12 5v13", "m6 12.5 6 6 6-6"],
  back: ["M19 12H6", "m11.5 5.5-6.5 6.5 6.5 6.5"],
  bolt: ["M13 3 5 13.5h6L10.5 21 19 10.5h-6z"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20.5c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5"],
  people: ["M9 11.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z", "M3 19.500c.6-3.2 3-5 6-5s5.4 1.8 6 5", "M16 4.900a3.5 3.5 0 0 1 0 6.200", "M17.5 14.900c1.8.8 3.100 2.400 3.500 4.600"],
  shield: ["M12 3.5 5 6v5.500c0 4.3 2.9 7.5 7 9 4.1-1.5 7-4.7 7-9V6z", "m9 12 2.2 2.200L15.2 10"],
  retry: ["M19.5 12a7.5 7.5 0 1 1-2.3-5.4", "M19.8 3.800v4h-4"],
  globe: ["M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z", "M3.5 12h17", "M12 3.500c2.3 2.4 3.4 5.2 3.4 8.500s-1.1 6.1-3.4 8.500c-2.3-2.4-3.4-5.2-3.4-8.500s1.1-6.1 3.4-8.500z"],
  messenger: ["M12 4c-4.9 0-8.5 3.4-8.5 7.8 0 2.4 1.1 4.5 2.9 5.900V21l2.9-1.700c.8.2 1.7.3 2.7.3 4.9 0 8.5-3.4 8.5-7.800S16.9 4 12 4z", "m8 13.5 2.7-2.7 2.6 2 2.7-2.5"],
  bell: ["M6.5 16.500V11a5.5 5.5 0 0 1 11 0v5.500l1.5 1.500H5z", "M10 20.500h4"],
  sound: ["M4.5 9.500v5h3.500l4.5 4v-13l-4.5 4z", "M16 9c1.2 1.7 1.2 4.3 0 6", "M18.5 6.500c2.6 3.2 2.6 7.8 0 11"],
  mute: ["M4.5 9.500v5h3.500l4.5 4v-13l-4.5 4z", "m16.5 9.5 5 5", "m21.5 9.5-5 5"],
  keyboard: ["M3.5 7h17v10.500h-17z", "M7 10.500h.01", "M10.3 10.500h.01", "M13.6 10.500h.01", "M17 10.500h.01", "M8 14.200h8"],
  exit: ["M10 4.500H5v15h5", "M10 12h10", "m16 8 4 4-4 4"],
  details: ["M4 5h16v14H4z", "M14.5 5v14"],
  case: ["M6 5h12v15.500H6z", "M9.500 3.500h5v3h-5z", "M9 11h6", "M9 15h4"],
  check: ["m5 12.500 4.500 4.500L19 7.500"],
  star: ["m12 3.800 2.600 5.300 5.800.8-4.200 4.100 1 5.800-5.200-2.700-5.200 2.700 1-5.800L3.600 9.900l5.800-.8z"],
  lock: ["M6 11h12v9H6z", "M8.5 11V8a3.5 3.5 0 0 1 7 0v3"],
};

/**
 * A decorative icon; whatever holds it carries the words.
 *
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const node = svg("icon");
  for (const d of PATHS[name] ?? []) node.append(shape("path", { d }));
  return node;
}

/**
 * The assistant's mark: a bird with the myna's bright eye patch.
 *
 * @returns {SVGSVGElement}
 */
export function bird() {
  const node = svg("bird");
  node.append(
    shape("path", {
      class: "bird-body",
      d: "M3.2 19.600C5.6 18.7 6.4 16.8 6.7 14.2 7.2 9.4 9.7 5.8 13.6 5.800c2.3 0 4 1.1 4.7 2.900L22 10.200l-3.5 1.500c-.2 4.7-3.3 7.9-8.3 7.900z",
    }),
    shape("path", { class: "bird-patch", d: "M13.3 9.600c.7-1.2 2.9-1.2 3.7.1-.8 1.2-2.9 1.3-3.7-.1z" }),
  );
  return node;
}

/** @param {string} name */
function svg(name) {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("viewBox", "0 0 24 24");
  node.setAttribute("class", name);
  node.setAttribute("aria-hidden", "true");
  node.setAttribute("focusable", "false");
  return node;
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 */
function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
