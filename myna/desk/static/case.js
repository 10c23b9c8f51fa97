/** The middle column for a case: what was promised to whom until when, what happened to it, and the agents' comments. */

import { byId, h } from "/static/chat/shared/dom.js";
import { linkify } from "/static/chat/shared/linkify.js";
import { fill } from "/static/chat/shared/words.js";
import { PRIORITIES, STATES, fillSelect } from "./cases.js";
import { fact, quiet } from "./context.js";
import { languageWords, moment, named, summaryWords, title, whoWords } from "./names.js";
import { dueTag } from "./ticking.js";

/** @typedef {import("./api.js").Case} Case */
/** @typedef {import("./api.js").CaseEvent} CaseEvent */
/** @typedef {import("./store.js").Store} Store */

/** The server refuses more. */
const LIMIT = 20_000;

export class CaseView {
  /**
   * @param {Store} store
   * @param {object} options
   * @param {(reference: string, changes: import("./casework.js").Changes) => Promise<void>} options.onChange
   * @param {(reference: string, text: string) => Promise<boolean>} options.onComment
   * @param {(id: string) => void} options.onConversation
   * @param {() => void} options.onLeave
   */
  constructor(store, { onChange, onComment, onConversation, onLeave }) {
    this.store = store;
    this.onChange = onChange;
    this.onComment = onComment;
    this.onConversation = onConversation;
    this.onLeave = onLeave;
    this.sign = "";
    /** @type {string | null} */
    this.shown = null;
    /** @type {Map<string, string>} comments that are being written, by case */
    this.drafts = new Map();
    this.field = /** @type {HTMLTextAreaElement} */ (byId("comment"));
    this.button = /** @type {HTMLButtonElement} */ (byId("comment-send"));
    this.state = /** @type {HTMLSelectElement} */ (byId("case-state"));
    this.priority = /** @type {HTMLSelectElement} */ (byId("case-priority"));
    this.state.addEventListener("change", () =>
      this.change({ state: /** @type {Case["state"]} */ (this.state.value) }),
    );
    this.priority.addEventListener("change", () =>
      this.change({ priority: /** @type {Case["priority"]} */ (this.priority.value) }),
    );
    this.field.addEventListener("input", () => this.input());
    this.field.addEventListener("keydown", (event) => this.key(event));
    byId("comment-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
  }

  speak() {
    const { words } = this.store;
    fillSelect(this.state, STATES, (name) => named("state", name, words));
    fillSelect(this.priority, PRIORITIES, (name) => named("priority", name, words));
  }

  /** @param {import("./casework.js").Changes} changes */
  change(changes) {
    const known = this.store.currentCase;
    if (known === null) return;
    // Done or refused, it is shown as it is then.
    void this.onChange(known.reference, changes).then(() => {
      this.sign = "";
      this.draw();
    });
  }

  draw() {
    const { store } = this;
    const known = store.currentCase;
    const open = store.selectedCase !== null;
    byId("case-body").hidden = !open || known === null;
    if (!open || known === null) return;
    const history = store.caseDetail?.case.reference === known.reference ? store.caseDetail.history : null;
    const sign = JSON.stringify([known, history, store.notice, store.agents.length, store.language, store.me?.name]);
    if (this.shown !== known.reference) {
      this.shown = known.reference;
      this.field.value = this.drafts.get(known.reference) ?? "";
      byId("case-scroll").scrollTop = 0;
      this.grow();
    }
    this.button.disabled = this.field.value.trim() === "";
    if (sign === this.sign) return;
    this.sign = sign;
    this.drawHead(known);
    this.drawFacts(known);
    this.drawHistory(history);
  }

  /** @param {Case} known */
  drawHead(known) {
    const { store } = this;
    const { words } = store;
    const undone = store.isUndone(known);
    const mine = store.isMyCase(known);
    byId("case-title").textContent = `${named("kind", known.kind, words)} ${known.reference}`;
    byId("case-owner").textContent = mine
      ? words.case_mine
      : fill(words[known.agent === null ? "case_nobody" : "case_of"], { agent: known.agent ?? "" });
    const notice = byId("case-notice");
    notice.hidden = store.notice === "";
    notice.textContent = store.notice;
    /** @param {string} act @param {boolean} main @param {import("./casework.js").Changes} changes */
    const button = (act, main, changes) =>
      h(
        "button",
        {
          type: "button",
          class: main ? "button primary" : "button",
          "data-act": act,
          click: () => this.change(changes),
        },
        words[act],
      );
    byId("case-acts").replaceChildren(
      ...(undone
        ? [button(mine ? "drop" : "take", false, { mine: !mine }), button("solve", true, { state: "solved" })]
        : []),
      ...(undone ? [] : [button("open_again", true, { state: "open" })]),
    );
    this.state.value = known.state;
    this.priority.value = known.priority;
    byId("case-due").replaceChildren(
      ...(undone ? [dueTag(known.due_at, store), " "] : []),
      moment(known.due_at, store),
    );
  }

  /** @param {Case} known */
  drawFacts(known) {
    const { store } = this;
    const { words } = store;
    const { phone, email, order_number, conversation_id } = known;
    byId("case-summary").replaceChildren(...linkify(summaryWords(known.summary, words)));
    const talk = () => this.onConversation(conversation_id ?? "");
    byId("case-facts").replaceChildren(
      ...fact(
        words.phone,
        phone === null ? quiet(words.none) : h("a", { href: `tel:${phone.replaceAll(/[^+\d]/g, "")}` }, phone),
      ),
      ...fact(words.email, email === null ? quiet(words.none) : h("a", { href: `mailto:${email}` }, email)),
      ...fact(words.slot_order_number, order_number ?? quiet(words.none)),
      ...fact(words.customer_language, known.language === null ? quiet(words.none) : languageWords(known.language)),
      ...fact(words.case_began, moment(known.created_at, store)),
      ...fact(
        words.conversation,
        conversation_id === null
          ? quiet(words.none)
          : h("button", { type: "button", class: "link", id: "case-talk", click: talk }, title(conversation_id, words)),
      ),
    );
  }

  /** @param {CaseEvent[] | null} history null: not loaded yet */
  drawHistory(history) {
    byId("case-history").replaceChildren(...(history ?? []).map((event) => this.happened(event)));
  }

  /** @param {CaseEvent} event */
  happened({ who, what, detail, at }) {
    const { store } = this;
    const meta = `${whoWords(who, store)} · ${moment(at, store)}`;
    if (what === "comment") {
      return h(
        "li",
        { class: "comment" },
        h("div", { class: "bubble said" }, ...linkify(String(detail.text ?? ""))),
        h("p", {}, meta),
      );
    }
    return h("li", {}, this.eventWords(what, detail), h("p", {}, meta));
  }

  /**
   * @param {string} what
   * @param {Record<string, any>} detail
   */
  eventWords(what, { before, after }) {
    const { words, agents } = this.store;
    /** @param {unknown} value */
    const say = (value) => {
      if (value === null || value === undefined || value === "") return words.none;
      if (what === "state" || what === "priority") return named(what, String(value), words);
      if (what === "due_at") return moment(String(value), this.store);
      return String(value);
    };
    if (what === "opened") return words.event_opened;
    if (what === "overdue") return words[after ? "event_overdue" : "event_in_time"];
    if (what === "agent_id") {
      const agent = agents.find(({ id }) => id === after)?.name ?? words.colleague;
      return after === null ? words.event_dropped : fill(words.event_taken, { agent });
    }
    return fill(words.event_changed, { what: named("field", what, words), before: say(before), after: say(after) });
  }

  input() {
    const reference = this.store.selectedCase;
    if (reference === null) return;
    this.drafts.set(reference, this.field.value);
    const length = this.field.value.trim().length;
    this.button.disabled = length === 0 || length > LIMIT;
    byId("comment-hint").textContent = length > LIMIT ? fill(this.store.words.too_long, { count: length }) : "";
    this.grow();
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
    void this.submit();
  }

  async submit() {
    const reference = this.store.selectedCase;
    const text = this.field.value.trim();
    if (reference === null || text === "" || text.length > LIMIT || this.button.disabled) return;
    this.button.disabled = true;
    const saved = await this.onComment(reference, text);
    if (saved) this.drafts.delete(reference);
    if (this.store.selectedCase !== reference) return;
    if (saved) this.field.value = "";
    this.input();
  }

  focus() {
    this.field.focus();
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }
}
