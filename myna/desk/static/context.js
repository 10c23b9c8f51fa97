/** The right column: what an agent has to know before the first word. */

import { byId, h } from "/static/chat/shared/dom.js";
import { clock, day } from "/static/chat/shared/time.js";
import { channelWords, languageWords, reasonTag, reasonWords } from "./names.js";

/** @typedef {import("./api.js").Context} Context */
/** @typedef {import("./store.js").Store} Store */

export class ContextView {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.body = byId("context-body");
    this.sign = "";
  }

  draw() {
    const { store } = this;
    const summary = store.current;
    const context = store.detail?.context ?? null;
    const sign = JSON.stringify([summary, context, store.language]);
    if (sign === this.sign) return;
    this.sign = sign;
    const { words } = store;
    if (summary === null) {
      this.body.replaceChildren(h("p", { class: "quiet" }, words.nothing_chosen));
      return;
    }
    const began = `${day(summary.created_at, store.language)}, ${clock(summary.created_at, store.language)}`;
    const reason = summary.reason === null ? words.none : reasonTag(summary.reason, words);
    this.body.replaceChildren(
      h(
        "dl",
        { class: "facts" },
        ...fact(words.reason, reason),
        ...fact(words.customer_language, languageWords(summary.language)),
        ...fact(words.channel, channelWords(summary.channel, words)),
        ...fact(words.began, began),
        ...(context === null ? [] : this.proofs(context)),
      ),
      ...(context === null ? [] : [...this.intents(context), ...this.history(context)]),
    );
  }

  /** @param {Context} context */
  proofs({ proof, failed_proofs }) {
    const { words } = this.store;
    const state =
      proof === null
        ? h("span", { class: "quiet" }, words.proof_none)
        : h("span", {}, proof.order_number, " ", h("span", { class: "tag good" }, String(proof.level).replaceAll("_", " ")));
    const failed = failed_proofs > 0 ? h("span", { class: "tag warn" }, String(failed_proofs)) : "0";
    return [...fact(words.proof, state), ...fact(words.failed_proofs, failed)];
  }

  /** @param {Context} context */
  intents({ intents }) {
    const { words } = this.store;
    const shown = intents.map((name) => h("li", { class: "tag" }, h("span", {}, name)));
    return [
      h("h3", {}, words.intents),
      shown.length > 0 ? h("ul", { class: "tags" }, ...shown) : h("p", { class: "quiet" }, words.none),
    ];
  }

  /** @param {Context} context */
  history({ history }) {
    const { words, language } = this.store;
    /** @param {string | null} owner */
    const named = (owner) => (owner === "human" ? words.colleague : (words[`short_${owner}`] ?? "–"));
    const steps = history.map(({ at, from, to, reason, who }) =>
      h(
        "li",
        {},
        `${named(from)} → ${named(to)}`,
        h(
          "p",
          {},
          [clock(at, language), who, reason === null || to !== "queue" ? null : reasonWords(reason, words)]
            .filter((part) => part !== null)
            .join(" · "),
        ),
      ),
    );
    return [
      h("h3", {}, words.history),
      steps.length > 0 ? h("ol", { class: "history" }, ...steps) : h("p", { class: "quiet" }, words.history_empty),
    ];
  }
}

/**
 * @param {string} name
 * @param {Node | string} value
 */
function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}
