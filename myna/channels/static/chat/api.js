/** The server's web API for customers. */

import { ApiError, request } from "./shared/http.js";

/** @typedef {import("./shared/groups.js").Message} Message */
/** @typedef {import("./shared/words.js").Language} Language */

/**
 * @typedef {object} Conversation
 * @property {string} id
 * @property {Language} language
 * @property {"bot" | "queue" | "human" | "nobody"} owner
 * @property {string | null} agent
 * @property {number} version counts changes of the owner
 * @property {number} last_seq
 * @property {number} [position] in the queue
 */

/** @typedef {{name: string, assistant_name: string, accent: string}} Shop */
/** @typedef {{echo_id: string, solution?: string} & ({text: string} | {choice: string})} Outgoing */

const BASE = "/api/v1/chat";

/**
 * The browser's conversation, begun if there is none.
 *
 * @param {Language | null} language set for the conversation if given
 * @param {string | null} identity the shop's token of the customer who is logged in there
 * @returns {Promise<{conversation: Conversation, shop: Shop}>}
 */
export function openSession(language, identity = null) {
  return request("POST", `${BASE}/session`, { language, identity });
}

/**
 * @param {number} after a seq
 * @returns {Promise<{messages: Message[], conversation: Conversation}>}
 */
export function fetchMessages(after) {
  return request("GET", `${BASE}/messages?after=${after}`);
}

/**
 * @param {Outgoing} outgoing safe to send again with the same echo id
 * @returns {Promise<{message: Message}>}
 */
export function sendMessage(outgoing) {
  return request("POST", `${BASE}/messages`, outgoing);
}

/** @param {number} seq up to which the page has shown the messages */
export function sendSeen(seq) {
  return request("POST", `${BASE}/seen`, { seq });
}

export function sendTyping() {
  return request("POST", `${BASE}/typing`, {});
}

/**
 * @param {number} stars 1–5, for the last time that a person has helped
 * @param {string | null} comment
 */
export function sendRating(stars, comment) {
  return request("POST", `${BASE}/rating`, comment === null ? { stars } : { stars, comment });
}

/**
 * The work that a refusal asks for, before it lets the message in.
 *
 * @param {unknown} error
 * @returns {import("./work.js").Challenge | null} null if it asks for none
 */
export function challengeOf(error) {
  if (!(error instanceof ApiError) || error.code !== "prove_work") return null;
  const { challenge, bits } = error.body.error;
  return { challenge, bits };
}

/** @param {number} after a seq */
export function eventsUrl(after) {
  return `${BASE}/events?after=${after}`;
}
