/** The agents' desk: signs in, keeps what is shown up to date, and holds its parts together. */

import { byId } from "/static/chat/shared/dom.js";
import { ApiError } from "/static/chat/shared/http.js";
import { bird, icon } from "/static/chat/shared/icons.js";
import { LiveStream } from "/static/chat/shared/live.js";
import { keep, recall } from "/static/chat/shared/memory.js";
import { browserLanguage, isLanguage, writeWords } from "/static/chat/shared/words.js";
import { Actions } from "./actions.js";
import { Alerts } from "./alerts.js";
import { EVENTS_URL, fetchDetail, fetchList, logOut, whoAmI } from "./api.js";
import { Composer } from "./composer.js";
import { ContextView } from "./context.js";
import { ConversationView } from "./conversation.js";
import { drawKeys, listenToKeys, toggleKeys } from "./keys.js";
import { List } from "./list.js";
import { Login } from "./login.js";
import { back, go, route } from "./route.js";
import { Store } from "./store.js";
import { TEXTS } from "./texts.js";

/** @typedef {import("./api.js").Message} Message */
/** @typedef {import("./api.js").Summary} Summary */

const LANGUAGE = "myna.desk.language";
const RETRY_MS = 3000;
/** A busy hub tells of many changes a second; the list is fetched at most this often. */
const LIST_PAUSE_MS = 1500;
const DETAIL_PAUSE_MS = 500;
/** Holding J down runs past many conversations; only the one where it stops is fetched. */
const BROWSE_MS = 150;
const ICONS = { back: "back", "close-context": "back", details: "details", "show-keys": "keyboard", logout: "exit" };

class Desk {
  constructor() {
    const store = new Store();
    this.store = store;
    this.listFetched = 0;
    this.listTimer = 0;
    this.detailTimer = 0;
    this.opened = 0;
    this.actions = new Actions(store, {
      onSignedOut: () => this.signedOut(),
      refresh: (id) => {
        this.refreshSoon();
        this.refreshDetailSoon(id);
      },
      giveBack: (id, text) => this.composer.giveBack(id, text),
    });
    this.list = new List(store, {
      onView: (view) => this.showView(view),
      onOpen: (id) => go({ id, pane: "talk" }),
      onEnter: () => this.composer.focus(),
    });
    this.conversation = new ConversationView(store, {
      onAct: (act) => void this.act(act),
      onRetry: (echoId) => this.actions.retry(echoId),
    });
    this.composer = new Composer(store, {
      onSend: (mode, text) => void (mode === "note" ? this.actions.note(text) : this.actions.say(text)),
      onTyping: () => this.actions.typing(),
      onLeave: () => byId("rows").focus(),
    });
    this.context = new ContextView(store);
    this.alerts = new Alerts(store, { onOpen: (id) => go({ id, pane: "talk" }) });
    this.login = new Login(store, { onAgent: (agent) => this.signedIn(agent) });
    this.live = new LiveStream({
      url: () => EVENTS_URL,
      on: {
        conversation: (summary) => this.changed(summary),
        message: ({ conversation_id, message }) => this.message(conversation_id, message),
      },
      catchUp: () => this.catchUp(),
      onState: () => this.drawLive(),
    });
    store.onChange(() => this.draw());
    this.wire();
    const kept = recall(LANGUAGE);
    this.speak(isLanguage(kept) ? kept : (browserLanguage() ?? "vi"));
  }

