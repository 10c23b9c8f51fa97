/** Draws the conversation: days, groups, bubbles, quick replies, typing dots; and keeps the reader's place in it. */

import { byId, h, reconcile } from "./shared/dom.js";
import { arrange, initial } from "./shared/groups.js";
import { bird, icon } from "./shared/icons.js";
import { linkify } from "./shared/linkify.js";
import { clock, day } from "./shared/time.js";
import { fill } from "./shared/words.js";
import { cards } from "./cards.js";
import { ASKS_RATING, Rating } from "./rating.js";

/** @typedef {import("./shared/groups.js").Item} Item */
/** @typedef {import("./shared/words.js").Language} Language */

/**
 * @typedef {object} Look what the drawing depends on beside the messages
 * @property {Language} language
 * @property {Record<string, string>} words
 * @property {string} assistant
 * @property {import("./api.js").Conversation | null} conversation
 */

/** Pixels from the end within which the reader counts as being at the end. */
const NEAR_END = 64;
/** The hub's words to a customer in the queue; their buttons lead out of it and stay as long as it lasts. */
const OF_QUEUE = /^utter_handed_over/;

export class Transcript {
  /**
   * @param {object} options
   * @param {(title: string, id: string) => void} options.onChoice
   * @param {(item: Item) => void} options.onUnsent a message that was not sent has been tapped
   * @param {(stars: number, comment: string | null) => Promise<unknown>} options.onRate
   */
  constructor({ onChoice, onUnsent, onRate }) {
    this.onChoice = onChoice;
    this.onUnsent = onUnsent;
    this.rating = new Rating({ send: onRate });
    this.scroll = byId("scroll");
    this.blocks = byId("blocks");
    this.replies = byId("replies");
    this.typing = byId("typing");
    this.newer = byId("newer");
    this.atEnd = true;
    this.repliesSign = "";
    /** @type {Set<string>} those which need not move into their place */
    this.settled = new Set();
    this.scroll.addEventListener("scroll", () => this.noteScroll(), { passive: true });
    this.newer.addEventListener("click", () => this.toEnd());
    const follow = new ResizeObserver(() => this.atEnd && this.toEnd());
    follow.observe(this.scroll);
    follow.observe(this.blocks);
  }

  /**
   * @param {Item[]} items
   * @param {Look} look
   * @param {boolean} animate whether new messages come in with a movement
   */
  draw(items, look, animate) {
    const rated = items.findLast(({ response }) => response === ASKS_RATING)?.key;
    const blocks = arrange(items).map((block) => {
      if (block.kind === "day") {
        const words = day(block.at, look.language);
        return { key: block.key, sign: words, build: () => h("p", { class: "day" }, words) };
      }
      const sign = JSON.stringify([block.items, look.language, look.assistant]);
      const [first] = block.items;
      const name = `${look.conversation?.id} ${first.key}`;
      const rates = first.key === rated;
      const build = () => (rates ? this.rating.card(first, name, look) : this.group(block.items, look, animate));
      return { key: block.key, sign: `${sign} ${rates}`, build };
    });
    reconcile(this.blocks, blocks);
    for (const item of items) this.settled.add(item.key);
    this.drawReplies(items, look, animate);
    if (this.atEnd) this.toEnd();
  }

  /**
   * @param {Item[]} items
   * @param {Look} look
   * @param {boolean} animate
   */
  group(items, look, animate) {
    const [first, last] = [items[0], items[items.length - 1]];
    if (first.author === "system") return h("p", { class: "event said" }, ...linkify(first.text));
    const mine = first.author === "customer";
    const name = nameOf(first, look);
    const bubbles = items.flatMap((item) => this.bubble(item, name, look, animate));
    const time = clock(last.at, look.language);
    const meta = mine ? mineMeta(last, time, look) : `${name} · ${time}`;
    return h(
      "div",
      { class: mine ? "group mine" : "group", "data-author": first.author },
      mine ? null : avatar(first.author, name),
      h("div", { class: "bubbles" }, ...bubbles),
      meta === "" ? null : h("p", { class: "meta" }, meta),
    );
  }

