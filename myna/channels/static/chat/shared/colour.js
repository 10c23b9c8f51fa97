/** The shop's accent colour, made safe to read in light and dark. */

/** @typedef {[number, number, number]} Rgb 0–255 each */

const WHITE = /** @type {Rgb} */ ([255, 255, 255]);
const DARK = /** @type {Rgb} */ ([13, 17, 23]);
/** The surfaces on which accent-coloured words stand; the same as `--surface` in base.css. */
const LIGHT_SURFACE = WHITE;
const DARK_SURFACE = /** @type {Rgb} */ ([23, 27, 33]);
/** WCAG 2.2, level AA, for text of normal size. */
const READABLE = 4.5;
/** Words on dark surfaces look dull at the minimum. */
const CLEAR = 6.5;

/**
 * Use the shop's colour: as a fill with readable words on it, and as words readable on light and on dark surfaces.
 *
 * @param {string} accent "#rgb" or "#rrggbb"; anything else leaves the default colour
 */
export function useAccent(accent) {
  const wanted = parse(accent);
  if (wanted === null) return;
  const { fill, ink } = fillAndInk(wanted);
  const root = document.documentElement.style;
  root.setProperty("--accent", css(fill));
  root.setProperty("--on-accent", css(ink));
  root.setProperty("--accent-ink-light", css(readableOn(wanted, LIGHT_SURFACE, DARK, READABLE)));
  root.setProperty("--accent-ink-dark", css(readableOn(wanted, DARK_SURFACE, WHITE, CLEAR)));
}

/**
 * @param {string} text
 * @returns {Rgb | null}
 */
export function parse(text) {
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(text.trim());
  const long = short ?? /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(text.trim());
  if (long === null) return null;
  const [r, g, b] = long.slice(1).map((part) => parseInt(part.padStart(2, part), 16));
  return [r, g, b];
}

/**
 * The contrast ratio of WCAG 2: 1 (none) to 21.
 *
 * @param {Rgb} one
 * @param {Rgb} other
 */
export function contrast(one, other) {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/**
 * White words where they can be read, else dark ones; a colour on which neither can be read is darkened a little.
 *
 * @param {Rgb} wanted
 */
export function fillAndInk(wanted) {
  if (contrast(wanted, WHITE) >= READABLE) return { fill: wanted, ink: WHITE };
  if (contrast(wanted, DARK) >= READABLE) return { fill: wanted, ink: DARK };
  return { fill: readableOn(wanted, WHITE, DARK, READABLE), ink: WHITE };
}

/**
 * The colour moved towards `pole` just until it can be read on `surface`.
 *
 * @param {Rgb} colour
 * @param {Rgb} surface
 * @param {Rgb} pole
 * @param {number} wanted contrast
 * @returns {Rgb}
 */
function readableOn(colour, surface, pole, wanted) {
  for (let share = 0; share < 1; share += 0.04) {
    const mixed = mix(colour, pole, share);
    if (contrast(mixed, surface) >= wanted) return mixed;
  }
  return pole;
}

/**
 * @param {Rgb} one
 * @param {Rgb} other
 * @param {number} share of the other, 0–1
 * @returns {Rgb}
 */
function mix(one, other, share) {
  const [r, g, b] = one.map((value, i) => Math.round(value + (other[i] - value) * share));
  return [r, g, b];
}

/** @param {Rgb} colour */
function luminance(colour) {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {Rgb} colour */
function css([r, g, b]) {
  return `rgb(${r} ${g} ${b})`;
}
