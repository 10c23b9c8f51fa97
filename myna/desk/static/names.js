/** How conversations and cases, their states, reasons and authors are called on the screen. */

import { h } from "/static/chat/shared/dom.js";
import { icon } from "/static/chat/shared/icons.js";
import { clock, day } from "/static/chat/shared/time.js";
import { LANGUAGE_NAMES, fill, isLanguage } from "/static/chat/shared/words.js";

/** @typedef {import("./api.js").Case} Case */
/** @typedef {import("./api.js").Step} Step */
/** @typedef {import("./api.js").Summary} Summary */
/** @typedef {import("./store.js").Store} Store */

/** What a customer was put to people for, by how much it presses. */
const URGENCY = {
  complaint: "warn",
  anger: "warn",
  proof: "warn",
  not_solved: "warn",
  agent_gone: "warn",
  agent_idle: "warn",
  fault: "bad",
};
/** Who did something, if it was no agent. */
const HOUSE = ["bot", "hub", "customer", "page_inbox", "outside"];

/**
 * "Customer 4F21C9": the end of the id, because time-ordered ids begin alike.
 *
 * @param {string} id
 * @param {Record<string, string>} words
 */
export function title(id, words) {
  return `${words.customer} ${id.length > 8 ? id.slice(-6) : id}`;
}

/**
 * @param {Summary} summary
 * @param {Store} store
 */
export function ownerWords(summary, store) {
  if (store.resolving.has(summary.id)) return store.words.owner_nobody;
  if (store.isMine(summary)) return store.words.owner_me;
  return fill(store.words[`owner_${summary.owner}`] ?? "", { agent: summary.agent ?? store.words.colleague });
}

/**
 * @param {string | null} reason
 * @param {Record<string, string>} words
 */
export function reasonWords(reason, words) {
  return reason === null ? words.none : named("reason", reason, words);
}

/**
 * The words for a name of the server's, or the name itself made readable if we have none.
 *
 * @param {string} sort
 * @param {string} name
 * @param {Record<string, string>} words
 */
export function named(sort, name, words) {
  return words[`${sort}_${name}`] ?? name.replace(/^faq\//, "").replaceAll("_", " ");
}

/**
 * @param {string | null} who
 * @param {Store} store
 */
export function whoWords(who, { words, me }) {
  if (who === null || HOUSE.includes(who)) return words[`who_${who ?? "hub"}`];
  return who === me?.name ? words.you : who;
}

/**
 * What happened, as a sentence: "Linh claimed it".
 *
 * @param {Step} step
 * @param {Store} store
 */
export function stepWords({ from, to, reason, who }, store) {
  const { words } = store;
  const cause = reason ?? "";
  // A release is recorded with the reason for which the customer waits, not as what it is.
  const taken = to === "queue" && from === "human" && !cause.startsWith("agent_") ? "release" : cause;
  const known = to === "queue" && from !== "human" && cause !== "not_solved" ? "hand_over" : taken;
  const fallback = `${words[`short_${from}`] ?? words.colleague} → ${words[`short_${to}`] ?? words.colleague}`;
  return fill(words[`step_${known}`] ?? fallback, { who: whoWords(who, store), reason: reasonWords(reason, words) });
}

/**
 * @param {string} channel
 * @param {Record<string, string>} words
 */
export function channelWords(channel, words) {
  return words[`channel_${channel}`] ?? channel;
}

/**
 * The channel, and the shop's account on it where there may be several.
 *
 * @param {Summary} summary
 * @param {Record<string, string>} words
 */
export function channelOf({ channel, account }, words) {
  return [channelWords(channel, words), account].filter((part) => part).join(" · ");
}

/** @param {string} language */
export function languageWords(language) {
  return isLanguage(language) ? LANGUAGE_NAMES[language] : "–";
}

/**
 * A case's summary; the hub's own begins with the reason for which a person was asked for.
 *
 * @param {string} summary
 * @param {Record<string, string>} words
 */
export function summaryWords(summary, words) {
  const [, reason, rest] = /^\[(\w+)\] ?(.*)$/s.exec(summary) ?? [];
  return reason === undefined || words[`reason_${reason}`] === undefined
    ? summary
    : `${words[`reason_${reason}`]} · ${rest}`;
}

/**
 * "Today, 14:30"
 *
 * @param {string} at ISO 8601
 * @param {Store} store
 */
export function moment(at, { language }) {
  return `${day(at, language)}, ${clock(at, language)}`;
}

/**
 * The badges of a conversation in the list.
 *
 * @param {Summary} summary
 * @param {Store} store
 */
export function tags(summary, store) {
  const { words } = store;
  const language = { vi: "VI", ms: "BM", en: "EN" }[summary.language] ?? "–";
  const mark = icon(summary.channel === "messenger" ? "messenger" : "globe");
  const owner = summary.owner === "human" ? (summary.agent ?? words.colleague) : words[`short_${summary.owner}`];
  const resolved = summary.owner === "nobody";
  const channel = channelOf(summary, words);
  return [
    h("span", { class: "tag fixed", title: languageWords(summary.language) }, language),
    h("span", { class: "tag fixed", title: channel }, mark, h("span", { class: "sr-only" }, channel)),
    summary.case === null ? null : caseTag(summary.case, words),
    summary.reason === null || resolved ? null : reasonTag(summary.reason, words),
    summary.owner === "queue" ? null : h("span", { class: resolved ? "tag good" : "tag" }, h("span", {}, owner)),
  ];
}

/**
 * That something is still owed to the customer of this conversation.
 *
 * @param {string} reference
 * @param {Record<string, string>} words
 */
function caseTag(reference, words) {
  return h("span", { class: "tag warn fixed", title: fill(words.has_case, { reference }) }, icon("case"), reference);
}

/**
 * @param {string} reason
 * @param {Record<string, string>} words
 */
export function reasonTag(reason, words) {
  const state = URGENCY[/** @type {keyof typeof URGENCY} */ (reason)] ?? "";
  return h("span", { class: `tag ${state}` }, h("span", {}, reasonWords(reason, words)));
}

/**
 * @param {Case} known
 * @param {Record<string, string>} words
 */
export function stateTag({ state }, words) {
  const look = { open: "", working: "accent", waiting: "warn", solved: "good", closed: "" }[state];
  return h("span", { class: `tag ${look}` }, h("span", {}, named("state", state, words)));
}

/**
 * Only where it is out of the ordinary.
 *
 * @param {Case} known
 * @param {Record<string, string>} words
 */
export function priorityTag({ priority }, words) {
  if (priority === "normal" || priority === "low") return null;
  return h(
    "span",
    { class: priority === "urgent" ? "tag fixed bad" : "tag fixed warn" },
    named("priority", priority, words),
  );
}

/**
 * "★★★★☆", with words for those who do not see it.
 *
 * @param {number} stars
 * @param {Record<string, string>} words
 */
export function starsOf(stars, words) {
  const drawn = "★".repeat(stars) + "☆".repeat(Math.max(0, 5 - stars));
  return h("span", { class: "stars", role: "img", "aria-label": fill(words.stars, { stars }) }, drawn);
}