  /**
   * @param {Item} item
   * @param {string} name
   * @param {Look} look
   * @param {boolean} animate
   */
  bubble(item, name, look, animate) {
    const unsent = item.state === "failed" || item.state === "refused";
    const classes = ["bubble", "said"];
    if (item.state === "pending" || item.state === "waiting") classes.push(item.state);
    if (unsent) classes.push("unsent");
    if (animate && !this.settled.has(item.key)) classes.push("enter");
    const bubble = h(
      "div",
      { class: classes.join(" "), "data-state": item.state },
      h("span", { class: "sr-only" }, `${name}: `),
      ...linkify(item.text),
    );
    if (item.cards.length > 0) return [bubble, cards(item.cards, this.onChoice)];
    if (!unsent) return [bubble];
    const words = look.words[item.state];
    const retry = () => this.onUnsent(item);
    return [bubble, h("button", { type: "button", class: "retry", click: retry }, icon("retry"), words)];
  }

  /**
   * The buttons of the newest message that has any, as long as the customer has not written since; in the queue, those
   * that lead out of it.
   *
   * @param {Item[]} items
   * @param {Look} look
   * @param {boolean} animate
   */
  drawReplies(items, { conversation }, animate) {
    const queued = conversation?.owner === "queue";
    const answered = queued ? -1 : items.findLastIndex((item) => item.author === "customer");
    const asking = items
      .slice(answered + 1)
      .findLast(
        ({ buttons, response }) =>
          buttons.length > 0 && response !== ASKS_RATING && OF_QUEUE.test(response ?? "") === queued,
      );
    const sign = asking === undefined ? "" : asking.key;
    if (sign === this.repliesSign) return;
    this.repliesSign = sign;
    this.replies.replaceChildren(
      ...(asking?.buttons ?? []).map(({ id, title }) =>
        h("button", { type: "button", class: "pill", click: () => this.onChoice(title, id) }, title),
      ),
    );
    this.replies.hidden = asking === undefined;
    this.replies.classList.toggle("enter", animate);
  }

  /**
   * @param {{author: "bot" | "agent", name: string} | null} who
   * @param {Look} look
   */
  drawTyping(who, look) {
    this.typing.hidden = who === null;
    if (who === null) return;
    const mark = avatar(who.author, who.name);
    mark.id = "typing-avatar";
    byId("typing-avatar").replaceWith(mark);
    byId("typing-words").textContent = fill(look.words.typing, { name: who.name });
    if (this.atEnd) this.toEnd();
  }

  /** @param {Look} look */
  offerNewer(look) {
    if (this.atEnd) return;
    this.newer.replaceChildren(icon("down"), look.words.newer);
    this.newer.hidden = false;
  }

  toEnd() {
    this.atEnd = true;
    this.newer.hidden = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  noteScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.atEnd) this.newer.hidden = true;
  }
}

/**
 * @param {Item["author"]} author
 * @param {string} name
 */
export function avatar(author, name) {
  const bot = author === "bot";
  return h("div", { class: bot ? "avatar" : "avatar person", "aria-hidden": "true" }, bot ? bird() : initial(name));
}

/**
 * @param {Item} item
 * @param {Look} look
 */
export function nameOf(item, look) {
  if (item.author === "customer") return look.words.you;
  return item.author === "bot" ? look.assistant : (item.agent ?? look.words.colleague);
}

/**
 * @param {Item} last
 * @param {string} time
 * @param {Look} look
 */
function mineMeta(last, time, look) {
  if (last.state === "pending") return look.words.sending;
  if (last.state === "waiting") return look.words.waiting;
  return last.state === "sent" ? `${time} · ${look.words.sent}` : "";
}
