/** Fetches what is shown, and again after changes: soon, but however many changes there are, not too often. */

import { ApiError } from "/static/chat/shared/http.js";
import { fetchAgents, fetchCase, fetchCases, fetchDetail, fetchList } from "./api.js";

/** @typedef {import("./store.js").Store} Store */

const RETRY_MS = 3000;
/** A busy hub tells of many changes a second. */
const LIST_PAUSE_MS = 1500;
const OPEN_PAUSE_MS = 500;
const LEAST_MS = 60;
/** Holding J down runs past many rows; only the one where it stops is fetched. */
const BROWSE_MS = 150;

export class Fetcher {
  /**
   * @param {Store} store
   * @param {object} options
   * @param {(error: unknown) => void} options.onFailed
   * @param {(queue: import("./api.js").Summary[]) => void} options.onQueue told the whole queue as it is now
   * @param {() => void} options.onGone what is open does not exist
   * @param {() => void} options.onShown a conversation's messages have come
   */
  constructor(store, { onFailed, onQueue, onGone, onShown }) {
    this.store = store;
    this.onFailed = onFailed;
    this.onQueue = onQueue;
    this.onGone = onGone;
    this.onShown = onShown;
    this.lists = new Soon(LIST_PAUSE_MS, () => this.fetchLists().catch(onFailed));
    this.talk = new Soon(OPEN_PAUSE_MS, () => this.fetchTalk());
    this.case = new Soon(OPEN_PAUSE_MS, () => this.fetchCase());
  }

  /** Everything on the screen. */
  async everything() {
    await Promise.all([this.fetchLists(), this.fetchAgents(), this.fetchTalk(), this.fetchCase()]);
  }

  /** Another conversation or case has been opened. */
  opened() {
    this.talk.hurry(BROWSE_MS);
    this.case.hurry(BROWSE_MS);
  }

  async fetchLists() {
    const { store } = this;
    const { view, listed, caseFilter } = store;
    const [listing, queue, cases] = await Promise.all([
      listed === "cases" ? null : fetchList(view),
      listed === "talks" && view === "queue" ? null : fetchList("queue"),
      listed === "cases" ? fetchCases(caseFilter) : null,
    ]);
    const any = listing ?? queue;
    if (any !== null) store.counts = any.counts;
    this.onQueue((queue ?? listing)?.conversations ?? []);
    for (const known of cases ?? []) store.learnCase(known);
    for (const summary of listing?.conversations ?? []) store.learn(summary);
    if (listing !== null && view === store.view) store.order = listing.conversations.map(({ id }) => id);
    if (cases !== null && caseFilter === store.caseFilter) {
      // Whatever is done stands below what is not.
      const undone = cases.filter((known) => store.isUndone(known));
      const done = cases.filter((known) => !store.isUndone(known)).reverse();
      store.caseOrder = [...undone, ...done].map(({ reference }) => reference);
    }
    store.listFailed = false;
    store.changed();
  }

  async fetchAgents() {
    this.store.agents = await fetchAgents();
    this.store.changed();
  }

  async fetchTalk() {
    const { store } = this;
    const id = store.selected;
    if (id === null) return;
    try {
      const detail = await fetchDetail(id);
      if (store.selected !== id) return;
      // What the stream has brought since the server made this answer stays.
      const last = detail.messages.at(-1)?.seq ?? 0;
      detail.messages.push(...(store.detail?.messages ?? []).filter(({ seq }) => seq > last));
      store.detail = detail;
      store.learn(detail.conversation);
      this.cameAfterAll();
      this.onShown();
    } catch (error) {
      if (store.selected === id) this.notOpened(error, store.detail !== null, this.talk);
    }
  }

  async fetchCase() {
    const { store } = this;
    const reference = store.selectedCase;
    if (reference === null) return;
    try {
      const detail = await fetchCase(reference);
      if (store.selectedCase !== reference) return;
      store.caseDetail = detail;
      store.learnCase(detail.case);
      this.cameAfterAll();
      const id = detail.case.conversation_id;
      const talk = id === null ? null : await fetchDetail(id);
      if (store.selectedCase !== reference) return;
      store.caseTalk = talk;
      store.changed();
    } catch (error) {
      if (store.selectedCase === reference) this.notOpened(error, store.caseDetail !== null, this.case);
    }
  }

  cameAfterAll() {
    if (this.store.notice === this.store.words.open_failed) this.store.notice = "";
  }

  /**
   * @param {unknown} error
   * @param {boolean} shown whether an earlier state of it is on the screen
   * @param {Soon} soon tries again
   */
  notOpened(error, shown, soon) {
    if (error instanceof ApiError && error.status === 404) {
      this.onGone();
      return;
    }
    this.onFailed(error);
    if (shown) return;
    this.store.notice = this.store.words.open_failed;
    this.store.changed();
    soon.retry(RETRY_MS);
  }
}

/** Something that is done soon after it was asked for, once for all who asked meanwhile. */
class Soon {
  /**
   * @param {number} pause milliseconds between two times at least
   * @param {() => unknown} run
   */
  constructor(pause, run) {
    this.pause = pause;
    this.run = run;
    this.last = 0;
    this.timer = 0;
  }

  ask() {
    if (this.timer === 0) this.set(Math.max(LEAST_MS, this.last + this.pause - Date.now()));
  }

  /**
   * At once, unless that was asked for a moment ago already.
   *
   * @param {number} pause milliseconds to wait then
   */
  hurry(pause) {
    this.set(Date.now() - this.last < pause * 2 ? pause : 0);
    this.last = Date.now();
  }

  /** @param {number} pause milliseconds */
  retry(pause) {
    this.set(pause);
  }

  /** @param {number} pause milliseconds */
  set(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.last = Date.now();
      void this.run();
    }, pause);
  }
}
