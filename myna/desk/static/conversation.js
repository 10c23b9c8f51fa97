/** The middle column without its composer: heading, what can be done, and who said what. */

import { byId, h, reconcile } from "/static/chat/shared/dom.js";
import { arrange, asItem } from "/static/chat/shared/groups.js";
import { icon } from "/static/chat/shared/icons.js";
import { linkify } from "/static/chat/shared/linkify.js";
import { clock, day } from "/static/chat/shared/time.js";
import { ownerWords, title } from "./names.js";

/** @typedef {import("/static/chat/shared/groups.js").Item} Item */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {"claim" | "release" | "resolve"} Act */

/** Pixels from the end within which the reader counts as being at the end. */
const NEAR_END = 80;

export class ConversationView {
  /**
   * @param {Store} store
   * @param {{onAct: (act: Act) => void, onRetry: (echoId: string) => void}} options
   */
  constructor(store, { onAct, onRetry }) {
    this.store = store;
    this.onAct = onAct;
    this.onRetry = onRetry;
    this.scroll = byId("transcript");
    this.blocks = byId("blocks");
    this.atEnd = true;
    /** @type {string | null} */
    this.shown = null;
    this.actsSign = "";
    this.scroll.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.scroll;
      this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    }, { passive: true });
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(this.scroll);
  }

  draw() {
    const summary = this.store.current;
    // "Choose one" helps only where there is one.
    byId("talk-empty").hidden = summary !== null || (this.store.order ?? []).length === 0;
    byId("talk-body").hidden = summary === null;
    if (summary === null) return;
    byId("talk-title").textContent = title(summary.id, this.store.words);
    byId("talk-state").textContent = ownerWords(summary, this.store);
    const notice = byId("notice");
    notice.hidden = this.store.notice === "";
    if (notice.textContent !== this.store.notice) notice.textContent = this.store.notice;
    this.drawActs();
    this.drawMessages(summary.id);
  }

  drawActs() {
    const { store } = this;
    const summary = store.current;
    /** @type {Act[]} */
    let acts = [];
    if (summary !== null && !store.resolving.has(summary.id)) {
      if (summary.owner === "queue") acts = ["resolve", "claim"];
      else if (summary.owner === "bot") acts = ["claim"];
      else if (store.isMine(summary)) acts = ["release", "resolve"];
    }
    const sign = JSON.stringify([acts, store.language]);
    if (sign === this.actsSign) return;
    this.actsSign = sign;
    byId("acts").replaceChildren(
      ...acts.map((act, index) => {
        const main = index === acts.length - 1;
        const look = main ? "button primary" : "button";
        return h("button", { type: "button", class: look, "data-act": act, click: () => this.onAct(act) }, store.words[act]);
      }),
    );
  }

  /** @param {string} id */
  drawMessages(id) {
    const { store } = this;
    if (this.shown !== id) this.atEnd = true;
    this.shown = id;
    const sent = (store.detail?.messages ?? []).map(asItem);
    const known = new Set(sent.map(({ key }) => key));
    /** @type {Item[]} */
    const waiting = (store.outgoing.get(id) ?? [])
      .map(({ echo_id, text, at, state }) => ({
        key: `e${echo_id}`,
        author: /** @type {const} */ ("agent"),
        text,
        buttons: [],
        agent: store.me?.name ?? null,
        at,
        state,
      }))
      .filter(({ key }) => !known.has(key));
    const blocks = arrange([...sent, ...waiting]).map((block) => {
      if (block.kind === "day") {
        const words = day(block.at, store.language);
        return { key: block.key, sign: words, build: () => h("p", { class: "day" }, words) };
      }
      const sign = JSON.stringify([block.items, store.language]);
      return { key: block.key, sign, build: () => this.group(block.items) };
    });
    reconcile(this.blocks, blocks);
    if (this.atEnd) this.toEnd();
  }

  /** @param {Item[]} items */
  group(items) {
    const { words, language } = this.store;
    const [first, last] = [items[0], items[items.length - 1]];
    if (first.author === "system") return h("p", { class: "event said" }, ...linkify(first.text));
    const note = first.author === "note";
    const by = note && first.agent !== null ? ` · ${first.agent}` : "";
    const state = last.state === "pending" ? words.sending : clock(last.at, language);
    const meta = h("p", { class: "meta" }, note && icon("lock"), h("b", {}, this.nameOf(first) + by), ` · ${state}`);
    return h("div", { class: "group", "data-author": first.author }, ...items.flatMap((item) => this.bubble(item)), meta);
  }

  /** @param {Item} item */
  bubble(item) {
    const { words } = this.store;
    const look = item.state === "pending" ? "bubble said pending" : "bubble said";
    const offered = item.buttons.map(({ title: words_ }) => h("span", { class: "tag" }, words_));
    const retry = () => this.onRetry(item.key.slice(1));
    return [
      h("div", { class: look }, h("span", { class: "sr-only" }, `${this.nameOf(item)}: `), ...linkify(item.text)),
      ...(offered.length > 0 ? [h("div", { class: "offered", role: "group", "aria-label": words.buttons_shown }, ...offered)] : []),
      ...(item.state === "failed" ? [h("button", { type: "button", class: "retry", click: retry }, words.unsent)] : []),
    ];
  }

  /** @param {Item} item */
  nameOf(item) {
    const { words, me } = this.store;
    if (item.author === "bot") return "Myna";
    if (item.author !== "agent") return words[item.author];
    return item.agent !== null && item.agent === me?.name ? words.you : (item.agent ?? words.colleague);
  }

  toEnd() {
    this.atEnd = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }
}
