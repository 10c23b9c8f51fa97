/** The agents' desk: signs in, puts its parts together, and passes on what the server and the agent do. */

import { byId } from "/static/chat/shared/dom.js";
import { initial } from "/static/chat/shared/groups.js";
import { ApiError } from "/static/chat/shared/http.js";
import { bird, icon } from "/static/chat/shared/icons.js";
import { LiveStream } from "/static/chat/shared/live.js";
import { keep, recall } from "/static/chat/shared/memory.js";
import { browserLanguage, fill, isLanguage, writeWords } from "/static/chat/shared/words.js";
import { Actions } from "./actions.js";
import { Alerts } from "./alerts.js";
import { EVENTS_URL, logOut, whoAmI } from "./api.js";
import { CaseView } from "./case.js";
import { CaseList } from "./cases.js";
import { Casework } from "./casework.js";
import { Composer } from "./composer.js";
import { ContextView } from "./context.js";
import { ConversationView } from "./conversation.js";
import { Fetcher } from "./fetcher.js";
import { drawKeys, listenToKeys, toggleKeys } from "./keys.js";
import { List } from "./list.js";
import { Login } from "./login.js";
import { NewCaseForm } from "./newcase.js";
import { Presence } from "./presence.js";
import { back, go, route } from "./route.js";
import { Store, VIEWS } from "./store.js";
import { TEXTS } from "./texts.js";
import { startTicking } from "./ticking.js";
import { toast, undoLast } from "./toast.js";

/** @typedef {import("./api.js").Case} Case */
/** @typedef {import("./api.js").Message} Message */
/** @typedef {import("./api.js").Summary} Summary */

const LANGUAGE = "myna.desk.language";
const RETRY_MS = 3000;
const TOAST_MS = 6000;
/** A customer's page tells every few seconds that it is being written in, but not when that ends. */
const TYPING_MS = { customer: 6000, bot: 30_000 };
const ICONS = {
  back: "back",
  "case-back": "back",
  "close-context": "back",
  details: "details",
  "case-details": "details",
  "show-keys": "keyboard",
};

class Desk {
  constructor() {
    const store = new Store();
    this.store = store;
    /** @type {Map<string, number>} */
    this.typingTimers = new Map();
    this.fetcher = new Fetcher(store, {
      onFailed: (error) => this.failed(error),
      onQueue: (queue) => this.alerts.noteQueue(queue),
      onGone: () => go({ pane: "list" }),
      onShown: () => this.see(),
    });
    this.actions = new Actions(store, {
      onSignedOut: () => this.signedOut(),
      refresh: (id) => this.refresh(id),
      giveBack: (id, text, mode) => this.composer.giveBack(id, text, mode),
    });
    this.casework = new Casework(store, {
      onSignedOut: () => this.signedOut(),
      refresh: () => {
        this.fetcher.lists.ask();
        this.fetcher.case.ask();
        this.fetcher.talk.ask();
      },
    });
    this.list = new List(store, {
      onView: (view) => this.showView(view),
      onOpen: (id) => go({ id, pane: "talk" }),
      onEnter: () => this.composer.focus(),
    });
    this.cases = new CaseList(store, {
      onFilter: () => this.fetchLists(),
      onOpen: (reference) => go({ reference, pane: "talk" }),
      onEnter: () => this.case.focus(),
    });
    this.conversation = new ConversationView(store, {
      onAct: (act) => void this.act(act),
      onRetry: (echoId) => this.actions.retry(echoId),
    });
    this.composer = new Composer(store, {
      onSend: (mode, text) => void (mode === "note" ? this.actions.note(text) : this.actions.say(text)),
      onTyping: () => this.actions.typing(),
      onLeave: () => this.list.rows.focus(),
    });
    this.case = new CaseView(store, {
      onChange: (reference, changes) => this.casework.change(reference, changes),
      onComment: (reference, text) => this.casework.comment(reference, text),
      onConversation: (id) => go({ id, pane: "talk" }),
      onLeave: () => this.cases.rows.focus(),
    });
    this.context = new ContextView(store, { onCase: (reference) => go({ reference, pane: "talk" }) });
    this.newCase = new NewCaseForm(store, { onOpen: (wanted) => this.casework.open(wanted) });
    this.alerts = new Alerts(store, {
      onOpen: (id) => go({ id, pane: "talk" }),
      onOpenCase: (reference) => go({ reference, pane: "talk" }),
    });
    this.presence = new Presence(store, {
      onFailed: (error) => this.notDone(error),
      onReconnect: () => this.live.reconnect(),
    });
    this.login = new Login(store, { onAgent: (agent) => this.signedIn(agent) });
    this.live = new LiveStream({
      url: () => EVENTS_URL,
      on: {
        counts: (counts) => this.counted(counts),
        conversation: (summary) => this.changed(summary),
        message: ({ conversation_id, message }) => this.message(conversation_id, message),
        case: (answer) => this.caseChanged(answer.case),
        nudge: ({ conversation_id }) => this.nudged(conversation_id),
        agents: ({ agents }) => {
          store.agents = agents;
          store.changed();
        },
        typing: ({ conversation_id, author, on }) => this.typing(conversation_id, author, on),
        delivery: (trouble) => this.troubled(trouble),
        resync: () => void this.catchUp().catch(() => this.live.lost()),
      },
      catchUp: () => this.catchUp(),
      onState: (state) => {
        store.live = state;
        store.changed();
      },
    });
    store.onChange(() => this.draw());
    this.wire();
    startTicking(store);
    const kept = recall(LANGUAGE);
    this.speak(isLanguage(kept) ? kept : (browserLanguage() ?? "vi"));
  }

