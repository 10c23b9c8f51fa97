/**
 * What the customer wrote and the server has not confirmed. Kept over reloads, sent in order, and always again under the
 * same echo id, so that a message is neither lost nor doubled.
 */

import { ApiError } from "./shared/http.js";
import { keep, keysOf, recall } from "./shared/memory.js";

/**
 * @typedef {object} Entry
 * @property {string} echo_id
 * @property {string} text what is shown; for a choice the button's title
 * @property {string | null} choice the button's id
 * @property {string} at ISO 8601, when it was written
 * @property {string} conversation
 * @property {"pending" | "failed" | "refused"} state refused: the server will never take it as it is
 * @property {boolean} held waits for the customer's tap
 */

const PREFIX = "myna.unsent.";
const RETRY_MS = 20_000;

export class Outbox {
  /**
   * @param {object} options
   * @param {(entry: Entry) => Promise<void>} options.send
   * @param {() => void} options.onChange
   */
  constructor({ send, onChange }) {
    this.send = send;
    this.onChange = onChange;
    /** @type {Entry[]} */
    this.entries = [];
    this.conversation = "";
    this.running = false;
    this.timer = 0;
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
      state: "pending",
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
    void this.flush();
  }

  /** Send everything that waits, one after another; at the first hindrance all of it stays. */
  async flush() {
    if (this.running) return;
    this.running = true;
    clearTimeout(this.timer);
    try {
      for (;;) {
        const entry = this.entries.find(({ state, held }) => state !== "refused" && !held);
        if (entry === undefined) return;
        this.mark("pending");
        try {
          await this.send(entry);
          this.settle(entry.echo_id);
        } catch (error) {
          if (!(error instanceof ApiError) || error.passing) {
            this.mark("failed");
            const wait = error instanceof ApiError ? error.retryAfter * 1000 : 0;
            this.timer = setTimeout(() => void this.flush(), Math.max(RETRY_MS, wait));
            return;
          }
          entry.state = "refused";
          this.onChange();
        }
      }
    } finally {
      this.running = false;
    }
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

  /** @param {"pending" | "failed"} state */
  mark(state) {
    for (const entry of this.entries) if (entry.state !== "refused" && !entry.held) entry.state = state;
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
