/**
 * A stream of server-sent events that is kept alive: reconnecting with growing pauses, polling where streams do not get
 * through, catching up after each gap, and saying how it is.
 */

/** @typedef {"live" | "polling" | "down"} LiveState polling: up to date, through requests instead of the stream */

const PAUSES_MS = [400, 1000, 2000, 4000, 8000, 15_000];
const OPEN_LIMIT_MS = 10_000;
const FAILURES_BEFORE_POLLING = 3;
const POLL_MS = 3000;
/** A stream cut in silence looks open; asking now and then finds what it did not bring. */
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
    this.retryTimer = 0;
    this.openTimer = 0;
    this.pollTimer = 0;
    this.started = false;
    setInterval(() => void this.check(), CHECK_MS);
    addEventListener("online", () => this.reconnect());
    addEventListener("offline", () => this.lost());
    addEventListener("pageshow", (event) => event.persisted && this.reconnect());
    document.addEventListener("visibilitychange", () => document.hidden || void this.check());
  }

  start() {
    this.started = true;
    this.connect();
  }

  stop() {
    this.started = false;
    this.close();
    clearTimeout(this.retryTimer);
    clearTimeout(this.pollTimer);
    this.pollTimer = 0;
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
    this.openTimer = setTimeout(() => this.lost(), OPEN_LIMIT_MS);
    source.addEventListener("open", () => void this.opened());
    source.addEventListener("error", () => this.lost());
    for (const [name, handle] of Object.entries(this.on)) {
      source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
    }
  }

  /** First the stream, then what was missed: the other order loses what happens in between. */
  async opened() {
    clearTimeout(this.openTimer);
    const source = this.source;
    try {
      await this.catchUp();
    } catch {
      if (source === this.source) this.lost();
      return;
    }
    if (source === null || source !== this.source) return;
    clearTimeout(this.pollTimer);
    this.pollTimer = 0;
    this.failures = 0;
    this.say("live");
  }

  /** We close and come back ourselves: the browser's own way gives up for good at the first 502. */
  lost() {
    if (!this.started || this.source === null) return;
    this.close();
    this.failures += 1;
    const polling = this.pollTimer !== 0;
    if (!polling) this.say("down");
    if (!polling && this.failures >= FAILURES_BEFORE_POLLING) void this.poll();
    const pause = PAUSES_MS[Math.min(this.failures, PAUSES_MS.length) - 1];
    this.retryTimer = setTimeout(() => this.connect(), pause * (0.8 + Math.random() * 0.4));
  }

  async poll() {
    this.pollTimer = -1;
    /** @type {LiveState} */
    let state = "polling";
    try {
      await this.catchUp();
    } catch {
      state = "down";
    }
    // The stream came back, or everything was stopped, while we asked.
    if (this.pollTimer === 0 || !this.started) return;
    this.say(state);
    this.pollTimer = setTimeout(() => void this.poll(), POLL_MS);
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
    clearTimeout(this.openTimer);
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
