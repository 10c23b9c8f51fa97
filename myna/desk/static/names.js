/** How conversations, their states and their authors are called on the screen. */

import { h } from "/static/chat/shared/dom.js";
import { icon } from "/static/chat/shared/icons.js";
import { LANGUAGE_NAMES, fill, isLanguage } from "/static/chat/shared/words.js";

/** @typedef {import("./api.js").Summary} Summary */
/** @typedef {import("./store.js").Store} Store */

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
  return reason === null ? words.none : (words[`reason_${reason}`] ?? reason);
}

/**
 * @param {string} channel
 * @param {Record<string, string>} words
 */
export function channelWords(channel, words) {
  return words[`channel_${channel}`] ?? channel;
}

/** @param {string} language */
export function languageWords(language) {
  return isLanguage(language) ? LANGUAGE_NAMES[language] : "–";
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
  return [
    h("span", { class: "tag fixed", title: languageWords(summary.language) }, language),
    h("span", { class: "tag fixed" }, mark, channelWords(summary.channel, words)),
    summary.reason === null || resolved ? null : reasonTag(summary.reason, words),
    summary.owner === "queue" ? null : h("span", { class: resolved ? "tag good" : "tag" }, h("span", {}, owner)),
  ];
}

/**
 * @param {string} reason
 * @param {Record<string, string>} words
 */
export function reasonTag(reason, words) {
  const state = { complaint: "warn", proof: "warn", fault: "bad" }[reason] ?? "";
  return h("span", { class: `tag ${state}` }, h("span", {}, reasonWords(reason, words)));
}
