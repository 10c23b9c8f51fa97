/** Telling an agent who looks elsewhere: a tone, the page's title, the browser's notifications. */

import { byId } from "/static/chat/shared/dom.js";
import { icon } from "/static/chat/shared/icons.js";
import { keep, recall } from "/static/chat/shared/memory.js";
import { lastWords, named, summaryWords, title } from "./names.js";

/** @typedef {import("./api.js").Case} Case */
/** @typedef {import("./api.js").Summary} Summary */
/** @typedef {import("./store.js").Store} Store */

const SOUND = "myna.desk.sound";
/**
 * Two soft notes, hertz and seconds: rising for who has just come, the same again for who still waits, falling for what
 * is late.
 *
 * @type {Record<string, [number, number][]>}
 */
const TONES = {
  queued: [
    [659.3, 0],
    [880, 0.14],
  ],
  nudge: [
    [784, 0],
    [784, 0.18],
  ],
  overdue: [
    [784, 0],
    [587.3, 0.16],
  ],
};
/** A case that is marked overdue so long after it was due is no news: it was only changed. */
const FRESH_MS = 10 * 60_000;

export class Alerts {
  /**
   * @param {Store} store
   * @param {{onOpen: (id: string) => void, onOpenCase: (reference: string) => void}} options
   */
  constructor(store, { onOpen, onOpenCase }) {
    this.store = store;
    this.onOpen = onOpen;
    this.onOpenCase = onOpenCase;
    this.wanted = recall(SOUND) === true;
    /** @type {AudioContext | null} browsers allow one only after the page was touched */
    this.audio = null;
    /** @type {Set<string> | null} conversations in the queue's list that we know of; null: nothing known yet */
    this.queued = null;
    /** @type {Set<string>} cases that are known to be overdue */
    this.overdue = new Set();
    /** What happened while nobody looked. */
    this.missed = "";
    byId("sound").addEventListener("click", () => this.toggleSound());
    byId("notify").addEventListener("click", () => void this.askPermission());
    document.addEventListener("visibilitychange", () => {
      this.missed = "";
      this.draw();
    });
    for (const name of ["pointerdown", "keydown"]) {
      addEventListener(name, () => this.wanted && this.wake(), { once: true });
    }
  }

  draw() {
    const { words, counts, me } = this.store;
    const sound = byId("sound");
    sound.replaceChildren(icon(this.wanted ? "sound" : "mute"));
    sound.setAttribute("aria-pressed", String(this.wanted));
    sound.setAttribute("aria-label", words[this.wanted ? "sound_on" : "sound_off"]);
    sound.title = words[this.wanted ? "sound_on" : "sound_off"];
    byId("notify").hidden = !("Notification" in window) || Notification.permission !== "default";
    const waiting = me !== null && counts.queue > 0 ? `(${counts.queue}) ` : "";
    document.title = `${waiting}${this.missed || words.desk} – Myna`;
  }

  /**
   * The whole queue as it is now: what was not there before has just come in.
   *
   * @param {Summary[]} queue
   */
  noteQueue(queue) {
    const known = this.queued;
    this.queued = new Set(queue.map(({ id }) => id));
    const fresh = known === null ? undefined : queue.find(({ id }) => !known.has(id));
    if (fresh !== undefined) this.cameIn(fresh);
  }

  /** @param {Summary} summary */
  noteOne(summary) {
    if (this.queued === null) return;
    const calls = summary.case !== null && (summary.owner === "bot" || summary.owner === "nobody");
    if (summary.owner === "queue" && !this.queued.has(summary.id)) {
      this.queued.add(summary.id);
      this.cameIn(summary);
    } else if (summary.owner !== "queue" && !calls) {
      this.queued.delete(summary.id);
    }
  }

  /** @param {Summary} summary */
  cameIn({ id, last_message }) {
    if (this.store.me?.away) return;
    const body = lastWords(last_message, this.store.words).slice(0, 140);
    const name = title(id, this.store.words);
    this.ring("queued", { tag: id, name, body, open: () => this.onOpen(id) });
  }

  /** @param {string} id of a conversation in which the agent was reminded to answer */
  nudge(id) {
    const summary = this.store.summaries.get(id);
    if (summary === undefined || !this.store.isMine(summary)) return;
    const body = lastWords(summary.last_message, this.store.words).slice(0, 140);
    this.ring("nudge", { tag: `nudge ${id}`, name: title(id, this.store.words), body, open: () => this.onOpen(id) });
  }

  /** @param {Case} known as it is now */
  noteCase(known) {
    const { reference, overdue, due_at, updated_at, kind, summary } = known;
    if (!overdue || this.overdue.has(reference)) return;
    this.overdue.add(reference);
    const mine = known.agent === null || this.store.isMyCase(known);
    if (!mine || Date.parse(updated_at) - Date.parse(due_at) > FRESH_MS) return;
    const name = `${reference} · ${named("kind", kind, this.store.words)}`;
    this.ring("overdue", {
      tag: reference,
      name,
      body: summaryWords(summary, this.store.words).slice(0, 140),
      open: () => this.onOpenCase(reference),
    });
  }

  /**
   * @param {"queued" | "nudge" | "overdue"} sort
   * @param {{tag: string, name: string, body: string, open: () => void}} about
   */
  ring(sort, { tag, name, body, open }) {
    if (this.wanted) this.play(TONES[sort]);
    const words = this.store.words[`alert_${sort}`];
    byId("announce").textContent = `${words}: ${name}`;
    if (!document.hidden) return;
    this.missed = words;
    this.draw();
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const shown = new Notification(`${words}: ${name}`, { body, tag, lang: this.store.language });
    shown.addEventListener("click", () => {
      window.focus();
      open();
      shown.close();
    });
  }

  toggleSound() {
    this.wanted = !this.wanted;
    keep(SOUND, this.wanted);
    if (this.wanted) {
      this.wake();
      this.play(TONES.queued);
    }
    this.draw();
  }

  wake() {
    this.audio ??= new AudioContext();
    void this.audio.resume();
  }

  /** @param {[number, number][]} tone */
  play(tone) {
    const { audio } = this;
    if (audio === null) return;
    for (const [pitch, start] of tone) {
      const at = audio.currentTime + start;
      const note = new OscillatorNode(audio, { type: "sine", frequency: pitch });
      const volume = new GainNode(audio, { gain: 0 });
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
      note.connect(volume).connect(audio.destination);
      note.start(at);
      note.stop(at + 0.4);
    }
  }

  async askPermission() {
    await Notification.requestPermission();
    this.draw();
  }
}
