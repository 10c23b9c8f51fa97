/** The middle column without its composer: heading, what can be done, and who said what. */

import { byId, h, reconcile } from "/static/chat/shared/dom.js";
import { arrange, asItem } from "/static/chat/shared/groups.js";
import { icon } from "/static/chat/shared/icons.js";
import { linkify } from "/static/chat/shared/linkify.js";
import { clock, day } from "/static/chat/shared/time.js";
import { attachmentNode, troubleNode } from "./attachments.js";
import { waitsSince } from "./list.js";
import { ownerWords, title } from "./names.js";
import { reachTag, waitingTimer } from "./ticking.js";

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
    this.scroll.addEventListener(
      "scroll",
      () => {
        const { scrollHeight, scrollTop, clientHeight } = this.scroll;
        this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
      },
      { passive: true },
    );
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(this.scroll);
  }

  draw() {
    const { store } = this;
    const summary = store.current;
    byId("talk-body").hidden = summary === null;
    if (summary === null) return;
    byId("talk-title").textContent = title(summary.id, store.words);
    byId("talk-state").textContent = ownerWords(summary, store);
    this.drawWaiting(summary);
    this.drawReach(summary);
    const notice = byId("notice");
    notice.hidden = store.notice === "";
    if (notice.textContent !== store.notice) notice.textContent = store.notice;
    this.drawActs();
    this.drawMessages(summary);
    this.drawTyping(summary);
  }

  /**
   * How long the customer has waited, and that the agent was reminded of it.
   *
   * @param {import("./api.js").Summary} summary
   */
  drawWaiting(summary) {
    const { store } = this;
    const since = waitsSince(summary);
    const waiting = byId("talk-waiting");
    const sign = `${since} ${store.language}`;
    if (waiting.dataset.sign !== sign) {
      waiting.dataset.sign = sign;
      waiting.replaceChildren(...(since === null ? [] : [`${store.words.waits} `, waitingTimer(since, store)]));
    }
    byId("nudge").hidden = !store.nudged.has(summary.id) || !store.isMine(summary);
  }

  /**
   * How long the channel still lets us write.
   *
   * @param {import("./api.js").Summary} summary
   */
  drawReach({ write_until: until }) {
    const node = byId("talk-reach");
    const sign = `${until} ${this.store.language}`;
    if (node.dataset.sign === sign) return;
    node.dataset.sign = sign;
    node.replaceChildren(...(until === null || until === undefined ? [] : [reachTag(until, this.store)]));
  }

  drawActs() {
    const { store } = this;
    const summary = store.current;
    /** @type {Act[]} */
    let acts = [];
    if (summary !== null && !store.resolving.has(summary.id)) {
      if (store.isMine(summary)) acts = ["release", "resolve"];
      else if (!store.isOthers(summary)) acts = store.canResolve(summary) ? ["resolve", "claim"] : ["claim"];
    }
    const reopens = summary?.owner === "nobody";
    const sign = JSON.stringify([acts, reopens, store.language]);
    if (sign === this.actsSign) return;
    this.actsSign = sign;
    byId("acts").replaceChildren(
      ...acts.map((act, index) => {
        const main = index === acts.length - 1;
        const look = main ? "button primary" : "button";
        const words = store.words[reopens ? "reopen" : act];
        const more = act === "resolve" ? store.words.resolve_more : null;
        return h(
          "button",
          { type: "button", class: look, "data-act": act, title: more, click: () => this.onAct(act) },
          words,
        );
      }),
    );
  }

  /** @param {import("./api.js").Summary} summary */
  drawMessages(summary) {
    const { store } = this;
    const { id } = summary;
    if (this.shown !== id) this.atEnd = true;
    this.shown = id;
    const messages = store.detail?.messages ?? [];
    const seen = seenItem(messages, summary.seen_seq);
    const sent = messages.map(asItem);
    const known = new Set(sent.map(({ key }) => key));
    /** @type {Item[]} */
    const waiting = (store.outgoing.get(id) ?? [])
      .map(({ echo_id, text, at, state }) => ({
        key: `e${echo_id}`,
        author: /** @type {const} */ ("agent"),
        text,
        buttons: [],
        cards: [],
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
      const mark = block.items.some(({ key }) => key === seen) ? seen : null;
      const troubles = block.items.map(({ seq }) => this.troubleOf(seq));
      const sign = JSON.stringify([block.items, mark, troubles, store.language]);
      return { key: block.key, sign, build: () => this.group(block.items, mark) };
    });
    reconcile(this.blocks, blocks);
    if (this.atEnd) this.toEnd();
  }

  /**
   * Who writes at this moment.
   *
   * @param {import("./api.js").Summary} summary
   */
  drawTyping({ id, owner }) {
    const { words, typing } = this.store;
    const author = typing.get(id);
    const says = author === undefined || (author === "bot" && owner !== "bot") ? "" : words[`typing_${author}`];
    const node = byId("typing");
    if (byId("typing-words").textContent !== says) byId("typing-words").textContent = says;
    node.hidden = says === "";
    if (this.atEnd) this.toEnd();
  }

  /**
   * @param {Item[]} items
   * @param {string | null} seen the key of the last item that the customer's page has shown, if it is among them
   */
  group(items, seen) {
    const { words, language } = this.store;
    const [first, last] = [items[0], items[items.length - 1]];
    const mark = () => h("span", { class: "seen" }, icon("check"), words.seen);
    if (first.author === "system") {
      const trouble = this.troubleOf(first.seq);
      return h(
        "div",
        { class: "event" },
        h("p", { class: "said" }, ...linkify(first.text)),
        trouble !== null && troubleNode(trouble, words),
        seen !== null && mark(),
      );
    }
    const note = first.author === "note";
    const by = note && first.agent !== null ? ` · ${first.agent}` : "";
    const state = last.state === "pending" ? words.sending : clock(last.at, language);
    const below = seen === last.key && [" · ", mark()];
    const meta = h(
      "p",
      { class: "meta" },
      note && icon("lock"),
      h("b", {}, this.nameOf(first) + by),
      ` · ${state}`,
      ...(below || []),
    );
    const bubbles = items.flatMap((item) => [...this.bubble(item), item !== last && item.key === seen && mark()]);
    return h("div", { class: "group", "data-author": first.author }, ...bubbles, meta);
  }

  /** @param {Item} item */
  bubble(item) {
    const { words } = this.store;
    const look = item.state === "pending" ? "bubble said pending" : "bubble said";
    const offered = [...item.cards, ...item.buttons].map(({ title: words_ }) => h("span", { class: "tag" }, words_));
    const retry = () => this.onRetry(item.key.slice(1));
    const trouble = this.troubleOf(item.seq);
    const attached = (item.attachments ?? []).map((one) => attachmentNode(this.shown ?? "", one, words));
    const name = h("span", { class: "sr-only" }, `${this.nameOf(item)}: `);
    return [
      ...(item.text !== "" || attached.length === 0 ? [h("div", { class: look }, name, ...linkify(item.text))] : []),
      ...(attached.length > 0 ? [h("div", { class: "attachments" }, ...attached)] : []),
      ...(trouble === null ? [] : [troubleNode(trouble, words)]),
      ...(offered.length > 0
        ? [h("div", { class: "offered", role: "group", "aria-label": words.buttons_shown }, ...offered)]
        : []),
      ...(item.state === "failed" ? [h("button", { type: "button", class: "retry", click: retry }, words.unsent)] : []),
    ];
  }

  /** @param {number | undefined} seq */
  troubleOf(seq) {
    return this.store.detail?.troubles?.find((trouble) => trouble.seq === seq) ?? null;
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

/**
 * The last of our messages that the customer's page has shown; a customer who has written since has surely seen it.
 *
 * @param {import("./api.js").Message[]} messages
 * @param {number} seenSeq
 * @returns {string | null} its key
 */
function seenItem(messages, seenSeq) {
  const shown = messages.findLast(({ seq, author }) => seq <= seenSeq && author !== "note");
  const answered = messages.some(({ seq, author }) => shown !== undefined && author === "customer" && seq >= shown.seq);
  return shown === undefined || answered ? null : asItem(shown).key;
}
