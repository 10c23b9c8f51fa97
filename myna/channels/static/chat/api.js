/** The server's web API for customers. */

import { request } from "./shared/http.js";

/** @typedef {import("./shared/groups.js").Message} Message */
/** @typedef {import("./shared/words.js").Language} Language */

/**
 * @typedef {object} Conversation
 * @property {string} id
 * @property {Language} language
 * @property {"bot" | "queue" | "human" | "nobody"} owner
 * @property {string | null} agent
 * @property {number} last_seq
 */

/** @typedef {{name: string, assistant_name: string, accent: string}} Shop */
/** @typedef {{echo_id: string, text: string} | {echo_id: string, choice: string}} Outgoing */

const BASE = "/api/v1/chat";

/**
 * The browser's conversation, begun if there is none.
 *
 * @param {Language | null} language set for the conversation if given
 * @returns {Promise<{conversation: Conversation, shop: Shop}>}
 */
export function openSession(language) {
  return request("POST", `${BASE}/session`, { language });
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

/** @param {number} after a seq */
export function eventsUrl(after) {
  return `${BASE}/events?after=${after}`;
}
