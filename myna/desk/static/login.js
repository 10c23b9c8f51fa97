/** Signing in, with what went wrong said beside the fields. */

import { byId } from "/static/chat/shared/dom.js";
import { ApiError } from "/static/chat/shared/http.js";
import { logIn } from "./api.js";

/** @typedef {import("./store.js").Store} Store */

export class Login {
  /**
   * @param {Store} store
   * @param {{onAgent: (agent: import("./api.js").Agent) => void}} options
   */
  constructor(store, { onAgent }) {
    this.store = store;
    this.onAgent = onAgent;
    this.name = /** @type {HTMLInputElement} */ (byId("login-name"));
    this.password = /** @type {HTMLInputElement} */ (byId("login-password"));
    this.button = /** @type {HTMLButtonElement} */ (byId("login-button"));
    this.again = false;
    this.problem = "";
    byId("login-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
  }

  /** @param {boolean} again whether a session has just ended */
  show(again) {
    this.again = again;
    this.problem = "";
    byId("login").hidden = false;
    this.draw();
    (this.name.value === "" ? this.name : this.password).focus();
  }

  hide() {
    byId("login").hidden = true;
    this.password.value = "";
  }

  draw() {
    const { words } = this.store;
    byId("login-lead").textContent = words[this.again ? "login_again" : "login_lead"];
    const error = byId("login-error");
    error.hidden = this.problem === "";
    error.textContent = words[this.problem] ?? "";
    const wrong = this.problem === "login_wrong" || this.problem === "login_missing";
    for (const input of [this.name, this.password]) input.setAttribute("aria-invalid", String(wrong));
  }

  async submit() {
    const login = this.name.value.trim();
    if (login === "" || this.password.value === "") {
      this.fail("login_missing");
      (login === "" ? this.name : this.password).focus();
      return;
    }
    this.button.disabled = true;
    try {
      const agent = await logIn(login, this.password.value);
      this.hide();
      this.onAgent(agent);
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      const problems = { 401: "login_wrong", 403: "login_wrong", 429: "login_often" };
      this.fail(problems[/** @type {401 | 403 | 429} */ (status)] ?? "login_unreachable");
      this.password.select();
    } finally {
      this.button.disabled = false;
    }
  }

  /** @param {string} problem */
  fail(problem) {
    this.problem = problem;
    this.draw();
  }
}
