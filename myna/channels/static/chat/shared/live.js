/**
 * A stream of server-sent events that is kept alive: reconnecting with growing pauses, asking again and again where
 * streams do not get through, catching up after each gap, and saying how it is.
 *
 * A stream counts by what it brings, for a proxy that holds answers back opens it and lets nothing through. So the server
 * sends an event `ping` at the beginning and whenever nothing else happens for 15 seconds.
 */

import { ApiError } from "./http.js";

/** @typedef {"live" | "polling" | "down"} LiveState polling: up to date, through requests instead of the stream */

const PAUSES_MS = [400, 1000, 2000, 4000, 8000, 15_000, 30_000, 60_000];
/** From connecting to the first event. */
const OPEN_LIMIT_MS = 10_000;
/** Two pings have been missed by then. */
const SILENCE_LIMIT_MS = 40_000;
/** What comes so long after the beginning was not only part of a first piece that a proxy let through. */
const PROOF_MS = 5000;
/** So long without a stream, we begin to ask. */
const PATIENCE_MS = 3000;
const POLL_MS = 2000;
const POLL_LIMIT_MS = 10_000;
const POLL_GROWTH = 1.5;
/** A stream may lose an event; asking now and then finds what it did not bring. */
const CHECK_MS = 60_000;

export class LiveStream {
  /**
   * @param {object} options
   * @param {() => string} options.url asked at each connection, because it carries where to resume
   * @param {Record<string, (data: any) => void>} options.on what to do with the data of each kind of event
   * @param {() => Promise<boolean>} options.catchUp fetch what is missing; resolves to whether anything was, and
   *   rejects if the server cannot be reached
   * @param {(state: LiveState) => void} options.onState told at each change
   */
  constructor({ url, on, catchUp, onState }) {
    this.url = url;
    this.on = on;
    this.catchUp = catchUp;
    this.onState = onState;
    /** @type {EventSource | null} */
    this.source = null;
    /** @type {LiveState | null} */
    this.state = null;
    this.failures = 0;
    /** A stream has fallen silent: the next one has to show that it brings more than a beginning. */
    this.wary = false;
    this.retryTimer = 0;
    this.silenceTimer = 0;
    /** Runs whenever there is no stream. */
    this.pollTimer = 0;
    this.pollPause = POLL_MS;
    this.started = false;
    setInterval(() => void this.check(), CHECK_MS);
    addEventListener("online", () => this.reconnect());
    addEventListener("offline", () => this.lost());
    addEventListener("pageshow", (event) => event.persisted && this.reconnect());
    document.addEventListener("visibilitychange", () => document.hidden || void this.check());
  }

  start() {
    this.started = true;
    this.pollSoon(PATIENCE_MS);
    this.connect();
  }

  stop() {
    this.started = false;
    this.close();
    this.stopPolling();
    clearTimeout(this.retryTimer);
    this.failures = 0;
    this.state = null;
  }

  /** Try at once, however long the pause had become. */
  reconnect() {
    if (!this.started) return;
    this.failures = 0;
    this.connect();
  }

  connect() {
    this.close();
    clearTimeout(this.retryTimer);
    const source = new EventSource(this.url());
    this.source = source;
    this.silenceTimer = setTimeout(() => this.lost(), OPEN_LIMIT_MS);
    source.addEventListener("error", () => this.lost());
    let begun = 0;
    let open = false;
    for (const [name, handle] of Object.entries({ ping: () => {}, ...this.on })) {
      source.addEventListener(name, (event) => {
        clearTimeout(this.silenceTimer);
        this.silenceTimer = setTimeout(() => this.fellSilent(), SILENCE_LIMIT_MS);
        begun ||= performance.now();
        if (!open && (!this.wary || performance.now() - begun > PROOF_MS)) {
          open = true;
          void this.opened();
        }
        handle(JSON.parse(event.data));
      });
    }
  }

  /** First the stream, then what was missed: the other order loses what happens in between. */
  async opened() {
    const source = this.source;
    try {
      await this.catchUp();
    } catch {
      if (source === this.source) this.lost();
      return;
    }
    if (source === null || source !== this.source) return;
    this.stopPolling();
    this.failures = 0;
    this.say("live");
  }

  fellSilent() {
    this.wary = true;
    this.lost();
  }

  /** We close and come back ourselves: the browser's own way gives up for good at the first 502. */
  lost() {
    if (!this.started || this.source === null) return;
    this.close();
    this.failures += 1;
    if (this.state !== "polling") this.say("down");
    if (this.pollTimer === 0) this.pollSoon(PATIENCE_MS);
    const pause = PAUSES_MS[Math.min(this.failures, PAUSES_MS.length) - 1];
    this.retryTimer = setTimeout(() => this.connect(), spread(pause));
  }

  /** Something is expected soon: while we have to ask, ask often. */
  hurry() {
    this.pollPause = POLL_MS;
    if (this.state === "polling") this.pollSoon(POLL_MS);
  }

  /** @param {number} pause milliseconds */
  pollSoon(pause) {
    clearTimeout(this.pollTimer);
    this.pollTimer = setTimeout(() => void this.poll(), spread(pause));
  }

  stopPolling() {
    clearTimeout(this.pollTimer);
    this.pollTimer = 0;
    this.pollPause = POLL_MS;
  }

  async poll() {
    const timer = this.pollTimer;
    this.pollPause = Math.min(this.pollPause * POLL_GROWTH, POLL_LIMIT_MS);
    let asked = 0;
    /** @type {LiveState} */
    let state = "polling";
    try {
      if (await this.catchUp()) this.pollPause = POLL_MS;
    } catch (error) {
      state = "down";
      asked = error instanceof ApiError ? error.retryAfter * 1000 : 0;
    }
    // The stream came back, everything was stopped, or the next time has been set already while we asked.
    if (this.pollTimer !== timer) return;
    this.say(state);
    this.pollSoon(Math.max(this.pollPause, asked));
  }

  async check() {
    if (!this.started || this.state !== "live") return;
    try {
      if (await this.catchUp()) this.reconnect();
    } catch {
      this.lost();
    }
  }

  close() {
    clearTimeout(this.silenceTimer);
    this.source?.close();
    this.source = null;
  }

  /** @param {LiveState} state */
  say(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }
}

/**
 * Many pages lose their streams at once, and need not all come back at once.
 *
 * @param {number} pause
 */
function spread(pause) {
  return pause * (0.8 + Math.random() * 0.4);
}
