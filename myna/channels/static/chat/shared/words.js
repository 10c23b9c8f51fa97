/** The words of a page: one table per language with the same keys, put into the page by attributes. */

/** @typedef {"vi" | "ms" | "en"} Language */

/** @type {readonly Language[]} */
export const LANGUAGES = ["vi", "ms", "en"];

/** @type {Record<Language, string>} */
export const LANGUAGE_NAMES = { vi: "Tiếng Việt", ms: "Bahasa Melayu", en: "English" };

/**
 * @param {unknown} value
 * @returns {value is Language}
 */
export function isLanguage(value) {
  return LANGUAGES.some((language) => language === value);
}

/**
 * The first of the browser's languages which we speak.
 *
 * @returns {Language | null}
 */
export function browserLanguage() {
  for (const tag of navigator.languages) {
    const language = tag.split("-")[0].toLowerCase();
    if (isLanguage(language)) return language;
  }
  return null;
}

/**
 * "{agent} is with you" with its names filled in.
 *
 * @param {string} template
 * @param {Record<string, string | number>} values
 */
export function fill(template, values) {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * Write the words of one language into every element that asks for one: `data-text` (content), `data-label`
 * (accessible name and tooltip), `data-hint` (placeholder).
 *
 * @param {ParentNode} root
 * @param {Record<string, string>} words
 * @param {Record<string, string | number>} [values]
 */
export function writeWords(root, words, values = {}) {
  /** @param {string | undefined} key */
  const say = (key) => fill(words[key ?? ""] ?? "", values);
  for (const node of root.querySelectorAll("[data-text], [data-label], [data-hint]")) {
    if (!(node instanceof HTMLElement)) continue;
    if (node.dataset.text) node.textContent = say(node.dataset.text);
    if (node.dataset.hint) node.setAttribute("placeholder", say(node.dataset.hint));
    if (node.dataset.label) {
      node.setAttribute("aria-label", say(node.dataset.label));
      if (node instanceof HTMLButtonElement) node.title = say(node.dataset.label);
    }
  }
}
