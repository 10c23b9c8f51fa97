/** Opening a case by hand, beside the conversation that it comes from. */

import { byId } from "/static/chat/shared/dom.js";
import { KINDS, PRIORITIES, fillSelect } from "./cases.js";
import { named } from "./names.js";

/** @typedef {import("./api.js").NewCase} NewCase */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {{kind: string, priority: string, summary: string, requestId: string}} Draft */

/** The server keeps no more. */
const LIMIT = 2000;
/** How many of the customer's last messages the summary begins with. */
const QUOTED = 2;
/** What an agent notes by hand is mostly what they have told the customer to do. */
const USUAL = "promise";

export class NewCaseForm {
  /**
   * @param {Store} store
   * @param {{onOpen: (wanted: NewCase) => Promise<boolean>}} options
   */
  constructor(store, { onOpen }) {
    this.store = store;
    this.onOpen = onOpen;
    /** @type {Map<string, Draft>} what is being written, by conversation */
    this.drafts = new Map();
    /** @type {string | null} the conversation whose draft stands in the form */
    this.shown = null;
    this.form = /** @type {HTMLFormElement} */ (byId("case-form"));
    this.kind = /** @type {HTMLSelectElement} */ (byId("new-kind"));
    this.priority = /** @type {HTMLSelectElement} */ (byId("new-priority"));
    this.summary = /** @type {HTMLTextAreaElement} */ (byId("new-summary"));
    this.summary.maxLength = LIMIT;
    byId("new-case").addEventListener("click", () => this.open());
    byId("new-cancel").addEventListener("click", () => this.close());
    this.form.addEventListener("input", () => this.keep());
    this.form.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
  }

  speak() {
    const { words } = this.store;
    fillSelect(this.kind, KINDS, (name) => named("kind", name, words));
    fillSelect(this.priority, ["", ...PRIORITIES], (name) =>
      name === "" ? words.priority_usual : named("priority", name, words),
    );
  }

  draw() {
    const id = this.store.selected;
    const draft = this.drafts.get(id ?? "");
    if (this.shown !== id && draft !== undefined) {
      this.kind.value = draft.kind;
      this.priority.value = draft.priority;
      this.summary.value = draft.summary;
    }
    this.shown = draft === undefined ? null : id;
    this.form.hidden = draft === undefined;
    byId("new-case").setAttribute("aria-expanded", String(draft !== undefined));
    const carried = Object.values(this.contact());
    byId("new-contact").textContent =
      carried.length > 0 ? `${this.store.words.case_carries} ${carried.join(" · ")}` : "";
  }

  open() {
    const { selected, detail } = this.store;
    if (selected === null) return;
    if (!this.drafts.has(selected)) {
      const said = (detail?.messages ?? []).filter(({ author, text }) => author === "customer" && text !== "");
      const summary = said
        .slice(-QUOTED)
        .map(({ text }) => text)
        .join(" / ")
        .slice(0, LIMIT);
      this.drafts.set(selected, { kind: USUAL, priority: "", summary, requestId: crypto.randomUUID() });
    }
    this.draw();
    this.form.scrollIntoView({ block: "nearest" });
    this.kind.focus();
  }

  keep() {
    const draft = this.drafts.get(this.shown ?? "");
    if (draft === undefined) return;
    draft.kind = this.kind.value;
    draft.priority = this.priority.value;
    draft.summary = this.summary.value;
    this.summary.removeAttribute("aria-invalid");
  }

  close() {
    this.drafts.delete(this.shown ?? "");
    this.draw();
    byId("new-case").focus();
  }

  /** What the customer has told already goes into the case. */
  contact() {
    const { detail } = this.store;
    const slots = detail?.context.slots ?? {};
    const told = {
      order_number: slots.order_number ?? detail?.context.proof?.order_number,
      phone: slots.phone,
      email: slots.email,
    };
    return /** @type {{order_number?: string, phone?: string, email?: string}} */ (
      Object.fromEntries(Object.entries(told).filter(([, value]) => typeof value === "string" && value !== ""))
    );
  }

  async submit() {
    const id = this.shown;
    const draft = this.drafts.get(id ?? "");
    if (id === null || draft === undefined) return;
    const summary = draft.summary.trim();
    if (summary === "") {
      this.summary.setAttribute("aria-invalid", "true");
      this.summary.focus();
      return;
    }
    const button = /** @type {HTMLButtonElement} */ (byId("new-open"));
    const language = this.store.current?.language;
    button.disabled = true;
    const done = await this.onOpen({
      kind: /** @type {NewCase["kind"]} */ (draft.kind),
      summary,
      conversation_id: id,
      request_id: draft.requestId,
      ...(draft.priority === "" ? {} : { priority: /** @type {NewCase["priority"]} */ (draft.priority) }),
      ...(language ? { language } : {}),
      ...this.contact(),
    });
    button.disabled = false;
    if (!done) return;
    if (this.shown === id) this.close();
    else this.drafts.delete(id);
  }
}
