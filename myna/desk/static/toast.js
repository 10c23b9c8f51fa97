/** Short messages at the edge of the page, with an act to take back what was done. */

import { byId, h } from "/static/chat/shared/dom.js";

/** @type {Map<HTMLElement, () => void>} what can still be taken back, the newest last */
const undos = new Map();
/** @type {Map<string, () => void>} how to take away the message about something */
const shown = new Map();

/** Take back what was done last, if its message still stands. */
export function undoLast() {
  [...undos.values()].at(-1)?.();
}

/**
 * @param {string} words
 * @param {{ms: number, about?: string, action?: {words: string, run: () => void}}} options ms: how long it stays;
 *   about: an earlier message about the same goes
 * @returns {() => void} takes it away
 */
export function toast(words, { ms, about = "", action }) {
  if (about !== "") shown.get(about)?.();
  const node = h("div", { class: "toast" }, h("span", {}, words));
  const away = () => {
    clearTimeout(timer);
    undos.delete(node);
    node.remove();
  };
  if (about !== "") shown.set(about, away);
  const timer = setTimeout(away, ms);
  if (action !== undefined) {
    const run = () => {
      away();
      action.run();
    };
    undos.set(node, run);
    node.append(h("button", { type: "button", click: run }, action.words));
  }
  byId("toasts").append(node);
  return away;
}
