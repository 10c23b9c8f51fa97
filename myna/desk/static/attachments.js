/** What customers send beside words, and messages that did not arrive. */

import { h } from "/static/chat/shared/dom.js";
import { attachmentUrl } from "./api.js";

/** @typedef {import("/static/chat/shared/groups.js").Attachment} Attachment */

/** Shown by the browser itself; all else is fetched by a link. */
const PICTURES = ["image", "sticker"];

/**
 * @param {string} id of the conversation
 * @param {Attachment} attachment
 * @param {Record<string, string>} words
 */
export function attachmentNode(id, attachment, words) {
  const { kind, title, latitude, longitude } = attachment;
  const name = words[`attached_${kind}`] ?? words.attached_share;
  const link = { class: "attached tag", target: "_blank", rel: "noopener noreferrer" };
  if (kind === "location" && latitude !== null && longitude !== null) {
    const place = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
    const map = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}`;
    return h("a", { ...link, href: map }, `${name}: ${title ?? place}`);
  }
  if (kind === "share" || kind === "location") {
    return h("span", { class: "attached tag" }, title === null ? name : `${name}: ${title}`);
  }
  const href = attachmentUrl(id, attachment.id);
  if (!PICTURES.includes(kind)) return h("a", { ...link, href }, title === null ? name : `${name}: ${title}`);
  const lost = () => node.replaceChildren(h("span", { class: "tag" }, words.attached_gone));
  const picture = h("img", { src: href, alt: name, loading: "lazy", error: lost });
  const node = h("a", { ...link, class: `attached picture ${kind}`, href }, picture);
  return node;
}

/**
 * Why a message did not arrive, or perhaps not.
 *
 * @param {import("./api.js").Trouble} trouble
 * @param {Record<string, string>} words
 */
export function troubleNode({ state, error }, words) {
  const cause = error ?? "";
  const why = cause.includes("window")
    ? words.trouble_window
    : cause.includes("cannot be reached")
      ? words.trouble_unreachable
      : words[`trouble_${state}`];
  return h("p", { class: state === "unknown" ? "trouble maybe" : "trouble" }, why);
}
