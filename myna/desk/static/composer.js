/** The box in which an agent answers the customer or leaves a note for colleagues. */

import { byId } from "/static/chat/shared/dom.js";
import { fill } from "/static/chat/shared/words.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {"public" | "note"} Mode */

/** How often the customer is told that somebody is writing. */
const TYPING_MS = 3000;
/** The server refuses more. */
const LIMIT = 20_000;

export class Composer {
  /**
   * @param {Store} store
   * @param {{onSend: (mode: Mode, text: string) => void, onTyping: () => void, onLeave: () => void}} options
   */
  constructor(store, { onSend, onTyping, onLeave }) {
    this.store = store;
    this.onSend = onSend;
    this.onTyping = onTyping;
    this.onLeave = onLeave;
    this.form = byId("composer");
    this.field = /** @type {HTMLTextAreaElement} */ (byId("reply"));
    this.button = /** @type {HTMLButtonElement} */ (byId("send"));
    /** @type {string | null} */
    this.shown = null;
    this.told = 0;
    this.field.addEventListener("input", () => this.input());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    byId("modes").addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement) this.setMode(event.target.value === "note" ? "note" : "public");
    });
  }

  /** @returns {import("./store.js").Draft} of the selected conversation */
  get draft() {
    return this.store.drafts.get(this.store.selected ?? "") ?? { text: "", mode: "public" };
  }

  /** Who may write to the customer: the agent who has it, or anybody as long as no other agent has it. */
  get publicAllowed() {
    const summary = this.store.current;
    if (summary === null || this.store.resolving.has(summary.id)) return false;
    return !this.store.isOthers(summary) && !this.store.isOutOfReach(summary);
  }

  /** @returns {Mode} */
  get mode() {
    return this.publicAllowed ? this.draft.mode : "note";
  }

  draw() {
    const { store } = this;
    if (store.current === null) return;
    if (this.shown !== store.selected) {
      this.shown = store.selected;
      this.field.value = this.draft.text;
      this.grow();
    }
    const { mode } = this;
    this.form.classList.toggle("noting", mode === "note");
    for (const input of byId("modes").querySelectorAll("input")) {
      input.checked = input.value === mode;
      input.disabled = input.value === "public" && !this.publicAllowed;
    }
    this.field.placeholder = store.words[`write_${mode}`];
    byId("reply-label").textContent = store.words[`mode_${mode}`];
    this.button.textContent = store.words[`send_${mode}`];
    this.drawHint();
  }

  drawHint() {
    const { words } = this.store;
    const summary = this.store.current;
    const length = this.field.value.trim().length;
    let hint = matchMedia("(pointer: coarse)").matches ? "" : words.hint_keys;
    if (summary !== null && length > LIMIT) hint = fill(words.too_long, { count: length });
    else if (this.store.resolving.has(summary?.id ?? "")) hint = words.hint_resolved;
    else if (summary !== null && this.store.isOutOfReach(summary)) hint = words.hint_out_of_reach;
    else if (summary?.owner === "nobody" && this.mode === "public") hint = words.hint_reopens;
    else if (summary !== null && this.store.isOthers(summary)) {
      hint = fill(words.hint_other, { agent: summary.agent ?? words.colleague });
    } else if (summary !== null && !this.store.isMine(summary) && this.mode === "public") hint = words.hint_takes_over;
    byId("reply-hint").textContent = hint;
    this.button.disabled = length === 0 || length > LIMIT;
  }

  /** @param {Mode} mode */
  setMode(mode) {
    if (this.store.selected === null) return;
    this.store.saveDraft(this.store.selected, { text: this.field.value, mode });
    this.draw();
    this.field.focus();
  }

  focus() {
    this.field.focus();
  }

  /**
   * Give back what could not be sent, in front of what is being written.
   *
   * @param {string} id
   * @param {string} text
   * @param {Mode} mode
   */
  giveBack(id, text, mode) {
    const begun = this.store.drafts.get(id);
    const both = [text, begun?.text ?? ""].filter((part) => part !== "").join("\n");
    this.store.saveDraft(id, { text: both, mode: begun?.mode ?? mode });
    this.shown = null;
    this.draw();
  }

  input() {
    if (this.store.selected === null) return;
    this.store.saveDraft(this.store.selected, { text: this.field.value, mode: this.mode });
    this.grow();
    this.drawHint();
    const summary = this.store.current;
    const mine = summary !== null && this.store.isMine(summary);
    if (mine && this.mode === "public" && this.field.value !== "" && Date.now() - this.told > TYPING_MS) {
      this.told = Date.now();
      this.onTyping();
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Escape") {
      // The list may be empty, and then takes no focus.
      this.field.blur();
      this.onLeave();
      return;
    }
    // Enter that ends a composition (Telex, Pinyin) belongs to the input method; Safari tells only by 229.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    this.submit();
  }

  submit() {
    const text = this.field.value.trim();
    const id = this.store.selected;
    if (id === null || text === "" || text.length > LIMIT) return;
    const { mode } = this;
    this.field.value = "";
    this.store.saveDraft(id, { text: "", mode: "public" });
    this.told = 0;
    this.grow();
    this.onSend(mode, text);
    this.draw();
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }
}
