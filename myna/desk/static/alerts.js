/** Telling an agent who looks elsewhere that a customer waits: a tone, the page's title, the browser's notifications. */

import { byId } from "/static/chat/shared/dom.js";
import { icon } from "/static/chat/shared/icons.js";
import { keep, recall } from "/static/chat/shared/memory.js";
import { title } from "./names.js";

/** @typedef {import("./api.js").Summary} Summary */
/** @typedef {import("./store.js").Store} Store */

const SOUND = "myna.desk.sound";
/** Two soft notes, a fourth apart: hertz and seconds. */
const NOTES = [[659.3, 0], [880, 0.14]];

export class Alerts {
  /**
   * @param {Store} store
   * @param {{onOpen: (id: string) => void}} options
   */
  constructor(store, { onOpen }) {
    this.store = store;
    this.onOpen = onOpen;
    this.wanted = recall(SOUND) === true;
    /** @type {AudioContext | null} browsers allow one only after the page was touched */
    this.audio = null;
    /** @type {Set<string> | null} queued conversations we know of; null: nothing known yet */
    this.queued = null;
    byId("sound").addEventListener("click", () => this.toggleSound());
    byId("notify").addEventListener("click", () => void this.askPermission());
    for (const name of ["pointerdown", "keydown"]) {
      addEventListener(name, () => this.wanted && this.wake(), { once: true });
    }
  }

  draw() {
    const { words, counts, me } = this.store;
    const sound = byId("sound");
    sound.replaceChildren(icon(this.wanted ? "sound" : "mute"));
    sound.setAttribute("aria-pressed", String(this.wanted));
    name(sound, words[this.wanted ? "sound_on" : "sound_off"]);
    const notify = byId("notify");
    notify.hidden = !("Notification" in window) || Notification.permission !== "default";
    notify.replaceChildren(icon("bell"));
    name(notify, words.notify);
    const waiting = me !== null && counts.queue > 0 ? `(${counts.queue}) ` : "";
    document.title = `${waiting}${words.desk} – Myna`;
  }

  /**
   * The whole queue as it is now: what was not there before has just come in.
   *
   * @param {Summary[]} queue
   */
  noteQueue(queue) {
    const known = this.queued;
    this.queued = new Set(queue.map(({ id }) => id));
    const fresh = known === null ? [] : queue.filter(({ id }) => !known.has(id));
    if (fresh.length > 0) this.ring(fresh[0]);
  }

  /** @param {Summary} summary */
  noteOne(summary) {
    if (this.queued === null) return;
    if (summary.owner !== "queue") this.queued.delete(summary.id);
    else if (!this.queued.has(summary.id)) {
      this.queued.add(summary.id);
      this.ring(summary);
    }
  }

  /** @param {Summary} summary */
  ring(summary) {
    if (this.wanted) this.play();
    const { words } = this.store;
    byId("announce").textContent = `${words.queued_title}: ${title(summary.id, words)}`;
    if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
    const body = summary.last_message?.text.slice(0, 140) ?? "";
    const shown = new Notification(words.queued_title, { body, tag: summary.id, lang: this.store.language });
    shown.addEventListener("click", () => {
      window.focus();
      this.onOpen(summary.id);
      shown.close();
    });
  }

  toggleSound() {
    this.wanted = !this.wanted;
    keep(SOUND, this.wanted);
    if (this.wanted) {
      this.wake();
      this.play();
    }
    this.draw();
  }

  wake() {
    this.audio ??= new AudioContext();
    void this.audio.resume();
  }

  play() {
    const { audio } = this;
    if (audio === null) return;
    for (const [pitch, start] of NOTES) {
      const at = audio.currentTime + start;
      const tone = new OscillatorNode(audio, { type: "sine", frequency: pitch });
      const volume = new GainNode(audio, { gain: 0 });
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.4);
    }
  }

  async askPermission() {
    await Notification.requestPermission();
    this.draw();
  }
}

/**
 * @param {HTMLElement} button
 * @param {string} words
 */
function name(button, words) {
  button.setAttribute("aria-label", words);
  button.title = words;
}
