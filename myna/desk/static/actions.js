/** What an agent does with a conversation: claim, answer, note, resolve, hand back; and what others did meanwhile. */

import { ApiError } from "/static/chat/shared/http.js";
import { keep, recall } from "/static/chat/shared/memory.js";
import { fill } from "/static/chat/shared/words.js";
import { addNote, change, reply, sayTyping } from "./api.js";
import { ownerWords, title } from "./names.js";
import { toast } from "./toast.js";

/** @typedef {import("./api.js").Message} Message */
/** @typedef {import("./api.js").Summary} Summary */
/** @typedef {import("./store.js").Store} Store */

const UNDO_MS = 5000;
const TOAST_MS = 6000;
const READING_MS = 12_000;
const TOLD = "myna.desk.told_after_resolve";

export class Actions {
  /**
   * @param {Store} store
   * @param {object} options
   * @param {() => void} options.onSignedOut
   * @param {(id: string) => void} options.refresh fetch again what is shown of this conversation
   * @param {(id: string, text: string, mode: "public" | "note") => void} options.giveBack what could not be sent
   */
  constructor(store, { onSignedOut, refresh, giveBack }) {
    this.store = store;
    this.onSignedOut = onSignedOut;
    this.refresh = refresh;
    this.giveBack = giveBack;
    /** @type {Map<string, {timer: number, away: () => void}>} resolvings that can still be undone */
    this.pending = new Map();
    addEventListener("pagehide", () => {
      for (const id of [...this.pending.keys()]) void this.finish(id, true);
    });
  }

  /**
   * @param {"claim" | "release"} act
   * @returns {Promise<boolean>} whether it was done
   */
  async change(act) {
    const summary = this.store.current;
    if (summary === null) return false;
    this.store.notice = "";
    try {
      this.store.learn(await change(summary.id, act, summary.version));
      this.refresh(summary.id);
      return true;
    } catch (error) {
      this.refused(summary.id, error);
      return false;
    }
  }

  /** Resolved on the screen at once; sent when it can no longer be undone. */
  resolve() {
    const summary = this.store.current;
    if (summary === null || !this.store.canResolve(summary)) return;
    const { id } = summary;
    const { words } = this.store;
    const action = { words: words.undo, run: () => this.undo(id) };
    const away = toast(fill(words.resolved, { name: title(id, words) }), { ms: UNDO_MS, action });
    const timer = setTimeout(() => void this.finish(id, false), UNDO_MS);
    this.pending.set(id, { timer, away });
    this.store.resolving.add(id);
    this.store.notice = "";
    this.store.changed();
    if (this.store.isMine(summary) && recall(TOLD) === null) {
      keep(TOLD, true);
      toast(words.resolve_more, { ms: READING_MS });
    }
  }

  /** @param {string} id */
  undo(id) {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    pending.away();
    this.pending.delete(id);
    this.store.resolving.delete(id);
    this.store.changed();
  }

  /**
   * @param {string} id
   * @param {boolean} leaving the page
   */
  async finish(id, leaving) {
    const version = this.store.summaries.get(id)?.version;
    const pending = this.pending.get(id);
    if (version === undefined || pending === undefined) return;
    clearTimeout(pending.timer);
    this.pending.delete(id);
    try {
      this.store.learn(await change(id, "resolve", version, leaving));
      this.refresh(id);
    } catch (error) {
      this.refused(id, error);
    } finally {
      this.store.resolving.delete(id);
      this.store.changed();
    }
  }

  /** @param {string} text */
  say(text) {
    const id = this.store.selected;
    if (id === null) return;
    const at = new Date().toISOString();
    const waiting = this.store.outgoing.get(id) ?? [];
    waiting.push({ echo_id: crypto.randomUUID(), text, at, state: "pending" });
    this.store.outgoing.set(id, waiting);
    this.store.changed();
    void this.send(id, waiting[waiting.length - 1]);
  }

  /** @param {string} echoId */
  retry(echoId) {
    const id = this.store.selected;
    const outgoing = this.store.outgoing.get(id ?? "")?.find(({ echo_id }) => echo_id === echoId);
    if (id !== null && outgoing !== undefined) void this.send(id, outgoing);
  }

  /**
   * @param {string} id
   * @param {import("./store.js").Outgoing} outgoing
   */
  async send(id, outgoing) {
    outgoing.state = "pending";
    this.store.changed();
    try {
      this.take(id, await reply(id, outgoing.echo_id, outgoing.text));
    } catch (error) {
      outgoing.state = "failed";
      // Another agent has the conversation: the text goes back to where it can be changed or made a note.
      if (error instanceof ApiError && error.status === 409) {
        this.settle(id, outgoing.echo_id);
        this.giveBack(id, outgoing.text, "public");
      }
      this.refused(id, error, "not_sent");
    }
  }

  /** @param {string} text */
  async note(text) {
    const id = this.store.selected;
    if (id === null) return;
    try {
      this.take(id, (await addNote(id, text)).message);
    } catch (error) {
      this.giveBack(id, text, "note");
      this.refused(id, error);
    }
  }

  typing() {
    const id = this.store.selected;
    // A missed ping is not worth a word.
    if (id !== null) sayTyping(id).catch(() => undefined);
  }

  /**
   * A message has come, from the stream or as the answer to our own sending.
   *
   * @param {string} id
   * @param {Message} message
   * @returns {boolean} whether messages before it are missing
   */
  take(id, message) {
    const { store } = this;
    this.settle(id, message.echo_id ?? null);
    if (message.author === "customer" && this.pending.has(id)) {
      this.undo(id);
      toast(store.words.wrote_again, { ms: TOAST_MS });
    }
    store.changed();
    const messages = store.detail?.messages;
    if (messages === undefined || store.detail?.conversation.id !== id) return false;
    if (messages.some(({ seq }) => seq === message.seq)) return false;
    const gap = message.seq > (messages.at(-1)?.seq ?? 0) + 1;
    messages.push(message);
    messages.sort((a, b) => a.seq - b.seq);
    return gap;
  }

  /**
   * @param {string} id
   * @param {string | null} echoId of a reply that is no longer on its way
   */
  settle(id, echoId) {
    const waiting = (this.store.outgoing.get(id) ?? []).filter(({ echo_id }) => echo_id !== echoId);
    this.store.outgoing.set(id, waiting);
  }

  /**
   * @param {string} id
   * @param {unknown} error
   * @param {"taken" | "not_sent"} [taken] the words if another agent has it
   */
  refused(id, error, taken = "taken") {
    const { store } = this;
    const { words } = store;
    if (error instanceof ApiError && error.status === 401) {
      this.onSignedOut();
    } else if (error instanceof ApiError && error.status === 409) {
      /** @type {Summary | undefined} */
      const now = error.body?.conversation;
      if (now !== undefined) store.learn(now);
      const other = now !== undefined && now.owner === "human" && !store.isMine(now);
      const says = other
        ? fill(words[taken], { agent: now.agent ?? words.colleague })
        : fill(words.changed, { state: now === undefined ? "…" : ownerWords(now, store) });
      if (store.selected === id) store.notice = says;
      else toast(`${title(id, words)}: ${says}`, { ms: TOAST_MS });
      this.refresh(id);
    } else {
      toast(words.act_failed, { ms: TOAST_MS });
    }
    store.changed();
  }
}
