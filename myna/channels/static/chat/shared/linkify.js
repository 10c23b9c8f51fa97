/** Links in plain text (http, https, mailto, tel, and nothing else), and codes that must not be broken over two lines. */

/** Order numbers and the like: "DH-20413". */
const CODE = /(?<![\w-])[A-Z]{1,5}-\d{3,}(?![\w-])/g;

// An international number needs its "+": bare digits are more often an order number than a telephone.
const CANDIDATE =
  /\bhttps?:\/\/[^\s<>"“”‘’`]+|\b(?:mailto:)?[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\btel:\+?\d[\d.-]{4,}\d|(?<![\w+])\+\d[\d .-]{7,16}\d/giu;

const SCHEMES = new Set(["http:", "https:", "mailto:", "tel:"]);

/**
 * The text as nodes: text, links and codes.
 *
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
export function linkify(text) {
  /** @type {(string | HTMLElement)[]} */
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const shown = trimmed(match[0]);
    const href = address(shown);
    if (href === null) continue;
    parts.push(...codes(text.slice(from, match.index)), link(href, shown));
    from = match.index + shown.length;
  }
  parts.push(...codes(text.slice(from)));
  return parts.filter((part) => part !== "");
}

/** @param {string} text */
function codes(text) {
  /** @type {(string | HTMLElement)[]} */
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(CODE)) {
    const code = document.createElement("span");
    code.className = "code";
    code.textContent = match[0];
    parts.push(text.slice(from, match.index), code);
    from = match.index + match[0].length;
  }
  return [...parts, text.slice(from)];
}

/**
 * Without the sentence's own punctuation at the end; a closing bracket stays if it was opened inside.
 *
 * @param {string} found
 */
function trimmed(found) {
  let shown = found;
  for (;;) {
    const last = shown.slice(-1);
    const unopened = (last === ")" && !shown.includes("(")) || (last === "]" && !shown.includes("["));
    if (!unopened && !/[.,;:!?'…*_]$/u.test(shown)) return shown;
    shown = shown.slice(0, -1);
  }
}

/**
 * @param {string} shown
 * @returns {string | null} null if this must not become a link
 */
function address(shown) {
  let wanted = shown;
  if (shown.startsWith("+")) wanted = `tel:${shown.replaceAll(/[ .-]/g, "")}`;
  else if (!/^(?:https?:|mailto:|tel:)/i.test(shown)) wanted = `mailto:${shown}`;
  try {
    const url = new URL(wanted);
    // "https://bank.example@evil.example" shows one host and opens another.
    if (!SCHEMES.has(url.protocol) || url.username !== "" || url.password !== "") return null;
    return url.href;
  } catch {
    return null;
  }
}

/**
 * An address of the web that may be opened or loaded.
 *
 * @param {string | null} wanted
 * @returns {string | null} null for all others
 */
export function webAddress(wanted) {
  return wanted !== null && /^https?:/i.test(wanted) ? address(wanted) : null;
}

/**
 * @param {string} href
 * @param {string} shown
 */
function link(href, shown) {
  const node = document.createElement("a");
  node.href = href;
  node.textContent = shown;
  if (/^https?:/.test(href)) {
    node.target = "_blank";
    node.rel = "noopener noreferrer nofollow";
  }
  return node;
}
