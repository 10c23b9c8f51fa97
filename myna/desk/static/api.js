/** The server's web API for agents. */

import { request } from "/static/chat/shared/http.js";

/** @typedef {import("/static/chat/shared/groups.js").Message} Message */
/** @typedef {{id: number, name: string, login: string, away: boolean}} Agent */
/** @typedef {"queue" | "mine" | "open" | "all"} View */
/** @typedef {"bot" | "queue" | "human" | "nobody"} Owner */

/**
 * @typedef {object} Colleague an agent as the others see them
 * @property {number} id
 * @property {string} login
 * @property {string} name
 * @property {"there" | "away" | "gone"} state gone: without a sign of life from a desk
 * @property {string | null} seen_at ISO 8601
 * @property {number} open how many conversations they have
 */

/**
 * @typedef {object} Summary
 * @property {string} id
 * @property {string} channel
 * @property {string | null} [account] the shop's account on the channel, where there may be several
 * @property {string} language
 * @property {Owner} owner
 * @property {number} version counts changes of ownership; claims and the like are made against it
 * @property {string | null} agent name
 * @property {string | null} reason why it was handed over
 * @property {string | null} queued_at ISO 8601
 * @property {string | null} unanswered_since ISO 8601, the oldest message that a person has yet to answer
 * @property {number} seen_seq the last message that the customer's page has shown
 * @property {string | null} case the reference of a case that is not done
 * @property {string | null} [write_until] ISO 8601, until when the channel lets agents write; null: always
 * @property {{author: Message["author"], text: string, at: string} | null} last_message
 * @property {number} last_seq
 * @property {string} created_at ISO 8601
 */

/** @typedef {{at: string, from: Owner | null, to: Owner, reason: string | null, who: string | null}} Step */

/**
 * @typedef {object} Context
 * @property {string[]} intents the newest first
 * @property {{order_number: string, level: string} | null} proof
 * @property {number} failed_proofs
 * @property {Record<string, unknown>} slots what the customer has told
 * @property {number | null} position in the queue
 * @property {string | null} unanswered_since ISO 8601
 * @property {Case[]} cases the newest first
 * @property {{stars: number, comment: string | null, at: string}[]} ratings
 * @property {Step[]} history
 */

/** @typedef {"complaint" | "return" | "repair" | "problem" | "promise" | "callback"} CaseKind */
/** @typedef {"open" | "working" | "waiting" | "solved" | "closed"} CaseState */
/** @typedef {"low" | "normal" | "high" | "urgent"} Priority */

/**
 * @typedef {object} Case
 * @property {string} reference
 * @property {CaseKind} kind
 * @property {CaseState} state
 * @property {Priority} priority
 * @property {string | null} agent name
 * @property {string | null} conversation_id
 * @property {string} summary
 * @property {string | null} order_number
 * @property {string | null} phone
 * @property {string | null} email
 * @property {string | null} language
 * @property {string} due_at ISO 8601
 * @property {number} version
 * @property {boolean} overdue
 * @property {string} created_at ISO 8601
 * @property {string} updated_at ISO 8601
 * @property {string | null} solved_at ISO 8601
 */

/** @typedef {{who: string, what: string, detail: Record<string, any>, at: string}} CaseEvent */
/** @typedef {{case: Case, history: CaseEvent[]}} CaseDetail */
/** @typedef {{state: "undone" | "all" | CaseState, kind: CaseKind | "", mine: boolean}} CaseFilter */

/**
 * @typedef {object} NewCase
 * @property {CaseKind} kind
 * @property {string} summary
 * @property {string} conversation_id
 * @property {string} request_id the same one opens no second case
 * @property {Priority} [priority] left out: as the shop says for the kind
 * @property {string} [order_number]
 * @property {string} [phone]
 * @property {string} [email]
 * @property {string} [language]
 */

/** @typedef {{queue: number, mine: number, open: number, cases: number, overdue: number}} Counts */
/** @typedef {{seq: number, state: "failed" | "unknown" | "expired", error: string | null}} Trouble */
/** @typedef {{conversation: Summary, messages: Message[], troubles?: Trouble[], context: Context}} Detail */
/** @typedef {{conversations: Summary[], counts: Counts}} Listing */

const BASE = "/api/v1/desk";
/** The server gives no more at once. */
const MOST_CASES = 500;

export const EVENTS_URL = `${BASE}/events`;

/**
 * @param {string} path
 * @param {unknown} [body]
 * @param {boolean} [keepalive] even if the page is being left
 */
function post(path, body = {}, keepalive = false) {
  return request("POST", BASE + path, body, { headers: { "X-Myna": "desk" }, keepalive });
}

/**
 * Where a picture or file of a customer is fetched.
 *
 * @param {string} id of the conversation
 * @param {string} attachment
 */
export function attachmentUrl(id, attachment) {
  return `${BASE}${one(id)}/attachments/${encodeURIComponent(attachment)}`;
}

/** @param {string} reference */
function oneCase(reference) {
  return `/cases/${encodeURIComponent(reference)}`;
}

/** @param {string} id */
function one(id) {
  return `/conversations/${encodeURIComponent(id)}`;
}

/** @returns {Promise<Agent>} */
export function whoAmI() {
  return request("GET", `${BASE}/me`);
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

/** @param {boolean} away whether this agent gets no new conversations */
export function setAway(away) {
  return post("/me/presence", { away });
}

/** @returns {Promise<Colleague[]>} */
export async function fetchAgents() {
  return (await request("GET", `${BASE}/agents`)).agents;
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
  return answer.conversation;
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

/**
 * @param {CaseFilter} filter
 * @returns {Promise<Case[]>} those that are due first in front
 */
export async function fetchCases({ state, kind, mine }) {
  const query = new URLSearchParams({ state, limit: String(MOST_CASES) });
  if (kind !== "") query.set("kind", kind);
  if (mine) query.set("mine", "1");
  return (await request("GET", `${BASE}/cases?${query}`)).cases;
}

/**
 * @param {string} reference
 * @returns {Promise<CaseDetail>}
 */
export function fetchCase(reference) {
  return request("GET", BASE + oneCase(reference));
}

/**
 * @param {NewCase} wanted
 * @returns {Promise<Case>}
 */
export async function openCase(wanted) {
  return (await post("/cases", wanted)).case;
}

/**
 * @param {string} reference
 * @param {number} version which the agent saw; 409 if it has changed since
 * @param {{state?: CaseState, priority?: Priority, mine?: boolean}} changes
 * @returns {Promise<Case>}
 */
export async function changeCase(reference, version, changes) {
  const body = { version, ...changes };
  return (await request("PATCH", BASE + oneCase(reference), body, { headers: { "X-Myna": "desk" } })).case;
}

/**
 * @param {string} reference
 * @param {string} text
 */
export function addComment(reference, text) {
  return post(`${oneCase(reference)}/comments`, { text });
}
