/** Everything around the conversation: the shop's header, the welcome, who is with the customer, the connection. */

import { byId, h } from "./shared/dom.js";
import { initial } from "./shared/groups.js";
import { bird, icon } from "./shared/icons.js";
import { fill, writeWords } from "./shared/words.js";

/** @typedef {import("./api.js").Conversation} Conversation */
/** @typedef {import("./api.js").Shop} Shop */
/** @typedef {import("./shared/live.js").LiveState} LiveState */
/** @typedef {import("./shared/words.js").Language} Language */

/** A short break is not worth alarming anybody. */
const BAR_DELAY_MS = 700;

/** @type {readonly [string, string][]} icon and words */
const FACTS = [["bolt", "fact_fast"], ["person", "fact_person"], ["shield", "fact_safe"]];
const EXAMPLES = ["example_1", "example_2", "example_3", "example_4"];

export class Frame {
  /** @param {{onExample: (text: string) => void}} options */
  constructor({ onExample }) {
    this.onExample = onExample;
    this.barTimer = 0;
    byId("assistant-avatar").append(bird());
    byId("typing-avatar").append(bird());
  }

  /**
   * @param {Language} language
   * @param {Record<string, string>} words
   * @param {Shop | null} shop
   */
  speak(language, words, shop) {
    const names = { shop: shop?.name ?? "…", assistant: shop?.assistant_name ?? "Myna" };
    document.documentElement.lang = language;
    writeWords(document, words, names);
    byId("assistant-name").textContent = names.assistant;
    byId("shop-name").textContent = shop?.name ?? "";
    byId("shop-mark").textContent = [...(shop?.name ?? "")][0]?.toLocaleUpperCase() ?? "";
    byId("facts").replaceChildren(...FACTS.map(([name, key]) => h("li", {}, icon(name), h("span", {}, words[key]))));
    for (const input of byId("langs").querySelectorAll("input")) input.checked = input.value === language;
    byId("intro").replaceChildren(
      h("div", { class: "avatar", "aria-hidden": "true" }, bird()),
      h("h3", {}, fill(words.intro, names)),
      h("p", {}, words.intro_more),
      h("div", { class: "examples" }, ...EXAMPLES.map((key) => this.example(words[key]))),
    );
  }

  /** @param {string} text */
  example(text) {
    return h("button", { type: "button", class: "pill", click: () => this.onExample(text) }, text);
  }

  /**
   * @param {Conversation} conversation
   * @param {Record<string, string>} words
   * @param {LiveState | null} live
   */
  drawOwner({ owner, agent, position }, words, live) {
    const state = byId("assistant-state");
    const down = live === "down";
    const key = { bot: "assistant_up", nobody: "assistant_up", queue: "queue_state", human: "human_state" }[owner];
    state.textContent = words[down ? "assistant_down" : key];
    state.classList.toggle("up", !down && owner !== "queue");
    const banner = byId("owner");
    const name = agent ?? words.colleague;
    const mark = owner === "human" ? h("div", { class: "avatar person", "aria-hidden": "true" }, initial(name)) : icon("person");
    const queue = position === undefined ? words.queue_banner : fill(words.queue_position, { position });
    const says = owner === "human" ? fill(words.human_banner, { agent: name }) : queue;
    banner.hidden = owner !== "human" && owner !== "queue";
    if (banner.hidden) banner.replaceChildren();
    else if (banner.textContent !== (owner === "human" ? initial(name) : "") + says) banner.replaceChildren(mark, h("p", {}, says));
  }

  /**
   * @param {LiveState} live
   * @param {Record<string, string>} words
   */
  drawConnection(live, words) {
    const bar = byId("connection");
    clearTimeout(this.barTimer);
    if (live !== "down") {
      bar.hidden = true;
      return;
    }
    this.barTimer = setTimeout(() => {
      bar.textContent = navigator.onLine ? words.reconnecting : words.offline;
      bar.hidden = false;
    }, BAR_DELAY_MS);
  }
}
