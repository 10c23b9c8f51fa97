/** The left column: views with counts, and the conversations of a view. */

import { byId, drawnBlock, h, reconcile } from "/static/chat/shared/dom.js";
import { clockOrDay } from "/static/chat/shared/time.js";
import { lastWords, tags, title } from "./names.js";
import { Rows } from "./rows.js";
import { VIEWS } from "./store.js";
import { waitingTimer } from "./ticking.js";

/** @typedef {import("./api.js").Summary} Summary */
/** @typedef {import("./api.js").View} View */
/** @typedef {import("./store.js").Store} Store */

export class List {
  /**
   * @param {Store} store
   * @param {{onView: (view: View) => void, onOpen: (id: string) => void, onEnter: () => void}} options
   */
  constructor(store, { onView, onOpen, onEnter }) {
    this.store = store;
    this.onView = onView;
    this.rows = new Rows(byId("rows"), { onOpen, onEnter });
    byId("views").addEventListener("keydown", (event) => this.viewKey(event));
  }

  draw() {
    const { store } = this;
    byId("talks-list").hidden = store.listed !== "talks";
    if (store.listed !== "talks") return;
    this.drawViews();
    const shown = (store.order ?? []).flatMap((id) => store.summaries.get(id) ?? []);
    this.rows.draw(
      shown.map((summary) => ({
        key: summary.id,
        sign: JSON.stringify([summary, store.isUnread(summary), store.resolving.has(summary.id), store.language]),
        build: () => this.row(summary),
      })),
      store.selected,
    );
    this.drawEmpty(shown.length);
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
    const last = summary.last_message;
    const classes = ["row"];
    if (unread) classes.push("unread");
    if (store.resolving.has(summary.id)) classes.push("leaving");
    const since = waitsSince(summary);
    const time =
      since === null ? clockOrDay(last?.at ?? summary.created_at, store.language) : waitingTimer(since, store);
    return h(
      "div",
      {
        class: classes.join(" "),
        role: "option",
        id: `row-${summary.id}`,
        "data-key": summary.id,
        "aria-selected": "false",
      },
      h(
        "span",
        { class: "row-name" },
        title(summary.id, words),
        unread && h("span", { class: "sr-only" }, ` (${words.unread})`),
      ),
      h("span", { class: "row-time" }, time),
      h("span", { class: "snippet" }, last === null ? "" : snippet(last, words)),
      h("span", { class: "tags" }, ...tags(summary, store)),
    );
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
 * Since when the customer has waited for a person, if they do.
 *
 * @param {Summary} summary
 */
export function waitsSince({ owner, queued_at, unanswered_since }) {
  if (owner === "queue") return queued_at;
  return owner === "human" ? unanswered_since : null;
}

/**
 * @param {NonNullable<Summary["last_message"]>} last
 * @param {Record<string, string>} words
 */
function snippet(last, words) {
  const { author } = last;
  const text = lastWords(last, words);
  if (author === "customer" || author === "system") return text;
  const who = { bot: "Myna", agent: words.colleague, note: words.note }[author];
  return `${who}: ${text}`;
}
