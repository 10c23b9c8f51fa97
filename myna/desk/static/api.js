/** The server's web API for agents. */

import { request } from "/static/chat/shared/http.js";

/** @typedef {import("/static/chat/shared/groups.js").Message} Message */
/** @typedef {{id: string, name: string, login: string}} Agent */
/** @typedef {"queue" | "mine" | "open" | "all"} View */
/** @typedef {"bot" | "queue" | "human" | "nobody"} Owner */

/**
 * @typedef {object} Summary
 * @property {string} id
 * @property {string} channel
 * @property {string} language
 * @property {Owner} owner
 * @property {number} version counts changes of ownership; claims and the like are made against it
 * @property {string | null} agent name
 * @property {string | null} reason why it was handed over
 * @property {string | null} queued_at ISO 8601
 * @property {{author: Message["author"], text: string, at: string} | null} last_message
 * @property {number} last_seq
 * @property {string} created_at ISO 8601
 */

/**
 * @typedef {object} Context
 * @property {string[]} intents
 * @property {{order_number: string, level: string} | null} proof
 * @property {number} failed_proofs
 * @property {{at: string, from: Owner | null, to: Owner, reason: string | null, who: string | null}[]} history
 */

/** @typedef {{conversation: Summary, messages: Message[], context: Context}} Detail */
/** @typedef {{conversations: Summary[], counts: {queue: number, mine: number, open: number}}} Listing */

const BASE = "/api/v1/desk";

export const EVENTS_URL = `${BASE}/events`;

/**
 * @param {string} path
 * @param {unknown} [body]
 * @param {boolean} [keepalive] even if the page is being left
 */
function post(path, body = {}, keepalive = false) {
  return request("POST", BASE + path, body, { headers: { "X-Myna": "desk" }, keepalive });
}

/** @param {string} id */
function one(id) {
  return `/conversations/${encodeURIComponent(id)}`;
}

/** @returns {Promise<Agent>} */
export async function whoAmI() {
  const answer = await request("GET", `${BASE}/me`);
  return answer.agent ?? answer;
}

/**
 * @param {string} login
 * @param {string} password
 * @returns {Promise<Agent>}
 */
export async function logIn(login, password) {
  return (await post("/login", { login, password })).agent;
}

export function logOut() {
  return post("/logout");
}

/**
 * @param {View} view
 * @returns {Promise<Listing>}
 */
export function fetchList(view) {
  return request("GET", `${BASE}/conversations?view=${view}`);
}

/**
 * @param {string} id
 * @returns {Promise<Detail>}
 */
export function fetchDetail(id) {
  return request("GET", BASE + one(id));
}

/**
 * @param {string} id
 * @param {"claim" | "release" | "resolve"} act
 * @param {number} version which the agent saw; 409 if it has changed since
 * @param {boolean} [keepalive]
 * @returns {Promise<Summary>}
 */
export async function change(id, act, version, keepalive = false) {
  const answer = await post(`${one(id)}/${act}`, { version }, keepalive);
  return answer.conversation ?? answer;
}

/**
 * @param {string} id
 * @param {string} echoId
 * @param {string} text
 * @returns {Promise<Message>}
 */
export async function reply(id, echoId, text) {
  return (await post(`${one(id)}/messages`, { echo_id: echoId, text })).message;
}

/**
 * @param {string} id
 * @param {string} text
 */
export function addNote(id, text) {
  return post(`${one(id)}/notes`, { text });
}

/** @param {string} id */
export function sayTyping(id) {
  return post(`${one(id)}/typing`);
}
