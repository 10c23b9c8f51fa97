/** Times that run while one looks at them: how long a customer has waited, how long a case has left. */

import { h } from "/static/chat/shared/dom.js";
import { elapsed } from "/static/chat/shared/time.js";
import { fill } from "/static/chat/shared/words.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("/static/chat/shared/words.js").Language} Language */

/** A customer who waits longer is marked. */
const LATE_MS = 2 * 60_000;
const VERY_LATE_MS = 5 * 60_000;
/** A case that is due sooner is marked. */
const SOON_MS = 60 * 60_000;
/** The time in which a channel lets us write is marked when it ends sooner. */
const REACH_ENDS_MS = 2 * 60 * 60_000;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LOCALE = { vi: "vi-VN", ms: "ms-MY", en: "en-GB" };

/** @param {Store} store whose words the times are in */
export function startTicking(store) {
  setInterval(() => {
    for (const node of document.querySelectorAll("[data-since], [data-due], [data-until]")) {
      if (node instanceof HTMLElement) paint(node, store);
    }
  }, 1000);
}

/**
 * How long somebody has waited: "04:12".
 *
 * @param {string} since ISO 8601
 * @param {Store} store
 */
export function waitingTimer(since, store) {
  return paint(h("span", { class: "timer", "data-since": since }), store);
}

/**
 * How long there is until a case is due, or how long it is overdue.
 *
 * @param {string} due ISO 8601
 * @param {Store} store
 */
export function dueTag(due, store) {
  return paint(h("span", { class: "tag fixed due", "data-due": due }), store);
}

/**
 * How long a customer may still be written to.
 *
 * @param {string} until ISO 8601
 * @param {Store} store
 */
export function reachTag(until, store) {
  return paint(h("span", { class: "tag fixed reach", "data-until": until }), store);
}

/**
 * "3 hours", "2 days": the largest unit that it has a whole one of.
 *
 * @param {number} milliseconds
 * @param {Language} language
 */
export function duration(milliseconds, language) {
  /** @type {[string, number]} */
  const [unit, length] =
    milliseconds >= DAY ? ["day", DAY] : milliseconds >= HOUR ? ["hour", HOUR] : ["minute", MINUTE];
  const count = Math.max(1, Math.floor(milliseconds / length));
  return new Intl.NumberFormat(LOCALE[language], { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/**
 * @param {HTMLElement} node
 * @param {Store} store
 */
function paint(node, { words, language }) {
  const { since, due, until } = node.dataset;
  if (since !== undefined) {
    const waited = Date.now() - Date.parse(since);
    write(node, elapsed(waited), waited >= VERY_LATE_MS ? "bad" : waited >= LATE_MS ? "warn" : "");
    if (node.title === "") node.title = fill(words.waiting, { time: elapsed(waited) });
  } else if (due !== undefined) {
    const left = Date.parse(due) - Date.now();
    const time = duration(Math.abs(left), language);
    write(
      node,
      fill(words[left < 0 ? "due_late" : "due_in"], { time }),
      left < 0 ? "bad" : left < SOON_MS ? "warn" : "",
    );
  } else if (until !== undefined) {
    const left = Date.parse(until) - Date.now();
    const says = left <= 0 ? words.reach_over : fill(words.reach_left, { time: duration(left, language) });
    write(node, says, left <= 0 ? "bad" : left < REACH_ENDS_MS ? "warn" : "");
  }
  return node;
}

/**
 * Only where something changes.
 *
 * @param {HTMLElement} node
 * @param {string} words
 * @param {"" | "warn" | "bad"} urgency
 */
function write(node, words, urgency) {
  if (node.textContent === words) return;
  node.textContent = words;
  node.classList.toggle("warn", urgency === "warn");
  node.classList.toggle("bad", urgency === "bad");
}
