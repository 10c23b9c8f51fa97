/** What the page tells the agents by itself: what it has shown, and that something is being written. */

import { byId } from "./shared/dom.js";

const SEEN_PAUSE_MS = 1000;
const TYPING_PAUSE_MS = 3000;

export class Signals {
  /**
   * @param {object} options
   * @param {() => number} options.newest the seq of the newest message that others have written, 0 if there is none
   * @param {() => boolean} options.atEnd whether the newest message is within what the reader sees
   * @param {() => boolean} options.heard whether there is anybody to be told that the customer writes
   * @param {(seq: number) => Promise<unknown>} options.sendSeen
   * @param {() => Promise<unknown>} options.sendTyping
   */
  constructor({ newest, atEnd, heard, sendSeen, sendTyping }) {
    this.newest = newest;
    this.atEnd = atEnd;
    this.heard = heard;
    this.sendSeen = sendSeen;
    this.sendTyping = sendTyping;
    /** The last seq that the server has been told. */
    this.told = 0;
    this.seenTimer = 0;
    this.typed = 0;
    document.addEventListener("visibilitychange", () => this.look());
    byId("scroll").addEventListener("scroll", () => this.look(), { passive: true });
    byId("draft").addEventListener("input", () => this.writes());
  }

  /** Something may have been shown. */
  look() {
    if (this.seenTimer !== 0 || this.unseen() === 0) return;
    this.seenTimer = setTimeout(() => void this.tell(), SEEN_PAUSE_MS);
  }

  /** @returns {number} the seq that is shown and not told yet, 0 if there is none */
  unseen() {
    const seq = this.newest();
    return seq > this.told && !document.hidden && this.atEnd() ? seq : 0;
  }

  async tell() {
    this.seenTimer = 0;
    const seq = this.unseen();
    if (seq === 0) return;
    try {
      await this.sendSeen(seq);
      this.told = Math.max(this.told, seq);
    } catch {
      // Told with the next message, or when the connection is back.
    }
  }

  writes() {
    const empty = /** @type {HTMLTextAreaElement} */ (byId("draft")).value.trim() === "";
    if (empty || !this.heard() || Date.now() - this.typed < TYPING_PAUSE_MS) return;
    this.typed = Date.now();
    // A missed ping is not worth a word.
    this.sendTyping().catch(() => undefined);
  }
}
