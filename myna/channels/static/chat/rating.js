/** The customer's rating of a person's help: five stars in the conversation, then room for a comment. */

import { h } from "./shared/dom.js";
import { ApiError } from "./shared/http.js";
import { icon } from "./shared/icons.js";
import { keep, recall } from "./shared/memory.js";
import { fill } from "./shared/words.js";

/** @typedef {import("./shared/groups.js").Item} Item */
/** @typedef {import("./transcript.js").Look} Look */

/**
 * @typedef {object} State
 * @property {string} key names the message that asks for the rating
 * @property {number} stars 0: none chosen yet
 * @property {string} comment
 * @property {boolean} commenting the comment is meant to be sent, and not only begun
 * @property {"" | "sent" | "failed" | "over"} progress over: the server has nothing to rate any more
 */

/** The response by which the hub asks for a rating. */
export const ASKS_RATING = "utter_ask_rating";
const KEPT = "myna.rating";
const STARS = [1, 2, 3, 4, 5];
const LIMIT = 2000;
/** With the arrow keys one walks over the stars; only the one where that ends is meant. */
const WALK_MS = 600;

export class Rating {
  /** @param {{send: (stars: number, comment: string | null) => Promise<unknown>}} options */
  constructor({ send }) {
    this.send = send;
    this.timer = 0;
    /** @type {State} of the newest message that asks for a rating */
    this.state = recall(KEPT) ?? blank("");
  }

  /**
   * @param {Item} item which asks for it
   * @param {string} name of the conversation and the message, kept over reloads
   * @param {Look} look
   */
  card(item, name, { words }) {
    if (this.state.key !== name) this.state = blank(name);
    const asked = item.text.split("\n")[0];
    const says = h("p", { class: "rating-says", role: "status" });
    const retry = () => void this.rate(draw);
    const again = h("button", { type: "button", class: "retry", click: retry }, icon("retry"), words.failed);
    const field = h("textarea", { rows: 2, maxlength: LIMIT, "aria-label": words.rating_comment });
    field.value = this.state.comment;
    const send = h("button", { type: "submit", class: "quiet-button" }, words.rating_send);
    const form = h("form", { class: "rating-more" }, field, send);
    const inputs = STARS.map((value) =>
      h("input", { type: "radio", name: `rating ${name}`, value, "aria-label": starWords(value, words) }),
    );
    const stars = inputs.map((input) => h("label", { class: "star", title: input.ariaLabel }, input, icon("star")));
    const draw = () => {
      const { stars: chosen, commenting, progress } = this.state;
      const done = progress === "over" || (commenting && progress !== "failed");
      for (const [index, input] of inputs.entries()) {
        input.checked = index + 1 === chosen;
        input.disabled = done;
        stars[index].classList.toggle("lit", index < chosen);
      }
      again.hidden = progress !== "failed";
      form.hidden = chosen === 0 || done;
      field.placeholder = words[chosen > 2 ? "rating_more" : "rating_sorry"];
      send.disabled = field.value.trim() === "";
      const thanks = progress === "sent" ? ` · ${words[commenting ? "rating_noted" : "rating_thanks"]}` : "";
      says.textContent = chosen === 0 ? "" : words[`star_${chosen}`] + thanks;
    };
    for (const input of inputs) {
      input.addEventListener("change", () => {
        this.set({ stars: Number(input.value), progress: "" });
        draw();
        this.rateSoon(draw);
      });
    }
    field.addEventListener("input", () => {
      this.set({ comment: field.value });
      draw();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (field.value.trim() === "") return;
      this.set({ commenting: true, progress: "" });
      void this.rate(draw);
    });
    draw();
    // Chosen just before the page was left.
    if (this.state.stars > 0 && this.state.progress === "") this.rateSoon(draw);
    const row = h("div", { class: "stars", role: "radiogroup", "aria-label": asked }, ...stars);
    return h("div", { class: "rating" }, h("p", { class: "said" }, asked), row, says, again, form);
  }

  /** @param {() => void} draw */
  rateSoon(draw) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.rate(draw), WALK_MS);
  }

  /**
   * Stars, and the comment if it is meant to be sent: the last word counts.
   *
   * @param {() => void} draw
   */
  async rate(draw) {
    clearTimeout(this.timer);
    const { key, stars, comment, commenting } = this.state;
    draw();
    try {
      await this.send(stars, commenting ? comment.trim() : null);
      if (this.state.key === key) this.set({ progress: "sent" });
    } catch (error) {
      const over = error instanceof ApiError && !error.passing;
      if (this.state.key === key) this.set({ progress: over ? "over" : "failed" });
    }
    draw();
  }

  /** @param {Partial<State>} changes */
  set(changes) {
    this.state = { ...this.state, ...changes };
    keep(KEPT, this.state);
  }
}

/**
 * @param {string} key
 * @returns {State}
 */
function blank(key) {
  return { key, stars: 0, comment: "", commenting: false, progress: "" };
}

/**
 * @param {number} stars
 * @param {Record<string, string>} words
 */
function starWords(stars, words) {
  return fill(words.stars, { stars, words: words[`star_${stars}`] });
}
