/** The customers' chat: opens the conversation and holds its parts together. */

import { eventsUrl, fetchMessages, openSession, sendMessage, sendRating, sendSeen, sendTyping } from "./api.js";
import { Composer } from "./composer.js";
import { Frame } from "./frame.js";
import { Outbox } from "./outbox.js";
import { useAccent } from "./shared/colour.js";
import { byId } from "./shared/dom.js";
import { asItem } from "./shared/groups.js";
import { ApiError } from "./shared/http.js";
import { LiveStream } from "./shared/live.js";
import { keep, recall } from "./shared/memory.js";
import { browserLanguage, fill, isLanguage } from "./shared/words.js";
import { Signals } from "./signals.js";
import { TEXTS } from "./texts.js";
import { Thread } from "./thread.js";
import { Transcript, nameOf } from "./transcript.js";
import { solve } from "./work.js";

/** @typedef {import("./api.js").Conversation} Conversation */
/** @typedef {import("./shared/groups.js").Item} Item */
/** @typedef {import("./shared/groups.js").Message} Message */
/** @typedef {import("./shared/words.js").Language} Language */

const LANGUAGE = "myna.language";
/** The end of typing may get lost; dots that never end are worse than none. */
const TYPING_LIMIT_MS = 30_000;
const START_PAUSES_MS = [1000, 2000, 4000, 8000, 15_000];

