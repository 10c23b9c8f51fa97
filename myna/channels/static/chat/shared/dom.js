/**
 * Building and updating the page. Text goes in as text nodes only, so nothing a customer or an answer says can become
 * markup; there is no way to pass HTML or a style attribute (the Content-Security-Policy forbids both).
 */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [props] attributes; a function is a listener for the event named by the key
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") {
      node.addEventListener(name, /** @type {EventListener} */ (value));
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, String(value));
    }
  }
  node.append(...children.filter(isChild));
  return node;
}

/**
 * @param {Child} child
 * @returns {child is Node | string}
 */
function isChild(child) {
  return child !== null && child !== undefined && child !== false && child !== "";
}

/**
 * The element with this id; the pages are written so that it exists.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`the page has no #${id}`);
  return node;
}

/**
 * One thing in a list which is kept in step with data.
 *
 * @typedef {object} Block
 * @property {string} key names it for as long as it lives
 * @property {string} sign changes exactly when it has to be drawn again
 * @property {() => HTMLElement} build draws it
 */

/** @type {WeakMap<HTMLElement, Map<string, {sign: string, node: HTMLElement}>>} */
const drawn = new WeakMap();

/**
 * Make the children of `parent` the blocks, in order, touching only those which changed.
 *
 * @param {HTMLElement} parent holds nothing but these blocks
 * @param {Block[]} blocks
 */
export function reconcile(parent, blocks) {
  const before = drawn.get(parent) ?? new Map();
  /** @type {Map<string, {sign: string, node: HTMLElement}>} */
  const after = new Map();
  for (const { key, sign, build } of blocks) {
    const old = before.get(key);
    after.set(key, old !== undefined && old.sign === sign ? old : { sign, node: build() });
  }
  const keep = new Set([...after.values()].map((entry) => entry.node));
  for (const { node } of before.values()) if (!keep.has(node)) node.remove();
  /** @type {Node | null} */
  let place = parent.firstChild;
  for (const { node } of after.values()) {
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  drawn.set(parent, after);
}

/**
 * The drawn element of a block.
 *
 * @param {HTMLElement} parent
 * @param {string} key
 * @returns {HTMLElement | undefined}
 */
export function drawnBlock(parent, key) {
  return drawn.get(parent)?.get(key)?.node;
}
