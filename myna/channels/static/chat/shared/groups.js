/** Messages arranged as people read them: days, then groups of one sender within one minute. */

import { dayKey, minuteKey } from "./time.js";

/**
 * @typedef {object} Card a thing shown below a message, such as a product
 * @property {string} title
 * @property {string} subtitle
 * @property {string | null} picture
 * @property {string | null} url
 * @property {{id: string, title: string}[]} buttons
 */

/**
 * @typedef {object} Message as the server sends it
 * @property {number} seq
 * @property {"customer" | "bot" | "agent" | "system" | "note"} author
 * @property {string} text
 * @property {string | null} [response] the name of the answer in the catalogue, if it is one
 * @property {{id: string, title: string}[]} [buttons]
 * @property {Card[]} [cards]
 * @property {Attachment[]} [attachments]
 * @property {string | null} [echo_id]
 * @property {string | null} [agent]
 * @property {string} at ISO 8601
 */

/**
 * @typedef {object} Item a message, or one still on its way
 * @property {string} key
 * @property {Message["author"]} author
 * @property {string} text
 * @property {string | null} [response]
 * @property {{id: string, title: string}[]} buttons
 * @property {Card[]} cards
 * @property {Attachment[]} [attachments]
 * @property {number} [seq] once it is in the log
 * @property {string | null} agent
 * @property {string} at
 * @property {"sent" | "pending" | "waiting" | "failed" | "refused"} state
 */

/**
 * @typedef {object} Attachment something beside the words
 * @property {string} id
 * @property {"image" | "audio" | "video" | "file" | "sticker" | "location" | "share"} kind
 * @property {string | null} title
 * @property {number | null} latitude
 * @property {number | null} longitude
 */

/** @typedef {{kind: "day", key: string, at: string}} DayBlock */
/** @typedef {{kind: "group", key: string, items: Item[]}} GroupBlock at least one item */

/**
 * @param {Message} message
 * @returns {Item}
 */
export function asItem(message) {
  return {
    // The echo id, because it is the same before and after the message reached the server.
    key: message.echo_id ? `e${message.echo_id}` : `s${message.seq}`,
    author: message.author,
    text: message.text,
    response: message.response ?? null,
    buttons: message.buttons ?? [],
    cards: message.cards ?? [],
    attachments: message.attachments ?? [],
    seq: message.seq,
    agent: message.agent ?? null,
    at: message.at,
    state: "sent",
  };
}

/**
 * @param {Item[]} items in order
 * @returns {(DayBlock | GroupBlock)[]}
 */
export function arrange(items) {
  /** @type {(DayBlock | GroupBlock)[]} */
  const blocks = [];
  /** @type {Item | null} */
  let before = null;
  for (const item of items) {
    const newDay = before === null || dayKey(new Date(before.at)) !== dayKey(new Date(item.at));
    if (newDay) blocks.push({ kind: "day", key: `d${dayKey(new Date(item.at))}-${item.key}`, at: item.at });
    const open = blocks.at(-1);
    if (before !== null && open?.kind === "group" && together(before, item)) open.items.push(item);
    else blocks.push({ kind: "group", key: `g${item.key}`, items: [item] });
    before = item;
  }
  return blocks;
}

/**
 * @param {Item} one
 * @param {Item} other
 */
function together(one, other) {
  return (
    one.author === other.author &&
    one.agent === other.agent &&
    one.author !== "system" &&
    minuteKey(one.at) === minuteKey(other.at)
  );
}

/**
 * The letter of an avatar: of the given name, which stands last in Vietnamese and first in Malay ("… binti …").
 *
 * @param {string} name
 */
export function initial(name) {
  const words = name.trim().split(/\s+/u);
  const givenFirst = words.some((word) => /^(?:bin|binti|a\/l|a\/p)$/iu.test(word));
  const given = (givenFirst ? words[0] : words.at(-1)) ?? "";
  return [...given].slice(0, 1).join("").toLocaleUpperCase();
}
