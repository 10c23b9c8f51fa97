/**
 * The proof of work that lets a newcomer in while many come from its address: a decimal number such that the SHA-256 of
 * "<challenge>.<number>" begins with so many zero bits.
 */

import { sha256 } from "./sha256.js";

/** @typedef {{challenge: string, bits: number}} Challenge */

/** Short enough that nobody notices while typing. */
const SLICE_MS = 8;
const STEP = 200;
const encoder = new TextEncoder();

/**
 * Aside in a worker; in slices between everything else where a worker cannot be had.
 *
 * @param {Challenge} challenge
 * @returns {Promise<string>}
 */
export function solve(challenge) {
  return solveAside(challenge).catch(() => solveInSlices(challenge));
}

/**
 * @param {Challenge} challenge
 * @returns {Promise<string>} rejects where workers are forbidden or modules in them unknown
 */
async function solveAside(challenge) {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }) => resolve(data));
      worker.addEventListener("error", reject);
      worker.postMessage(challenge);
    });
  } finally {
    worker.terminate();
  }
}

/**
 * @param {Challenge} challenge
 * @returns {Promise<string>}
 */
async function solveInSlices(challenge) {
  let end = performance.now() + SLICE_MS;
  for (let from = 0; ; from += STEP) {
    const solution = search(challenge, from, STEP);
    if (solution !== null) return solution;
    if (performance.now() < end) continue;
    await new Promise((resolve) => setTimeout(resolve));
    end = performance.now() + SLICE_MS;
  }
}

/**
 * @param {Challenge} challenge
 * @param {number} from the first number to try
 * @param {number} count how many to try
 * @returns {string | null} null if none of them solves it
 */
export function search({ challenge, bits }, from, count) {
  for (let number = from; number < from + count; number += 1) {
    const text = `${challenge}.${number}`;
    if (leadingZeros(sha256(encoder.encode(text))) >= bits) return text;
  }
  return null;
}

/** @param {Int32Array} digest */
function leadingZeros(digest) {
  const first = digest.findIndex((word) => word !== 0);
  return first < 0 ? 256 : 32 * first + Math.clz32(digest[first]);
}
