/** Which conversation is open, kept in the address: it survives a reload, and the phone's back button folds columns. */

/** @typedef {{id: string | null, pane: "list" | "talk" | "context"}} Route */

/** @returns {Route} */
export function route() {
  const [, id, pane] = location.hash.slice(1).split("/");
  if (id === undefined || id === "") return { id: null, pane: "list" };
  return { id: decodeURIComponent(id), pane: pane === "details" ? "context" : "talk" };
}

/**
 * Going deeper adds a step to the browser's history; going sideways, from one conversation to another, does not.
 *
 * @param {Route} to
 */
export function go({ id, pane }) {
  const from = route();
  const hash = id === null ? "#" : `#/${encodeURIComponent(id)}${pane === "context" ? "/details" : ""}`;
  const depth = Number(history.state?.depth ?? 0);
  if (from.pane === pane && from.id !== null) history.replaceState({ depth }, "", hash);
  else history.pushState({ depth: depth + 1 }, "", hash);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** One column back. */
export function back() {
  if (Number(history.state?.depth ?? 0) > 0) {
    history.back();
    return;
  }
  const { id, pane } = route();
  const hash = pane === "context" && id !== null ? `#/${encodeURIComponent(id)}` : "#";
  history.replaceState({ depth: 0 }, "", hash);
  dispatchEvent(new PopStateEvent("popstate"));
}