  wire() {
    byId("mark").append(bird());
    for (const [id, name] of Object.entries(ICONS)) byId(id).append(icon(name));
    byId("logout").prepend(icon("exit"));
    byId("notify").prepend(icon("bell"));
    for (const id of ["back", "case-back", "close-context"]) byId(id).addEventListener("click", back);
    for (const id of ["details", "case-details"]) {
      byId(id).addEventListener("click", () =>
        go({ id: this.store.selected, reference: this.store.selectedCase, pane: "context" }),
      );
    }
    byId("show-keys").addEventListener("click", toggleKeys);
    byId("logout").addEventListener("click", () => void logOut().finally(() => location.reload()));
    byId("langs").addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement && isLanguage(event.target.value)) this.speak(event.target.value);
    });
    for (const button of byId("lists").querySelectorAll("button")) {
      button.addEventListener("click", () => this.showList(button.dataset.list === "cases" ? "cases" : "talks"));
    }
    addEventListener("popstate", () => this.follow());
    document.addEventListener("visibilitychange", () => this.see());
    listenToKeys({
      j: () => this.rows.move(1),
      k: () => this.rows.move(-1),
      c: () => (this.ofCase ? this.casework.take() : void this.act("claim")),
      r: () => (this.ofCase ? this.case.focus() : this.composer.focus()),
      e: () => (this.ofCase ? this.casework.solve() : void this.act("resolve")),
      n: () => this.openCase(),
      u: undoLast,
      a: () => this.presence.toggle(),
      "?": toggleKeys,
      ...Object.fromEntries(VIEWS.map((view, index) => [String(index + 1), () => this.showView(view)])),
      [VIEWS.length + 1]: () => this.showList("cases"),
    });
  }

  /** Whether the middle shows a case. */
  get ofCase() {
    return this.store.selectedCase !== null;
  }

  get rows() {
    return this.store.listed === "cases" ? this.cases.rows : this.list.rows;
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
    for (const part of [this.cases, this.case, this.newCase]) part.speak();
    this.login.draw();
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
    byId("my-mark").textContent = initial(agent.name);
    if (route().reference !== null) this.store.listed = "cases";
    this.follow();
    this.live.start();
  }

  signedOut() {
    this.live.stop();
    this.store.live = null;
    this.showWork(false);
    this.login.show(true);
    this.store.changed();
  }

  /** @param {boolean} shown */
  showWork(shown) {
    for (const id of ["columns", "tools", "show-account"]) byId(id).hidden = !shown;
    if (!shown) byId("standing").hidden = true;
    // Who works here chose the language long ago: it makes room.
    (shown ? byId("account-langs") : byId("top")).append(byId("langs"));
  }

  draw() {
    const { store } = this;
    const node = byId("live-state");
    node.dataset.state = store.live ?? "";
    node.textContent = store.words[store.live ?? ""] ?? "";
    this.drawLists();
    const list = store.listed === "cases" ? (store.caseOrder ?? []) : (store.order ?? []);
    // "Choose one" helps only where there is one.
    byId("talk-empty").hidden = store.selected !== null || this.ofCase || list.length === 0;
    byId("talk-empty").textContent = store.words[store.listed === "cases" ? "choose_case" : "choose"];
    const parts = [this.list, this.cases, this.conversation, this.composer, this.case, this.context, this.newCase];
    for (const part of [...parts, this.alerts, this.presence]) part.draw();
  }

  /** @param {import("./api.js").Trouble & {conversation_id: string}} trouble a message that did not arrive */
  troubled({ conversation_id, ...trouble }) {
    const { detail, selected } = this.store;
    if (selected !== conversation_id || detail === null) return;
    detail.troubles = [...(detail.troubles ?? []).filter(({ seq }) => seq !== trouble.seq), trouble];
    this.store.changed();
  }

  drawLists() {
    const { listed, counts, words } = this.store;
    for (const button of byId("lists").querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.list === listed));
    }
    byId("talks-count").textContent = String(counts.queue);
    byId("talks-count").className = counts.queue > 0 ? "some" : "";
    byId("cases-count").textContent = String(counts.cases);
    byId("cases-count").className = counts.overdue > 0 ? "late" : "";
    byId("cases-count").title = counts.overdue > 0 ? fill(words.cases_overdue, { count: counts.overdue }) : "";
  }

  /** Show what the address says. */
  follow() {
    const { id, reference, pane } = route();
    byId("columns").dataset.pane = pane;
    const { store } = this;
    if (id === store.selected && reference === store.selectedCase) return;
    if (id !== store.selected) store.detail = null;
    if (reference !== store.selectedCase) store.caseDetail = store.caseTalk = null;
    store.selected = id;
    store.selectedCase = reference;
    store.notice = "";
    store.changed();
    if (store.me !== null) this.fetcher.opened();
  }

  /** @param {"talks" | "cases"} listed */
  showList(listed) {
    this.store.listed = listed;
    this.store.changed();
    this.fetchLists();
  }

  /** @param {import("./api.js").View} view */
  showView(view) {
    if (view !== this.store.view) this.store.order = null;
    this.store.view = view;
    this.showList("talks");
  }

  fetchLists() {
    this.fetcher.fetchLists().catch((error) => this.failed(error));
  }

  openCase() {
    if (this.store.selected === null) return;
    if (route().pane !== "context" && byId("context").offsetParent === null)
      go({ id: this.store.selected, pane: "context" });
    this.newCase.open();
  }

  /** @param {"claim" | "release" | "resolve"} act */
  async act(act) {
    if (act === "resolve") return this.actions.resolve();
    if (act === "claim" && this.store.current?.owner === "human") return;
    if ((await this.actions.change(act)) && act === "claim") this.composer.focus();
  }

  /** Everything on the screen, after a gap in the stream. */
  async catchUp() {
    try {
      await this.fetcher.everything();
      return false;
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /** @param {string} id of the conversation that changed */
  refresh(id) {
    this.fetcher.lists.ask();
    if (id === this.store.selected) this.fetcher.talk.ask();
    if (id === this.store.caseTalk?.conversation.id) this.fetcher.case.ask();
  }

  /** @param {unknown} error of something that was fetched */
  failed(error) {
    if (error instanceof ApiError && error.status === 401) this.signedOut();
    else this.store.listFailed = true;
    this.store.changed();
  }

  /** @param {unknown} error of something that the agent did */
  notDone(error) {
    if (error instanceof ApiError && error.status === 401) this.signedOut();
    else toast(this.store.words.act_failed, { ms: TOAST_MS });
  }

  /** @param {import("./api.js").Counts} counts */
  counted(counts) {
    this.store.counts = counts;
    this.store.changed();
  }

  /** @param {Summary} summary */
  changed(summary) {
    this.store.learn(summary);
    this.alerts.noteOne(summary);
    this.refresh(summary.id);
  }

  /** @param {Case} known */
  caseChanged(known) {
    this.store.learnCase(known);
    this.alerts.noteCase(known);
    this.fetcher.lists.ask();
    if (known.reference === this.store.selectedCase) this.fetcher.case.ask();
    if (known.conversation_id === this.store.selected) this.fetcher.talk.ask();
  }

  /** @param {string} id */
  nudged(id) {
    this.store.nudged.add(id);
    this.alerts.nudge(id);
    this.store.changed();
  }

  /**
   * @param {string} id
   * @param {string} author
   * @param {boolean} on
   */
  typing(id, author, on) {
    if (author !== "customer" && author !== "bot") return;
    const { typing } = this.store;
    clearTimeout(this.typingTimers.get(id));
    if (on) {
      typing.set(id, author);
      this.typingTimers.set(
        id,
        setTimeout(() => this.typing(id, author, false), TYPING_MS[author]),
      );
    } else {
      typing.delete(id);
      this.typingTimers.delete(id);
    }
    if (id === this.store.selected) this.store.changed();
  }

  /**
   * @param {string} id
   * @param {Message} message
   */
  message(id, message) {
    if (message.author === this.store.typing.get(id)) this.typing(id, message.author, false);
    const gap = this.actions.take(id, message);
    if (gap) void this.fetcher.fetchTalk();
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
