/** Who is there: this agent's own switch, what customers can count on meanwhile, and the colleagues. */

import { byId, h, reconcile } from "/static/chat/shared/dom.js";
import { initial } from "/static/chat/shared/groups.js";
import { icon } from "/static/chat/shared/icons.js";
import { clockOrDay } from "/static/chat/shared/time.js";
import { fill } from "/static/chat/shared/words.js";
import { setAway } from "./api.js";

/** @typedef {import("./api.js").Colleague} Colleague */
/** @typedef {import("./store.js").Store} Store */

/** A short break is not worth alarming anybody. */
const BANNER_DELAY_MS = 1500;
const ORDER = ["there", "away", "gone"];

export class Presence {
  /**
   * @param {Store} store
   * @param {{onFailed: (error: unknown) => void, onReconnect: () => void}} options
   */
  constructor(store, { onFailed, onReconnect }) {
    this.store = store;
    this.onFailed = onFailed;
    this.onReconnect = onReconnect;
    this.last = Promise.resolve();
    this.bannerTimer = 0;
    this.bannerShown = "";
    byId("presence").addEventListener("click", () => this.toggle());
    byId("standing-act").addEventListener("click", () => {
      if (this.store.standing === "away") this.toggle();
      else this.onReconnect();
    });
    byId("show-team").prepend(icon("people"));
  }

  draw() {
    const { store } = this;
    const { words, standing, me } = store;
    const button = byId("presence");
    button.dataset.state = standing ?? "";
    button.setAttribute("aria-checked", String(me !== null && !me.away));
    byId("presence-words").textContent = words[standing === null ? "presence_connecting" : `presence_${standing}`];
    button.title = words[me?.away ? "presence_come" : "presence_go"];
    this.drawBanner();
    this.drawTeam();
  }

  drawBanner() {
    const { words, standing, live } = this.store;
    const wanted = standing === "away" || standing === "offline" ? `${standing} ${live}` : "";
    if (wanted !== this.bannerShown) {
      this.bannerShown = wanted;
      clearTimeout(this.bannerTimer);
      byId("standing").hidden = true;
      const pause = standing === "offline" ? BANNER_DELAY_MS : 0;
      if (wanted !== "") this.bannerTimer = setTimeout(() => this.showBanner(), pause);
    }
    if (!byId("standing").hidden) this.writeBanner();
    byId("standing-act").textContent = words[standing === "away" ? "presence_come" : "reconnect"];
  }

  showBanner() {
    byId("standing").hidden = false;
    this.writeBanner();
  }

  writeBanner() {
    const { words, standing, live } = this.store;
    byId("standing").dataset.state = standing ?? "";
    byId("standing-words").textContent =
      words[standing === "away" ? "shown_away" : live === "down" ? "shown_down" : "shown_offline"];
  }

  drawTeam() {
    const { agents, me, words } = this.store;
    const others = agents.filter(({ id, state }) => id !== me?.id && state === "there").length;
    byId("team-count").textContent = String(others);
    byId("show-team").setAttribute("aria-label", fill(words.team_count, { count: others }));
    byId("show-team").title = fill(words.team_count, { count: others });
    const sorted = [...agents].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
    reconcile(
      byId("team-list"),
      sorted.map((agent) => ({
        key: String(agent.id),
        sign: JSON.stringify([agent, me?.id, this.store.language]),
        build: () => this.colleague(agent),
      })),
    );
  }

  /** @param {Colleague} agent */
  colleague({ id, name, state, seen_at, open }) {
    const { words, language, me } = this.store;
    const seen =
      state === "gone" && seen_at !== null ? fill(words.last_seen, { time: clockOrDay(seen_at, language) }) : "";
    const says = [words[`presence_${state}`], seen, open > 0 ? fill(words.has_open, { count: open }) : ""];
    return h(
      "li",
      { "data-state": state },
      h("span", { class: "avatar person", "aria-hidden": "true" }, initial(name)),
      h(
        "span",
        { class: "colleague" },
        h("b", {}, id === me?.id ? `${name} (${words.you})` : name),
        h("span", {}, says.filter(Boolean).join(" · ")),
      ),
    );
  }

  /** At once on the screen; the server is told in the order in which the agent changed their mind. */
  toggle() {
    const { me } = this.store;
    if (me === null) return;
    const away = !me.away;
    me.away = away;
    this.store.changed();
    this.last = this.last.then(() => this.tell(me, away));
  }

  /**
   * @param {import("./api.js").Agent} me
   * @param {boolean} away
   */
  async tell(me, away) {
    try {
      await setAway(away);
    } catch (error) {
      if (me.away === away) me.away = !away;
      this.onFailed(error);
      this.store.changed();
    }
  }
}
