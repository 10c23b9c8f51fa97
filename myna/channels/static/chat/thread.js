/** The conversation as far as this page knows it: every message once, in order, and how far it is without gaps. */

/** @typedef {import("./shared/groups.js").Message} Message */

export class Thread {
  /**
   * @param {object} options
   * @param {(after: number) => Promise<Message[]>} options.fetchAfter
   * @param {(fresh: Message[]) => void} options.onFetched told once about messages which `sync` brought
   */
  constructor({ fetchAfter, onFetched }) {
    this.fetchAfter = fetchAfter;
    this.onFetched = onFetched;
    /** @type {Map<number, Message>} */
    this.bySeq = new Map();
    /** Everything up to here is known; the stream resumes after it. */
    this.cursor = 0;
    /** @type {Promise<boolean> | null} */
    this.asking = null;
    /** Whether something was missed since the request under way set out: its answer may not have it. */
    this.again = false;
  }

  /**
   * Take a message in, from whichever way it came. One which leaves a gap behind it is shown already, but the cursor
   * stays until `sync` has filled the gap (or found it empty: the log also numbers what customers do not see).
   *
   * @param {Message} message
   * @returns {{fresh: boolean, gap: boolean}}
   */
  accept(message) {
    const fresh = !this.bySeq.has(message.seq);
    this.bySeq.set(message.seq, message);
    while (this.bySeq.has(this.cursor + 1)) this.cursor += 1;
    return { fresh, gap: message.seq > this.cursor };
  }

  /**
   * Fetch what comes after the cursor. Calls at the same time share one request, and one more after it.
   *
   * @returns {Promise<boolean>} whether anything was not known yet
   */
  sync() {
    this.again = this.asking !== null;
    this.asking ??= this.fetchRest().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  async fetchRest() {
    let any = false;
    for (;;) {
      const page = await this.fetchAfter(this.cursor);
      if (page.length === 0) {
        if (!this.again) return any;
        this.again = false;
        continue;
      }
      const fresh = page.filter((message) => this.accept(message).fresh);
      this.cursor = Math.max(this.cursor, ...page.map(({ seq }) => seq));
      while (this.bySeq.has(this.cursor + 1)) this.cursor += 1;
      if (fresh.length > 0) this.onFetched(fresh);
      any ||= fresh.length > 0;
    }
  }

  /** @returns {Message[]} in order */
  messages() {
    return [...this.bySeq.values()].sort((a, b) => a.seq - b.seq);
  }
}
