/** The left column's other list: what customers have been promised, those that are due first in front. */

import { byId, h } from "/static/chat/shared/dom.js";
import { clockOrDay } from "/static/chat/shared/time.js";
import { named, priorityTag, stateTag, summaryWords } from "./names.js";
import { Rows } from "./rows.js";
import { dueTag } from "./ticking.js";

/** @typedef {import("./api.js").Case} Case */
/** @typedef {import("./api.js").CaseFilter} CaseFilter */
/** @typedef {import("./store.js").Store} Store */

export const KINDS = /** @type {const} */ ([
  "complaint",
  "return",
  "repair",
  "problem",
  "promise",
  "callback",
  "praise",
  "suggestion",
]);
export const STATES = /** @type {const} */ (["open", "working", "waiting", "solved", "closed"]);
export const PRIORITIES = /** @type {const} */ (["low", "normal", "high", "urgent"]);

/** @type {CaseFilter} */
const EVERYTHING = { state: "undone", kind: "", mine: false };

export class CaseList {
  /**
   * @param {Store} store
   * @param {{onFilter: () => void, onOpen: (reference: string) => void, onEnter: () => void}} options
   */
  constructor(store, { onFilter, onOpen, onEnter }) {
    this.store = store;
    this.onFilter = onFilter;
    this.rows = new Rows(byId("case-rows"), { onOpen, onEnter });
    this.state = /** @type {HTMLSelectElement} */ (byId("filter-state"));
    this.kind = /** @type {HTMLSelectElement} */ (byId("filter-kind"));
    this.mine = /** @type {HTMLInputElement} */ (byId("filter-mine"));
    byId("filters").addEventListener("change", () =>
      this.filter({
        state: /** @type {CaseFilter["state"]} */ (this.state.value),
        kind: /** @type {CaseFilter["kind"]} */ (this.kind.value),
        mine: this.mine.checked,
      }),
    );
  }

  /** The words of the filters. */
  speak() {
    const { words } = this.store;
    fillSelect(this.state, ["undone", "all", ...STATES], (name) => named("state", name, words));
    fillSelect(this.kind, ["", ...KINDS], (name) => (name === "" ? words.every_kind : named("kind", name, words)));
  }

  /** @param {CaseFilter} filter */
  filter(filter) {
    this.store.caseFilter = filter;
    this.store.caseOrder = null;
    this.store.changed();
    this.onFilter();
  }

  draw() {
    const { store } = this;
    byId("cases-list").hidden = store.listed !== "cases";
    if (store.listed !== "cases") return;
    const { state, kind, mine } = store.caseFilter;
    this.state.value = state;
    this.kind.value = kind;
    this.mine.checked = mine;
    const shown = (store.caseOrder ?? []).flatMap((reference) => store.cases.get(reference) ?? []);
    this.rows.draw(
      shown.map((known) => ({
        key: known.reference,
        sign: JSON.stringify([known, store.language]),
        build: () => this.row(known),
      })),
      store.selectedCase,
    );
    this.drawEmpty(shown.length);
  }

  /** @param {number} count */
  drawEmpty(count) {
    const { words, caseOrder, caseFilter, listFailed } = this.store;
    const empty = byId("cases-empty");
    empty.hidden = count > 0 || (caseOrder === null && !listFailed);
    if (empty.hidden) return;
    const filtered = JSON.stringify(caseFilter) !== JSON.stringify(EVERYTHING);
    const clear = () => this.filter({ ...EVERYTHING });
    if (caseOrder === null) empty.replaceChildren(words.list_failed);
    else if (!filtered) empty.replaceChildren(h("strong", {}, words.empty_cases), words.empty_cases_next);
    else {
      const button = h("button", { type: "button", class: "button", click: clear }, words.clear_filter);
      empty.replaceChildren(h("strong", {}, words.empty_filter), button);
    }
  }

  /** @param {Case} known */
  row(known) {
    const { store } = this;
    const { words, language } = store;
    const { reference, kind, summary, agent, solved_at, updated_at, due_at } = known;
    const undone = store.isUndone(known);
    const time = undone ? dueTag(due_at, store) : clockOrDay(solved_at ?? updated_at, language);
    return h(
      "div",
      {
        class: undone ? "row" : "row done",
        role: "option",
        id: `row-${reference}`,
        "data-key": reference,
        "aria-selected": "false",
      },
      h("span", { class: "row-name" }, named("kind", kind, words), " ", h("span", { class: "reference" }, reference)),
      h("span", { class: "row-time" }, time),
      h("span", { class: "snippet" }, summaryWords(summary, words)),
      h(
        "span",
        { class: "tags" },
        stateTag(known, words),
        priorityTag(known, words),
        h("span", { class: "tag" }, h("span", {}, agent ?? words.unassigned)),
      ),
    );
  }
}

/**
 * @template {string} T
 * @param {HTMLSelectElement} select
 * @param {readonly T[]} values
 * @param {(value: T) => string} say
 */
export function fillSelect(select, values, say) {
  const { value } = select;
  select.replaceChildren(...values.map((each) => h("option", { value: each }, say(each))));
  if (value !== "") select.value = value;
}