class Chat {
  constructor() {
    const kept = recall(LANGUAGE);
    /** @type {Language} */
    this.language = isLanguage(kept) ? kept : (browserLanguage() ?? "vi");
    /** @type {import("./api.js").Shop | null} */
    this.shop = null;
    /** @type {Conversation | null} */
    this.conversation = null;
    /** @type {"bot" | "agent" | null} */
    this.typing = null;
    this.typingTimer = 0;
    this.history = false;
    this.attempts = 0;
    this.startTimer = 0;
    this.unread = 0;
    /** @type {Set<string>} which messages are hindered and how, as far as it has been said aloud */
    this.mourned = new Set();
    this.thread = new Thread({
      fetchAfter: (after) => this.fetchAfter(after),
      onFetched: (fresh) => this.took(fresh),
    });
    this.outbox = new Outbox({
      send: (entry, solution) => this.deliver(entry, solution),
      solve,
      onChange: () => {
        this.draw();
        this.mourn();
      },
    });
    this.frame = new Frame({ onExample: (text) => this.say(text, null) });
    this.transcript = new Transcript({
      onChoice: (title, id) => this.say(title, id),
      onUnsent: (item) => this.unsent(item),
      onRate: (stars, comment) => this.inSession(() => sendRating(stars, comment)),
    });
    this.signals = new Signals({
      newest: () => this.thread.messages().findLast(({ author }) => author !== "customer")?.seq ?? 0,
      atEnd: () => this.history && this.transcript.atEnd,
      heard: () => this.conversation?.owner === "queue" || this.conversation?.owner === "human",
      sendSeen,
      sendTyping,
    });
    this.composer = new Composer({ onSend: (text) => this.say(text, null) });
    this.live = new LiveStream({
      url: () => eventsUrl(this.thread.cursor),
      on: {
        message: (message) => this.receive(message),
        typing: ({ on, author }) => this.setTyping(on ? author : null),
        conversation: (conversation) => this.setConversation(conversation),
      },
      catchUp: () => this.thread.sync(),
      onState: (state) => this.connection(state),
    });
    byId("langs").addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement && isLanguage(event.target.value)) void this.choose(event.target.value);
    });
    byId("start-again").addEventListener("click", () => void this.start());
    document.addEventListener("visibilitychange", () => this.countUnread(0));
    this.speak();
  }

  get words() {
    return TEXTS[this.language];
  }

  get look() {
    const { language, words, conversation } = this;
    return { language, words, conversation, assistant: this.shop?.assistant_name ?? "Myna" };
  }

  async start() {
    clearTimeout(this.startTimer);
    byId("problem").hidden = true;
    try {
      await this.open();
      await this.thread.sync();
    } catch {
      const pause = START_PAUSES_MS[Math.min(this.attempts++, START_PAUSES_MS.length - 1)];
      byId("skeletons").hidden = true;
      byId("problem").hidden = false;
      this.startTimer = setTimeout(() => void this.start(), pause);
      return;
    }
    byId("skeletons").hidden = true;
    this.draw();
    this.history = true;
    this.signals.look();
    this.outbox.load(this.conversation?.id ?? "");
    this.composer.enable();
    this.live.start();
  }

  /** A conversation that has just begun is set to the customer's language; an older one already has its own. */
  async open() {
    let session = await this.begin();
    const kept = recall(LANGUAGE);
    const wanted = isLanguage(kept) ? kept : browserLanguage();
    if (wanted !== null && session.conversation.last_seq === 0 && session.conversation.language !== wanted) {
      session = await openSession(wanted);
    }
    this.shop = session.shop;
    useAccent(this.shop.accent);
    this.setConversation(session.conversation);
    this.speak();
  }

  /** With the token that the shop's page has put behind the address; a refused one is no reason not to chat. */
  async begin() {
    const identity = new URLSearchParams(location.hash.slice(1)).get("identity");
    if (identity === null) return openSession(null);
    history.replaceState(null, "", location.pathname + location.search);
    try {
      return await openSession(null, identity);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 422) throw error;
      return openSession(null);
    }
  }

  /**
   * The customer's own choice of a language: at once on the page, then for the conversation.
   *
   * @param {Language} language
   */
  async choose(language) {
    this.setLanguage(language);
    try {
      this.setConversation((await openSession(language)).conversation);
    } catch {
      // The page speaks it already; the next message tells the server's language again.
    }
  }

  /** @param {Language} language */
  setLanguage(language) {
    if (language === this.language) return;
    this.language = language;
    keep(LANGUAGE, language);
    this.speak();
  }

  speak() {
    this.frame.speak(this.language, this.words, this.shop);
    this.composer.speak(this.words);
    this.countUnread(this.unread);
    this.drawConversation();
    this.draw();
  }

  /** @param {Conversation} conversation */
  setConversation(conversation) {
    const before = this.conversation;
    // Another conversation (the cookie is gone): begin anew rather than mix two; what is unsent is kept.
    if (this.history && before !== null && before.id !== conversation.id) location.reload();
    // Answers and the stream come on ways of their own: what set out earlier may arrive later.
    if (before?.id === conversation.id && before.version > conversation.version) return;
    this.conversation = conversation;
    if (before !== null && before.owner !== conversation.owner) {
      this.setTyping(null);
      this.draw();
    }
    if (isLanguage(conversation.language) && conversation.language !== before?.language) {
      this.setLanguage(conversation.language);
    }
    this.drawConversation();
  }

  drawConversation() {
    if (this.conversation !== null) this.frame.drawOwner(this.conversation, this.words, this.live.state);
  }

  /** @param {import("./shared/live.js").LiveState} state */
  connection(state) {
    this.frame.drawConnection(state, this.words);
    this.drawConversation();
    if (state === "down") {
      this.setTyping(null);
      return;
    }
    void this.outbox.flush();
    this.signals.look();
  }

  /**
   * @param {string} text
   * @param {string | null} choice
   */
  say(text, choice) {
    if (!this.history) return;
    this.transcript.toEnd();
    this.outbox.add(text, choice);
  }

  /**
   * @param {import("./outbox.js").Entry} entry
   * @param {string | null} solution of the work that the server has asked for
   */
  async deliver({ echo_id, text, choice }, solution) {
    const said = choice === null ? { text } : { choice };
    const outgoing = { echo_id, ...said, ...(solution === null ? {} : { solution }) };
    this.receive((await this.inSession(() => sendMessage(outgoing))).message);
    this.live.hurry();
  }

  /** Who does not see the page hears once of a message that does not get through. */
  mourn() {
    for (const { echo_id, state } of this.outbox.entries) {
      const hindrance = `${state} ${echo_id}`;
      if (state === "pending" || this.mourned.has(hindrance)) continue;
      this.mourned.add(hindrance);
      this.announce(state === "waiting" ? this.words.waiting_said : this.words.failed_said);
    }
  }

  /**
   * An event that came while we waited may be newer than the answer: a change of language has no version of its own.
   * @param {number} after
   */
  async fetchAfter(after) {
    const before = this.conversation;
    const { messages, conversation } = await this.inSession(() => fetchMessages(after));
    if (this.conversation === before || this.conversation?.version !== conversation.version) this.setConversation(conversation);
    return messages;
  }

  /**
   * Once more with a new session if the old one has run out.
   *
   * @template T
   * @param {() => Promise<T>} ask
   */
  async inSession(ask) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      await this.open();
      return ask();
    }
  }

  /** @param {Item} item */
  unsent(item) {
    if (item.state === "refused") {
      const entry = this.outbox.settle(item.key.slice(1));
      if (entry !== undefined && entry.choice === null) this.composer.giveBack(entry.text);
    } else {
      this.outbox.retry();
    }
  }

  /** @param {Message} message */
  receive(message) {
    const { fresh, gap } = this.thread.accept(message);
    if (gap) this.thread.sync().catch(() => this.live.lost());
    if (fresh) this.took([message]);
  }

  /** @param {Message[]} fresh */
  took(fresh) {
    for (const { echo_id } of fresh) if (echo_id) this.outbox.settle(echo_id);
    const others = fresh.filter(({ author }) => author !== "customer");
    if (others.some(({ author }) => author === this.typing)) this.setTyping(null);
    this.draw();
    this.signals.look();
    if (!this.history || others.length === 0) return;
    this.transcript.offerNewer(this.look);
    for (const message of others) {
      const item = asItem(message);
      this.announce(item.author === "system" ? item.text : `${nameOf(item, this.look)}: ${item.text}`);
    }
    if (document.hidden) this.countUnread(this.unread + others.length);
  }

  draw() {
    const sent = this.thread.messages().map(asItem);
    const known = new Set(sent.map(({ key }) => key));
    const waiting = this.outbox.entries
      .map((entry) => ({
        ...entry,
        key: `e${entry.echo_id}`,
        author: /** @type {const} */ ("customer"),
        buttons: [],
        cards: [],
        agent: null,
      }))
      .filter(({ key }) => !known.has(key));
    const items = [...sent, ...waiting];
    const begun = items.some(({ author }) => author === "customer");
    byId("intro").hidden = this.shop === null || begun;
    this.transcript.draw(items, this.look, this.history);
  }

  /** @param {"bot" | "agent" | null} author */
  setTyping(author) {
    clearTimeout(this.typingTimer);
    this.typing = author;
    if (author !== null) this.typingTimer = setTimeout(() => this.setTyping(null), TYPING_LIMIT_MS);
    const name = author === "agent" ? (this.conversation?.agent ?? this.words.colleague) : this.look.assistant;
    this.transcript.drawTyping(author === null ? null : { author, name }, this.look);
  }

  /** @param {string} words */
  announce(words) {
    const line = document.createElement("p");
    line.textContent = words;
    byId("live").append(line);
    setTimeout(() => line.remove(), 10_000);
  }

  /** @param {number} count */
  countUnread(count) {
    this.unread = count;
    const title = fill(this.words.title, { shop: this.shop?.name ?? "Myna" });
    document.title = count > 0 ? `(${count}) ${title}` : title;
  }
}

void new Chat().start();
