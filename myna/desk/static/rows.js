/** A list with one row chosen, from the mouse and from the keyboard; hundreds of rows stay quick. */

import { drawnBlock, reconcile } from "/static/chat/shared/dom.js";

/** @typedef {import("/static/chat/shared/dom.js").Block} Block */

export class Rows {
  /**
   * @param {HTMLElement} node holds nothing but rows, each with its key in `data-key`
   * @param {{onOpen: (key: string) => void, onEnter: () => void}} options
   */
  constructor(node, { onOpen, onEnter }) {
    this.node = node;
    this.onOpen = onOpen;
    this.onEnter = onEnter;
    /** @type {string[]} */
    this.keys = [];
    /** @type {string | null} */
    this.chosen = null;
    node.addEventListener("click", (event) => {
      const row = event.target instanceof Element ? event.target.closest(".row") : null;
      if (row instanceof HTMLElement && row.dataset.key) onOpen(row.dataset.key);
    });
    node.addEventListener("keydown", (event) => this.key(event));
  }

  /**
   * @param {Block[]} blocks
   * @param {string | null} chosen
   */
  draw(blocks, chosen) {
    this.keys = blocks.map(({ key }) => key);
    this.chosen = chosen;
    reconcile(this.node, blocks);
    for (const row of this.node.querySelectorAll('[aria-selected="true"]')) row.setAttribute("aria-selected", "false");
    const current = chosen === null ? undefined : drawnBlock(this.node, chosen);
    current?.setAttribute("aria-selected", "true");
    if (current === undefined) this.node.removeAttribute("aria-activedescendant");
    else this.node.setAttribute("aria-activedescendant", current.id);
  }

  /** @param {1 | -1} step */
  move(step) {
    if (this.keys.length === 0) return;
    const at = this.chosen === null ? -1 : this.keys.indexOf(this.chosen);
    const next = at < 0 ? 0 : Math.min(this.keys.length - 1, Math.max(0, at + step));
    this.onOpen(this.keys[next]);
    drawnBlock(this.node, this.keys[next])?.scrollIntoView({ block: "nearest" });
  }

  focus() {
    this.node.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "ArrowDown") this.move(1);
    else if (event.key === "ArrowUp") this.move(-1);
    else if (event.key === "Enter") this.onEnter();
    else return;
    event.preventDefault();
  }
}
