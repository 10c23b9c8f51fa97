/** What the desk knows, and who is told when that changes. */

import { keep, recall } from "/static/chat/shared/memory.js";

/** @typedef {import("./api.js").Agent} Agent */
/** @typedef {import("./api.js").Case} Case */
/** @typedef {import("./api.js").CaseDetail} CaseDetail */
/** @typedef {import("./api.js").CaseFilter} CaseFilter */
/** @typedef {import("./api.js").Colleague} Colleague */
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

/** @type {readonly import("./api.js").CaseState[]} in which somebody still has something to do */
const UNDONE = ["open", "working", "waiting"];

export class Store {
  constructor() {
    /** @type {Agent | null} */
    this.me = null;
    /** @type {Language} */
    this.language = "vi";
    /** @type {Record<string, string>} */
    this.words = {};
    /** @type {"talks" | "cases"} what the left column lists */
    this.listed = "talks";
    /** @type {View} */
    this.view = "queue";
    /** @type {string[] | null} ids of the view in its order; null: not loaded yet */
    this.order = null;
    /** @type {Map<string, Summary>} */
    this.summaries = new Map();
    /** @type {import("./api.js").Counts} */
    this.counts = { queue: 0, mine: 0, open: 0, cases: 0, overdue: 0 };
    /** @type {string | null} */
    this.selected = null;
    /** @type {Detail | null} of the selected conversation */
    this.detail = null;
    /** @type {CaseFilter} */
    this.caseFilter = { state: "undone", kind: "", mine: false };
    /** @type {string[] | null} references of the cases listed, in their order; null: not loaded yet */
    this.caseOrder = null;
    /** @type {Map<string, Case>} */
    this.cases = new Map();
    /** @type {string | null} */
    this.selectedCase = null;
    /** @type {CaseDetail | null} of the selected case */
    this.caseDetail = null;
    /** @type {Detail | null} the conversation that the selected case comes from */
    this.caseTalk = null;
    /** What went wrong with what is open in the middle. */
    this.notice = "";
    /** @type {import("/static/chat/shared/live.js").LiveState | null} */
    this.live = null;
    /** @type {Colleague[]} all agents, this one too */
    this.agents = [];
    /** @type {Map<string, "customer" | "bot">} who is writing, by conversation */
    this.typing = new Map();
    /** @type {Set<string>} conversations in which the agent was reminded to answer */
    this.nudged = new Set();
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
      (summary.version < known.version || (summary.version === known.version && summary.last_seq < known.last_seq));
    if (!older) {
      this.summaries.set(summary.id, summary);
      if (summary.unanswered_since === null || summary.owner !== "human") this.nudged.delete(summary.id);
    }
    this.changed();
  }

  /** @param {Case} known as an answer or an event has brought it */
  learnCase(known) {
    const { reference, version } = known;
    if (version < (this.cases.get(reference)?.version ?? 0)) return;
    this.cases.set(reference, known);
    if (this.caseDetail?.case.reference === reference) this.caseDetail.case = known;
    this.changed();
  }

  /** @returns {Case | null} the selected case */
  get currentCase() {
    return this.selectedCase === null ? null : (this.cases.get(this.selectedCase) ?? null);
  }

  /**
   * Whether customers can count on this agent: away by choice, or offline because the server sees no sign of life.
   *
   * @returns {"there" | "away" | "offline" | null} null: not connected yet
   */
  get standing() {
    if (this.me === null || this.live === null) return null;
    // Only the stream is a sign of life; while we have to ask instead, the server's list tells what it makes of that.
    const listed = this.agents.find(({ id }) => id === this.me?.id);
    if (this.live === "down" || (this.live === "polling" && listed?.state === "gone")) return "offline";
    return this.me.away ? "away" : "there";
  }

  /**
   * Whether an agent of this desk other than this one has it; who answers on the channel itself, without the desk, can be
   * relieved.
   *
   * @param {Summary} summary
   */
  isOthers(summary) {
    return summary.owner === "human" && summary.agent !== null && summary.agent !== this.me?.name;
  }

  /**
   * Whether the channel does not let us write until the customer does.
   *
   * @param {Summary} summary
   */
  isOutOfReach({ write_until: until }) {
    return until !== null && until !== undefined && Date.parse(until) <= Date.now();
  }

  /** @param {Summary} summary */
  isMine(summary) {
    return summary.owner === "human" && summary.agent !== null && summary.agent === this.me?.name;
  }

  /**
   * Whether this agent may close the matter as it stands.
   *
   * @param {Summary} summary
   */
  canResolve(summary) {
    const calledFor = summary.owner === "bot" && summary.case !== null;
    return !this.resolving.has(summary.id) && (summary.owner === "queue" || calledFor || this.isMine(summary));
  }

  /** @param {Case} known */
  isUndone(known) {
    return UNDONE.includes(known.state);
  }

  /** @param {Case} known */
  isMyCase(known) {
    return known.agent !== null && known.agent === this.me?.name;
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
    keep(
      DRAFTS,
      [...this.drafts].filter(([, { text }]) => text !== ""),
    );
  }
}
