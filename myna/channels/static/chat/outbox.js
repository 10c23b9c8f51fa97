/**
 * What the customer wrote and the server has not confirmed. Kept over reloads, sent in order, and always again under the
 * same echo id, so that a message is neither lost nor doubled.
 */

import { challengeOf } from "./api.js";
import { ApiError } from "./shared/http.js";
import { keep, keysOf, recall } from "./shared/memory.js";

/**
 * @typedef {object} Entry
 * @property {string} echo_id
 * @property {string} text what is shown; for a choice the button's title
 * @property {string | null} choice the button's id
 * @property {string} at ISO 8601, when it was written
 * @property {string} conversation
 * @property {"pending" | "waiting" | "failed" | "refused"} state waiting: the server is busy and has said when to come
 *   again; refused: it will never take it as it is
 * @property {boolean} held waits for the customer's tap
 */

const PREFIX = "myna.unsent.";
const RETRY_MS = 20_000;
/** Where a refusal for now does not say for how long. */
const BUSY_MS = 5000;
/** All who were sent away at once need not come back at once. */
const SPREAD = 0.2;

export class Outbox {
  /**
   * @param {object} options
   * @param {(entry: Entry, solution: string | null) => Promise<void>} options.send
   * @param {(challenge: import("./work.js").Challenge) => Promise<string>} options.solve
   * @param {() => void} options.onChange
   */
  constructor({ send, solve, onChange }) {
    this.send = send;
    this.solve = solve;
    this.onChange = onChange;
    /** @type {Entry[]} */
    this.entries = [];
    this.conversation = "";
    this.running = false;
    this.timer = 0;
    /** The server has asked for a pause. */
    this.resting = false;
  }

  /**
   * Take up what an earlier page left behind. What was meant for another conversation waits for the customer's tap.
   *
   * @param {string} conversation
   */
  load(conversation) {
    this.conversation = conversation;
    /** @type {Entry[]} */
    const kept = keysOf(PREFIX).map(recall).filter((entry) => entry !== null);
    for (const entry of kept) {
      const here = entry.conversation === conversation;
      // A button belongs to the conversation that showed it.
      if (!here && entry.choice !== null) this.settle(entry.echo_id);
      else if (!this.entries.some((known) => known.echo_id === entry.echo_id)) {
        this.entries.push({ ...entry, conversation, state: here ? "pending" : "failed", held: !here });
      }
    }
    this.entries.sort((a, b) => a.at.localeCompare(b.at));
    this.onChange();
    void this.flush();
  }

  /**
   * @param {string} text
   * @param {string | null} choice
   */
  add(text, choice) {
    /** @type {Entry} */
    const entry = {
      echo_id: crypto.randomUUID?.() ?? randomId(),
      text,
      choice,
      at: new Date().toISOString(),
      conversation: this.conversation,
      state: this.resting ? "waiting" : "pending",
      held: false,
    };
    keep(PREFIX + entry.echo_id, entry);
    this.entries.push(entry);
    this.onChange();
    void this.flush();
  }

  /** The customer wants it sent now. */
  retry() {
    for (const entry of this.entries) entry.held = false;
    if (this.resting) this.mark("waiting");
    void this.flush();
  }

  /** Send everything that waits, one after another; at the first hindrance all of it stays. */
  async flush() {
    if (this.running || this.resting) return;
    this.running = true;
    clearTimeout(this.timer);
    for (const entry of this.unsent()) if (entry.state === "failed") entry.state = "pending";
    /** @type {string | null} */
    let solution = null;
    try {
      for (;;) {
        const [entry] = this.unsent();
        if (entry === undefined) return;
        entry.state = "pending";
        this.onChange();
        try {
          await this.send(entry, solution);
          this.settle(entry.echo_id);
        } catch (error) {
          const challenge = solution === null ? challengeOf(error) : null;
          if (challenge !== null) {
            solution = await this.solve(challenge);
          } else if (error instanceof ApiError && !error.passing) {
            entry.state = "refused";
            this.onChange();
          } else {
            this.pause(error);
            return;
          }
        }
      }
    } finally {
      this.running = false;
    }
  }

  /**
   * Come back later: when the server says, if it has only too much to do.
   *
   * @param {unknown} error
   */
  pause(error) {
    const wait = error instanceof ApiError ? error.retryAfter * 1000 : 0;
    this.resting = error instanceof ApiError && error.status === 429;
    this.mark(this.resting ? "waiting" : "failed");
    const pause = this.resting ? (wait || BUSY_MS) * (1 + Math.random() * SPREAD) : Math.max(RETRY_MS, wait);
    this.timer = setTimeout(() => {
      this.resting = false;
      void this.flush();
    }, pause);
  }

  /** @returns {Entry[]} what is to be sent, in order */
  unsent() {
    return this.entries.filter(({ state, held }) => state !== "refused" && !held);
  }

  /**
   * The server has it, or it is no longer wanted.
   *
   * @param {string} echoId
   * @returns {Entry | undefined}
   */
  settle(echoId) {
    keep(PREFIX + echoId, null);
    const index = this.entries.findIndex((entry) => entry.echo_id === echoId);
    if (index < 0) return undefined;
    const [entry] = this.entries.splice(index, 1);
    this.onChange();
    return entry;
  }

  /** @param {"waiting" | "failed"} state */
  mark(state) {
    for (const entry of this.unsent()) entry.state = state;
    this.onChange();
  }
}

/** For pages without a secure context, where `crypto.randomUUID` does not exist. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
