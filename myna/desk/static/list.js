/** The left column: views with counts, and the conversations of a view. */

import { byId, drawnBlock, h, reconcile } from "/static/chat/shared/dom.js";
import { clockOrDay, elapsed } from "/static/chat/shared/time.js";
import { fill } from "/static/chat/shared/words.js";
import { tags, title } from "./names.js";
import { VIEWS } from "./store.js";

/** @typedef {import("./api.js").Summary} Summary */
/** @typedef {import("./api.js").View} View */
/** @typedef {import("./store.js").Store} Store */

/** A customer who waits longer is marked. */
const LATE_MS = 2 * 60_000;
const VERY_LATE_MS = 5 * 60_000;

export class List {
  /**
   * @param {Store} store
   * @param {{onView: (view: View) => void, onOpen: (id: string) => void, onEnter: () => void}} options
   */
  constructor(store, { onView, onOpen, onEnter }) {
    this.store = store;
    this.onView = onView;
    this.onOpen = onOpen;
    this.onEnter = onEnter;
    this.rows = byId("rows");
    this.rows.addEventListener("click", (event) => {
      const row = event.target instanceof Element ? event.target.closest(".row") : null;
      if (row instanceof HTMLElement && row.dataset.id) onOpen(row.dataset.id);
    });
    this.rows.addEventListener("keydown", (event) => this.key(event));
    byId("views").addEventListener("keydown", (event) => this.viewKey(event));
    setInterval(() => this.tick(), 1000);
  }

  draw() {
    const { store } = this;
    this.drawViews();
    const shown = (store.order ?? []).flatMap((id) => store.summaries.get(id) ?? []);
    reconcile(
      this.rows,
      shown.map((summary) => ({
        key: summary.id,
        sign: JSON.stringify([summary, store.isUnread(summary), store.resolving.has(summary.id), store.language]),
        build: () => this.row(summary),
      })),
    );
    for (const row of this.rows.querySelectorAll('[aria-selected="true"]')) row.setAttribute("aria-selected", "false");
    const current = store.selected === null ? undefined : drawnBlock(this.rows, store.selected);
    current?.setAttribute("aria-selected", "true");
    if (current === undefined) this.rows.removeAttribute("aria-activedescendant");
    else this.rows.setAttribute("aria-activedescendant", current.id);
    this.drawEmpty(shown.length);
    this.tick();
  }

  drawViews() {
    const { view, counts, words, language } = this.store;
    reconcile(
      byId("views"),
      VIEWS.map((name) => {
        const count = name === "all" ? 0 : counts[name];
        const on = name === view;
        const tab = () =>
          h(
            "button",
            {
              type: "button",
              class: "view",
              role: "tab",
              "data-view": name,
              "aria-selected": String(on),
              tabindex: on ? 0 : -1,
              click: () => this.onView(name),
            },
            words[name],
            name !== "all" && h("b", { class: count > 0 ? "some" : "" }, String(count)),
          );
        return { key: name, sign: JSON.stringify([on, count, language]), build: tab };
      }),
    );
  }

  /** @param {number} count */
  drawEmpty(count) {
    const { store } = this;
    const empty = byId("list-empty");
    const waiting = store.order === null && !store.listFailed;
    empty.hidden = waiting || count > 0;
    if (empty.hidden) return;
    const { words, view } = store;
    if (store.order === null) empty.replaceChildren(words.list_failed);
    else empty.replaceChildren(h("strong", {}, words[`empty_${view}`]), words[`empty_${view}_next`]);
  }

  /** @param {Summary} summary */
  row(summary) {
    const { store } = this;
    const { words } = store;
    const unread = store.isUnread(summary);
    const queued = summary.owner === "queue" && summary.queued_at !== null;
    const last = summary.last_message;
    const classes = ["row"];
    if (unread) classes.push("unread");
    if (store.resolving.has(summary.id)) classes.push("leaving");
    const time = queued
      ? h("span", { class: "row-time timer", "data-since": summary.queued_at })
      : h("span", { class: "row-time" }, clockOrDay(last?.at ?? summary.created_at, store.language));
    return h(
      "div",
      { class: classes.join(" "), role: "option", id: `row-${summary.id}`, "data-id": summary.id, "aria-selected": "false" },
      h("span", { class: "row-name" }, title(summary.id, words), unread && h("span", { class: "sr-only" }, ` (${words.unread})`)),
      time,
      h("span", { class: "snippet" }, last === null ? "" : snippet(last, words)),
      h("span", { class: "tags" }, ...tags(summary, store)),
    );
  }

  /** The waiting times, once a second; only where the words change. */
  tick() {
    const now = Date.now();
    for (const node of this.rows.querySelectorAll(".timer")) {
      if (!(node instanceof HTMLElement)) continue;
      const waited = now - Date.parse(node.dataset.since ?? "");
      const words = elapsed(waited);
      if (node.textContent === words) continue;
      node.textContent = words;
      node.classList.toggle("late", waited >= LATE_MS && waited < VERY_LATE_MS);
      node.classList.toggle("very-late", waited >= VERY_LATE_MS);
      if (node.title === "") node.title = fill(this.store.words.waiting, { time: words });
    }
  }

  /** @param {1 | -1} step */
  move(step) {
    const order = this.store.order ?? [];
    if (order.length === 0) return;
    const at = this.store.selected === null ? -1 : order.indexOf(this.store.selected);
    const next = at < 0 ? 0 : Math.min(order.length - 1, Math.max(0, at + step));
    this.onOpen(order[next]);
    drawnBlock(this.rows, order[next])?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "ArrowDown") this.move(1);
    else if (event.key === "ArrowUp") this.move(-1);
    else if (event.key === "Enter") this.onEnter();
    else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  viewKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = (VIEWS.indexOf(this.store.view) + step + VIEWS.length) % VIEWS.length;
    this.onView(VIEWS[at]);
    queueMicrotask(() => drawnBlock(byId("views"), VIEWS[at])?.focus());
  }
}

/**
 * @param {NonNullable<Summary["last_message"]>} last
 * @param {Record<string, string>} words
 */
function snippet({ author, text }, words) {
  if (author === "customer" || author === "system") return text;
  const who = { bot: "Myna", agent: words.colleague, note: words.note }[author];
  return `${who}: ${text}`;
}