  wire() {
    byId("mark").append(bird());
    for (const [id, name] of Object.entries(ICONS)) byId(id).append(icon(name));
    byId("back").addEventListener("click", back);
    byId("close-context").addEventListener("click", back);
    byId("details").addEventListener("click", () => go({ id: this.store.selected, pane: "context" }));
    byId("show-keys").addEventListener("click", toggleKeys);
    byId("logout").addEventListener("click", () => void logOut().finally(() => location.reload()));
    byId("langs").addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement && isLanguage(event.target.value)) this.speak(event.target.value);
    });
    addEventListener("popstate", () => this.follow());
    document.addEventListener("visibilitychange", () => this.see());
    listenToKeys({
      j: () => this.list.move(1),
      k: () => this.list.move(-1),
      c: () => void this.act("claim"),
      r: () => this.composer.focus(),
      e: () => void this.act("resolve"),
      u: () => this.actions.undo(),
      "?": toggleKeys,
    });
  }

  /** @param {import("/static/chat/shared/words.js").Language} language */
  speak(language) {
    this.store.language = language;
    this.store.words = TEXTS[language];
    keep(LANGUAGE, language);
    document.documentElement.lang = language;
    writeWords(document, this.store.words);
    for (const input of byId("langs").querySelectorAll("input")) input.checked = input.value === language;
    drawKeys(this.store.words);
    this.login.draw();
    this.drawLive();
    this.store.changed();
  }

  async start() {
    try {
      this.signedIn(await whoAmI());
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.login.show(false);
      else setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  /** @param {import("./api.js").Agent} agent */
  signedIn(agent) {
    if (this.store.me !== null && this.store.me.id !== agent.id) location.reload();
    this.store.me = agent;
    this.showWork(true);
    byId("my-name").textContent = agent.name;
    this.follow();
    this.live.start();
  }

  signedOut() {
    this.live.stop();
    this.drawLive();
    this.showWork(false);
    this.login.show(true);
  }

  /** @param {boolean} shown */
  showWork(shown) {
    for (const id of ["columns", "tools", "me"]) byId(id).hidden = !shown;
  }

  draw() {
    for (const part of [this.list, this.conversation, this.composer, this.context, this.alerts]) part.draw();
  }

  drawLive() {
    const node = byId("live-state");
    const state = this.live.state ?? "";
    node.dataset.state = state;
    node.textContent = this.store.words[state] ?? "";
  }

  /** Show what the address says. */
  follow() {
    const { id, pane } = route();
    byId("columns").dataset.pane = pane;
    const { store } = this;
    if (id === store.selected) return;
    store.selected = id;
    store.detail = null;
    store.notice = "";
    store.changed();
    clearTimeout(this.detailTimer);
    this.detailTimer = 0;
    if (store.me === null) return;
    const hurried = Date.now() - this.opened < BROWSE_MS * 2;
    this.opened = Date.now();
    this.detailTimer = setTimeout(() => void this.refreshDetail(), hurried ? BROWSE_MS : 0);
  }

  /** @param {import("./api.js").View} view */
  showView(view) {
    if (view !== this.store.view) this.store.order = null;
    this.store.view = view;
    this.store.changed();
    this.refreshList().catch((error) => this.failed(error));
  }

  /** @param {"claim" | "release" | "resolve"} act */
  async act(act) {
    if (act === "resolve") return this.actions.resolve();
    const owner = this.store.current?.owner;
    if (act === "claim" && owner !== "queue" && owner !== "bot") return;
    if ((await this.actions.change(act)) && act === "claim") this.composer.focus();
  }

  /** Everything on the screen, after a gap in the stream. */
  async catchUp() {
    try {
      await Promise.all([this.refreshList(), this.refreshDetail()]);
      return false;
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  async refreshList() {
    const { store } = this;
    const { view } = store;
    this.listFetched = Date.now();
    const [listing, queue] = await Promise.all([fetchList(view), view === "queue" ? null : fetchList("queue")]);
    for (const summary of listing.conversations) store.learn(summary);
    this.alerts.noteQueue((queue ?? listing).conversations);
    if (view !== store.view) return;
    store.order = listing.conversations.map(({ id }) => id);
    store.counts = listing.counts;
    store.listFailed = false;
    store.changed();
  }

  async refreshDetail() {
    const { store } = this;
    const id = store.selected;
    clearTimeout(this.detailTimer);
    this.detailTimer = 0;
    if (id === null) return;
    try {
      const detail = await fetchDetail(id);
      if (store.selected !== id) return;
      store.detail = detail;
      store.learn(detail.conversation);
      if (store.notice === store.words.open_failed) store.notice = "";
      this.see();
    } catch (error) {
      if (store.selected !== id) return;
      if (error instanceof ApiError && error.status === 404) return go({ id: null, pane: "list" });
      this.failed(error);
      if (store.detail === null) {
        store.notice = store.words.open_failed;
        store.changed();
        this.detailTimer = setTimeout(() => void this.refreshDetail(), RETRY_MS);
      }
    }
  }

  /** Many changes in a row are one fetch; a steady stream of them does not put it off for ever. */
  refreshSoon() {
    if (this.listTimer !== 0) return;
    const pause = Math.max(60, this.listFetched + LIST_PAUSE_MS - Date.now());
    this.listTimer = setTimeout(() => {
      this.listTimer = 0;
      this.refreshList().catch((error) => this.failed(error));
    }, pause);
  }

  /** @param {string} id of the conversation that changed */
  refreshDetailSoon(id) {
    if (id !== this.store.selected || this.store.detail === null || this.detailTimer !== 0) return;
    this.detailTimer = setTimeout(() => void this.refreshDetail(), DETAIL_PAUSE_MS);
  }

  /** @param {unknown} error */
  failed(error) {
    if (error instanceof ApiError && error.status === 401) this.signedOut();
    else this.store.listFailed = true;
    this.store.changed();
  }

  /** @param {Summary} summary */
  changed(summary) {
    this.store.learn(summary);
    this.alerts.noteOne(summary);
    this.refreshSoon();
    this.refreshDetailSoon(summary.id);
  }

  /**
   * @param {string} id
   * @param {Message} message
   */
  message(id, message) {
    const gap = this.actions.take(id, message);
    if (gap) void this.refreshDetail();
    if (id !== this.store.selected) return;
    this.see();
    if (message.author === "customer") byId("announce").textContent = `${this.store.words.customer}: ${message.text}`;
  }

  /** What is open on a visible page counts as read. */
  see() {
    const { detail, selected } = this.store;
    const last = detail?.messages.at(-1);
    if (!document.hidden && selected !== null && last !== undefined) this.store.see(selected, last.seq);
  }
}

void new Desk().start();
