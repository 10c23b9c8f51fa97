/** The right column: what an agent has to know before the first word. */

import { byId, h } from "/static/chat/shared/dom.js";
import { linkify } from "/static/chat/shared/linkify.js";
import { day } from "/static/chat/shared/time.js";
import { waitsSince } from "./list.js";
import {
  channelOf,
  languageWords,
  moment,
  named,
  priorityTag,
  reasonTag,
  starsOf,
  stateTag,
  stepWords,
  summaryWords,
  title,
} from "./names.js";
import { dueTag, waitingTimer } from "./ticking.js";

/** @typedef {import("./api.js").Case} Case */
/** @typedef {import("./api.js").Context} Context */
/** @typedef {import("./api.js").Summary} Summary */
/** @typedef {import("./store.js").Store} Store */

export class ContextView {
  /**
   * @param {Store} store
   * @param {{onCase: (reference: string) => void}} options
   */
  constructor(store, { onCase }) {
    this.store = store;
    this.onCase = onCase;
    this.sign = "";
  }

  draw() {
    const { store } = this;
    const ofCase = store.selectedCase !== null;
    const summary = ofCase ? (store.caseTalk?.conversation ?? null) : store.current;
    const context = (ofCase ? store.caseTalk : store.detail)?.context ?? null;
    byId("new-case").hidden = ofCase || summary === null;
    const sign = JSON.stringify([summary, context, ofCase && store.currentCase, store.listed, store.language]);
    if (sign === this.sign) return;
    this.sign = sign;
    const { words } = store;
    byId("context-cases").hidden = summary === null;
    if (summary === null) {
      const alone = ofCase && store.currentCase?.conversation_id === null;
      const nothing = ofCase ? "" : words[store.listed === "cases" ? "no_case_chosen" : "nothing_chosen"];
      byId("context-facts").replaceChildren(h("p", { class: "quiet" }, alone ? words.case_alone : nothing));
      byId("context-rest").replaceChildren();
      return;
    }
    byId("context-facts").replaceChildren(
      ...(ofCase ? [h("h3", {}, title(summary.id, words))] : []),
      h("dl", { class: "facts" }, ...this.facts(summary, context)),
      ...(context === null ? [] : this.slots(context)),
    );
    this.drawCases(context?.cases ?? []);
    byId("no-cases").hidden = context === null || context.cases.length > 0;
    const rest = context === null ? [] : [...this.intents(context), ...this.ratings(context), ...this.history(context)];
    byId("context-rest").replaceChildren(...rest);
  }

  /**
   * @param {Summary} summary
   * @param {Context | null} context
   */
  facts(summary, context) {
    const { store } = this;
    const { words } = store;
    const reason = summary.reason === null ? quiet(words.none) : reasonTag(summary.reason, words);
    const since = waitsSince(summary);
    return [
      ...fact(words.reason, reason),
      ...(summary.owner === "queue" && context?.position ? fact(words.position, String(context.position)) : []),
      ...(since === null ? [] : fact(words.unanswered, waitingTimer(since, store))),
      ...fact(words.customer_language, languageWords(summary.language)),
      ...fact(words.channel, channelOf(summary, words)),
      ...fact(words.began, moment(summary.created_at, store)),
      ...(context === null ? [] : this.proofs(context)),
    ];
  }

  /** @param {Context} context */
  proofs({ proof, failed_proofs }) {
    const { words } = this.store;
    const level = proof === null ? "" : named("proof", proof.level, words);
    const state =
      proof === null
        ? quiet(words.proof_none)
        : h("span", {}, proof.order_number, " ", h("span", { class: "tag good" }, h("span", {}, level)));
    const failed = failed_proofs > 0 ? h("span", { class: "tag warn" }, String(failed_proofs)) : "0";
    return [...fact(words.proof, state), ...fact(words.failed_proofs, failed)];
  }

  /** @param {Context} context */
  slots({ slots }) {
    const { words } = this.store;
    const told = Object.entries(slots).filter(([, value]) => value !== null && value !== "");
    if (told.length === 0) return [];
    const facts = told.flatMap(([name, value]) => {
      const says =
        typeof value === "boolean"
          ? words[value ? "yes" : "no"]
          : typeof value === "object"
            ? JSON.stringify(value)
            : String(value);
      return fact(named("slot", name, words), h("span", { class: "said" }, ...linkify(says)));
    });
    return [h("h3", {}, words.slots), h("dl", { class: "facts" }, ...facts)];
  }

  /** @param {Case[]} cases */
  drawCases(cases) {
    const { store } = this;
    const { words } = store;
    const shown = cases.map((each) => store.cases.get(each.reference) ?? each);
    byId("case-cards").replaceChildren(
      ...shown.map((known) => {
        const { reference, kind, summary, due_at } = known;
        const undone = store.isUndone(known);
        const open = () => this.onCase(reference);
        const here = reference === store.selectedCase;
        return h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              class: "case-card",
              "aria-current": here ? "true" : null,
              "data-reference": reference,
              click: open,
            },
            h("b", {}, named("kind", kind, words), " ", h("span", { class: "reference" }, reference)),
            h("span", { class: "snippet" }, summaryWords(summary, words)),
            h(
              "span",
              { class: "tags" },
              stateTag(known, words),
              priorityTag(known, words),
              undone && dueTag(due_at, store),
            ),
          ),
        );
      }),
    );
  }

  /** @param {Context} context */
  intents({ intents }) {
    const { words } = this.store;
    /** @type {{name: string, times: number}[]} what was said again and again stands once */
    const runs = [];
    for (const name of intents) {
      const last = runs.at(-1);
      if (last?.name === name) last.times += 1;
      else runs.push({ name, times: 1 });
    }
    const shown = runs.map(({ name, times }) =>
      h(
        "li",
        { class: "tag", title: name },
        h("span", {}, named("intent", name, words) + (times > 1 ? ` ×${times}` : "")),
      ),
    );
    return [
      h("h3", {}, words.intents),
      shown.length > 0 ? h("ul", { class: "tags" }, ...shown) : h("p", { class: "quiet" }, words.none),
    ];
  }

  /** @param {Context} context */
  ratings({ ratings }) {
    const { words, language } = this.store;
    if (ratings.length === 0) return [];
    const shown = ratings.map(({ stars, comment, at }) =>
      h(
        "li",
        {},
        h("p", {}, starsOf(stars, words), h("span", { class: "quiet" }, ` ${day(at, language)}`)),
        comment && h("p", { class: "said" }, comment),
      ),
    );
    return [h("h3", {}, words.ratings), h("ul", { class: "ratings" }, ...shown)];
  }

  /** @param {Context} context */
  history({ history }) {
    const { store } = this;
    const { words } = store;
    const steps = history.map((step) => h("li", {}, stepWords(step, store), h("p", {}, moment(step.at, store))));
    return [
      h("h3", {}, words.history),
      steps.length > 0 ? h("ol", { class: "history" }, ...steps) : h("p", { class: "quiet" }, words.history_empty),
    ];
  }
}

/**
 * A line of a list of facts.
 *
 * @param {string} name
 * @param {Node | string} value
 */
export function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}

/**
 * That there is nothing to say.
 *
 * @param {string} words
 */
export function quiet(words) {
  return h("span", { class: "quiet" }, words);
}
