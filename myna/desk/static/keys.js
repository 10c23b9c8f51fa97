/** The desk from the keyboard. */

import { byId, h } from "/static/chat/shared/dom.js";

/** @type {readonly [string[], string][]} keys and what they do */
const SHOWN = [
  [["J", "K"], "key_next"],
  [["1", "…", "5"], "key_views"],
  [["C"], "key_claim"],
  [["R"], "key_reply"],
  [["E"], "key_resolve"],
  [["N"], "key_case"],
  [["U"], "key_undo"],
  [["A"], "key_away"],
  [["Esc"], "key_leave"],
  [["?"], "key_help"],
];

/** @param {Record<string, () => void>} does what each key does, by its lower-case letter */
export function listenToKeys(does) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    const at = event.target;
    if (at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement) return;
    if (at instanceof HTMLInputElement && at.type !== "radio" && at.type !== "checkbox") return;
    const act = does[event.key.toLowerCase()];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}

/** @param {Record<string, string>} words */
export function drawKeys(words) {
  byId("keys").replaceChildren(
    ...SHOWN.map(([keys, key]) => h("span", {}, ...keys.flatMap((name) => [h("kbd", {}, name), " "]), words[key])),
  );
}

export function toggleKeys() {
  const panel = byId("keys");
  panel.hidden = !panel.hidden;
  byId("show-keys").setAttribute("aria-expanded", String(!panel.hidden));
}
