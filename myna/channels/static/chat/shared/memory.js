/** The browser's storage, which may be switched off or full: then things are forgotten at the end of the page. */

/** @type {Map<string, string>} */
const fallback = new Map();

/**
 * @param {string} key
 * @returns {any} what was kept, null if nothing was
 */
export function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? fallback.get(key) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {unknown} value null forgets
 */
export function keep(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
    fallback.delete(key);
  } catch {
    if (value === null) fallback.delete(key);
    else fallback.set(key, JSON.stringify(value));
  }
}

/**
 * @param {string} prefix
 * @returns {string[]} the keys which begin with it
 */
export function keysOf(prefix) {
  /** @type {string[]} */
  let stored = [];
  try {
    stored = Object.keys(localStorage);
  } catch {
    // Switched off: only the fallback has any.
  }
  return [...stored, ...fallback.keys()].filter((key) => key.startsWith(prefix));
}
