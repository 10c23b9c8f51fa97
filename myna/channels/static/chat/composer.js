/** The box in which the customer writes. */

import { byId } from "./shared/dom.js";
import { icon } from "./shared/icons.js";
import { keep, recall } from "./shared/memory.js";
import { fill } from "./shared/words.js";

/** Longer messages are better split; we say so, but send them. */
const SOFT_LIMIT = 2000;
const SHOW_COUNT_FROM = 1800;
/** The server refuses more. */
const HARD_LIMIT = 20_000;
const DRAFT = "myna.draft";

export class Composer {
  /** @param {{onSend: (text: string) => void}} options */
  constructor({ onSend }) {
    this.onSend = onSend;
    this.field = /** @type {HTMLTextAreaElement} */ (byId("draft"));
    this.button = /** @type {HTMLButtonElement} */ (byId("send"));
    this.count = byId("count");
    this.ready = false;
    /** Who was quicker than the conversation has not to press Enter again. */
    this.early = false;
    /** @type {Record<string, string>} */
    this.words = {};
    this.button.append(icon("send"));
    this.field.value = recall(DRAFT) ?? "";
    this.field.addEventListener("input", () => {
      this.early = false;
      this.refresh();
    });
    this.field.addEventListener("keydown", (event) => this.key(event));
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    new ResizeObserver(() => this.grow()).observe(byId("composer"));
  }

  /** @param {Record<string, string>} words */
  speak(words) {
    this.words = words;
    this.refresh();
  }

  /** The conversation is open: sending makes sense. */
  enable() {
    this.ready = true;
    this.refresh();
    if (this.early) this.submit();
  }

  /**
   * Give a text back for editing, in front of what is being written.
   *
   * @param {string} text
   */
  giveBack(text) {
    this.field.value = [text, this.field.value].filter((part) => part !== "").join("\n");
    this.refresh();
    this.field.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    // Enter that ends a composition (Telex, Pinyin) belongs to the input method; Safari tells only by 229.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    this.submit();
  }

  submit() {
    const text = this.field.value.trim();
    this.early = !this.ready;
    if (!this.ready || text === "" || text.length > HARD_LIMIT) return;
    this.field.value = "";
    this.refresh();
    this.field.focus();
    this.onSend(text);
  }

  refresh() {
    const length = this.field.value.trim().length;
    this.button.disabled = !this.ready || length === 0 || length > HARD_LIMIT;
    this.count.hidden = length < SHOW_COUNT_FROM;
    this.count.classList.toggle("over", length > SOFT_LIMIT);
    const key = length > HARD_LIMIT ? "far_too_long" : length > SOFT_LIMIT ? "too_long" : "long";
    if (!this.count.hidden) this.count.textContent = fill(this.words[key] ?? "", { count: length, limit: SOFT_LIMIT });
    keep(DRAFT, this.field.value === "" ? null : this.field.value);
    this.grow();
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}
