/** Computes a proof of work where it holds nothing up. */

import { search } from "./work.js";

const STEP = 10_000;

addEventListener("message", ({ data }) => {
  /** @type {string | null} */
  let solution = null;
  for (let from = 0; solution === null; from += STEP) solution = search(data, from, STEP);
  postMessage(solution);
});
