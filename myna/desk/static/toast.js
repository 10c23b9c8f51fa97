/** Short messages at the edge of the page, with an act to take back what was done. */

import { byId, h } from "/static/chat/shared/dom.js";

/**
 * @param {string} words
 * @param {{ms: number, action?: {words: string, run: () => void}}} options ms: how long it stays
 * @returns {() => void} takes it away
 */
export function toast(words, { ms, action }) {
  const node = h("div", { class: "toast" }, h("span", {}, words));
  const away = () => {
    clearTimeout(timer);
    node.remove();
  };
  const timer = setTimeout(away, ms);
  if (action !== undefined) {
    const run = () => {
      away();
      action.run();
    };
    node.append(h("button", { type: "button", click: run }, action.words));
  }
  byId("toasts").append(node);
  return away;
}
