/** What is open, kept in the address: it survives a reload, and the phone's back button folds columns. */

/** @typedef {{id: string | null, reference: string | null, pane: "list" | "talk" | "context"}} Route a conversation or a case */

const CASES = "cases";

/** @returns {Route} */
export function route() {
  const [, ...parts] = location.hash.slice(1).split("/").map(decodeURIComponent);
  const ofCase = parts[0] === CASES;
  const [name, below] = ofCase ? parts.slice(1) : parts;
  if (name === undefined || name === "") return { id: null, reference: null, pane: "list" };
  const pane = below === "details" ? "context" : "talk";
  return ofCase ? { id: null, reference: name, pane } : { id: name, reference: null, pane };
}

/**
 * Going deeper adds a step to the browser's history; going sideways, from one of a list to another, does not.
 *
 * @param {{id?: string | null, reference?: string | null, pane: Route["pane"]}} to
 */
export function go({ id = null, reference = null, pane }) {
  const from = route();
  const depth = Number(history.state?.depth ?? 0);
  const sideways = from.pane === pane && (reference === null ? from.id !== null : from.reference !== null);
  if (sideways) history.replaceState({ depth }, "", address(id, reference, pane));
  else history.pushState({ depth: depth + 1 }, "", address(id, reference, pane));
  dispatchEvent(new PopStateEvent("popstate"));
}

/** One column back. */
export function back() {
  if (Number(history.state?.depth ?? 0) > 0) {
    history.back();
    return;
  }
  const { id, reference, pane } = route();
  const hash = pane === "context" ? address(id, reference, "talk") : "#";
  history.replaceState({ depth: 0 }, "", hash);
  dispatchEvent(new PopStateEvent("popstate"));
}

/**
 * @param {string | null} id
 * @param {string | null} reference
 * @param {Route["pane"]} pane
 */
function address(id, reference, pane) {
  if (id === null && reference === null) return "#";
  const name = reference === null ? encodeURIComponent(id ?? "") : `${CASES}/${encodeURIComponent(reference)}`;
  return `#/${name}${pane === "context" ? "/details" : ""}`;
}
