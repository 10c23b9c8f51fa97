/** What the desk knows, and who is told when that changes. */

import { keep, recall } from "/static/chat/shared/memory.js";

/** @typedef {import("./api.js").Agent} Agent */
/** @typedef {import("./api.js").Detail} Detail */
/** @typedef {import("./api.js").Message} Message */
/** @typedef {import("./api.js").Summary} Summary */
/** @typedef {import("./api.js").View} View */
/** @typedef {import("/static/chat/shared/words.js").Language} Language */
/** @typedef {{echo_id: string, text: string, at: string, state: "pending" | "failed"}} Outgoing */
/** @typedef {{text: string, mode: "public" | "note"}} Draft */

const SEEN = "myna.desk.seen";
const DRAFTS = "myna.desk.drafts";
const SEEN_LIMIT = 1000;

/** @type {readonly View[]} */
export const VIEWS = ["queue", "mine", "open", "all"];

export class Store {
  constructor() {
    /** @type {Agent | null} */
    this.me = null;
    /** @type {Language} */
    this.language = "vi";
    /** @type {Record<string, string>} */
    this.words = {};
    /** @type {View} */
    this.view = "queue";
    /** @type {string[] | null} ids of the view in its order; null: not loaded yet */
    this.order = null;
    /** @type {Map<string, Summary>} */
    this.summaries = new Map();
    this.counts = { queue: 0, mine: 0, open: 0 };
    /** @type {string | null} */
    this.selected = null;
    /** @type {Detail | null} of the selected conversation */
    this.detail = null;
    this.notice = "";
    this.listFailed = false;
    /** @type {Map<string, Outgoing[]>} replies on their way, by conversation */
    this.outgoing = new Map();
    /** @type {Set<string>} conversations whose resolving can still be undone */
    this.resolving = new Set();
    /** @type {Map<string, number>} the last seq that was on this screen */
    this.seen = new Map(recall(SEEN) ?? []);
    /** @type {Map<string, Draft>} */
    this.drafts = new Map(recall(DRAFTS) ?? []);
    /** @type {(() => void)[]} */
    this.listeners = [];
    this.telling = false;
  }

  /** @param {() => void} listener called after changes, many changes at once */
  onChange(listener) {
    this.listeners.push(listener);
  }

  changed() {
    if (this.telling) return;
    this.telling = true;
    queueMicrotask(() => {
      this.telling = false;
      for (const listener of this.listeners) listener();
    });
  }

  /** @returns {Summary | null} of the selected conversation */
  get current() {
    if (this.selected === null) return null;
    return this.summaries.get(this.selected) ?? this.detail?.conversation ?? null;
  }

  /**
   * The newer of two reports about a conversation wins: answers and events overtake each other.
   *
   * @param {Summary} summary
   */
  learn(summary) {
    const known = this.summaries.get(summary.id);
    const older =
      known !== undefined &&
      (summary.version < known.version ||
        (summary.version === known.version && summary.last_seq < known.last_seq));
    if (!older) this.summaries.set(summary.id, summary);
    this.changed();
  }

  /** @param {Summary} summary */
  isMine(summary) {
    return summary.owner === "human" && summary.agent !== null && summary.agent === this.me?.name;
  }

  /** @param {Summary} summary */
  isUnread(summary) {
    if (summary.last_message?.author !== "customer" || summary.owner === "bot") return false;
    return summary.last_seq > (this.seen.get(summary.id) ?? 0);
  }

  /**
   * @param {string} id
   * @param {number} seq
   */
  see(id, seq) {
    if ((this.seen.get(id) ?? 0) >= seq) return;
    this.seen.delete(id);
    this.seen.set(id, seq);
    keep(SEEN, [...this.seen].slice(-SEEN_LIMIT));
    this.changed();
  }

  /**
   * @param {string} id
   * @param {Draft} draft
   */
  saveDraft(id, draft) {
    if (draft.text === "" && draft.mode === "public") this.drafts.delete(id);
    else this.drafts.set(id, draft);
    keep(DRAFTS, [...this.drafts].filter(([, { text }]) => text !== ""));
  }
}
