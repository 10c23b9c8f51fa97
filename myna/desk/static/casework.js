/** What an agent does with cases: take, change, comment, open by hand; each change can be taken back. */

import { ApiError } from "/static/chat/shared/http.js";
import { fill } from "/static/chat/shared/words.js";
import { addComment, changeCase, fetchCase, openCase } from "./api.js";
import { named } from "./names.js";
import { toast } from "./toast.js";

/** @typedef {import("./api.js").Case} Case */
/** @typedef {{state?: Case["state"], priority?: Case["priority"], mine?: boolean}} Changes */
/** @typedef {import("./store.js").Store} Store */

const UNDO_MS = 8000;
const TOAST_MS = 6000;

export class Casework {
  /**
   * @param {Store} store
   * @param {object} options
   * @param {() => void} options.onSignedOut
   * @param {() => void} options.refresh fetch again what is shown of cases
   */
  constructor(store, { onSignedOut, refresh }) {
    this.store = store;
    this.onSignedOut = onSignedOut;
    this.refresh = refresh;
    /** Changes are made one after another, each to what the one before has left. */
    this.last = Promise.resolve();
  }

  /** Take the selected case, or drop it. */
  take() {
    const known = this.store.currentCase;
    if (known !== null) void this.change(known.reference, { mine: !this.store.isMyCase(known) });
  }

  /** Solve the selected case, or open it again. */
  solve() {
    const known = this.store.currentCase;
    if (known !== null) void this.change(known.reference, { state: this.store.isUndone(known) ? "solved" : "open" });
  }

  /**
   * @param {string} reference
   * @param {Changes} changes
   * @returns {Promise<void>} over when it was done or refused
   */
  change(reference, changes) {
    this.last = this.last.then(() => this.make(reference, changes, true));
    return this.last;
  }

  /**
   * @param {string} reference
   * @param {Changes} changes
   * @param {boolean} undoable
   */
  async make(reference, changes, undoable) {
    const { store } = this;
    const { words } = store;
    const known = store.cases.get(reference);
    if (known === undefined) return;
    this.clear(reference);
    try {
      const now = await changeCase(reference, known.version, changes);
      store.learnCase(now);
      this.refresh();
      if (!undoable) return;
      const back = this.inverse(known, changes);
      const run = () => void (this.last = this.last.then(() => this.make(reference, back ?? {}, false)));
      const action = back === null ? undefined : { words: words.undo, run };
      const about = `${reference} ${Object.keys(changes).join(" ")}`;
      toast(`${reference}: ${this.says(now, changes)}`, { ms: UNDO_MS, about, action });
    } catch (error) {
      this.refused(reference, error);
    }
  }

  /**
   * @param {string} reference
   * @param {string} text
   * @returns {Promise<boolean>} whether it was saved
   */
  async comment(reference, text) {
    this.clear(reference);
    try {
      await addComment(reference, text);
      this.refresh();
      return true;
    } catch (error) {
      this.refused(reference, error);
      return false;
    }
  }

  /**
   * @param {import("./api.js").NewCase} wanted
   * @returns {Promise<boolean>} whether it is open
   */
  async open(wanted) {
    const { store } = this;
    try {
      const known = await openCase(wanted);
      store.learnCase(known);
      this.refresh();
      toast(fill(store.words.case_opened, { reference: known.reference }), { ms: TOAST_MS });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.onSignedOut();
      else toast(store.words.act_failed, { ms: TOAST_MS });
      return false;
    }
  }

  /**
   * What takes the changes back; null if nothing does, because the case was another agent's before.
   *
   * @param {Case} known
   * @param {Changes} changes
   * @returns {Changes | null}
   */
  inverse(known, changes) {
    if (changes.mine && known.agent !== null) return null;
    return {
      ...(changes.state === undefined ? {} : { state: known.state }),
      ...(changes.priority === undefined ? {} : { priority: known.priority }),
      ...(changes.mine === undefined ? {} : { mine: !changes.mine }),
    };
  }

  /**
   * @param {Case} now
   * @param {Changes} changes
   */
  says(now, changes) {
    const { words } = this.store;
    if (changes.state !== undefined) return named("state", now.state, words);
    if (changes.priority !== undefined) return `${words.priority}: ${named("priority", now.priority, words)}`;
    return words[changes.mine ? "case_taken" : "case_dropped"];
  }

  /** @param {string} reference of a case with which something is tried again */
  clear(reference) {
    if (this.store.selectedCase === reference) this.store.notice = "";
  }

  /**
   * @param {string} reference
   * @param {unknown} error
   */
  refused(reference, error) {
    const { store } = this;
    const { words } = store;
    if (error instanceof ApiError && error.status === 401) this.onSignedOut();
    else if (error instanceof ApiError && error.status === 409) void this.tellConflict(reference);
    else toast(words.act_failed, { ms: TOAST_MS });
    store.changed();
  }

  /**
   * Somebody else has changed the case: it is shown as it is now, and who has it.
   *
   * @param {string} reference
   */
  async tellConflict(reference) {
    const { store } = this;
    const { words } = store;
    const detail = await fetchCase(reference).catch(() => null);
    if (detail === null) {
      toast(words.act_failed, { ms: TOAST_MS });
      return;
    }
    store.learnCase(detail.case);
    const { agent, state } = detail.case;
    const says = fill(words.case_changed, { state: named("state", state, words), agent: agent ?? words.unassigned });
    if (store.selectedCase === reference) {
      store.caseDetail = detail;
      store.notice = says;
    } else {
      toast(`${reference}: ${says}`, { ms: TOAST_MS });
    }
    store.changed();
  }
}
