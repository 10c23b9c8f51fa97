/** Draws things shown below a message, such as products, side by side: picture, title, price, buttons. */

import { h } from "./shared/dom.js";
import { webAddress } from "./shared/linkify.js";

/** @typedef {import("./shared/groups.js").Card} Card */

/**
 * @param {Card[]} shown
 * @param {(title: string, id: string) => void} onChoice
 */
export function cards(shown, onChoice) {
  // it scrolls sideways, so the keyboard has to reach it
  return h("ul", { class: "cards", tabindex: "0" }, ...shown.map((card) => h("li", {}, ...parts(card, onChoice))));
}

/**
 * @param {Card} card
 * @param {(title: string, id: string) => void} onChoice
 */
function parts({ title, subtitle, picture, url, buttons }, onChoice) {
  const image = webAddress(picture);
  const page = webAddress(url);
  // a picture that cannot be fetched leaves its place empty rather than a broken mark
  const gone = (/** @type {Event} */ event) => /** @type {HTMLElement} */ (event.target).remove();
  const name = page === null ? title : h("a", { href: page, target: "_blank", rel: "noopener noreferrer" }, title);
  return [
    h("div", { class: "picture" }, image !== null && h("img", { src: image, alt: "", loading: "lazy", error: gone })),
    h("p", { class: "card-title" }, name),
    h("p", { class: "card-line" }, subtitle),
    ...buttons.map(({ id, title: words }) =>
      h("button", { type: "button", class: "pill", click: () => onChoice(words, id) }, words),
    ),
  ];
}
