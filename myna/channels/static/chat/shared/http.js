/** JSON over HTTP with a time limit and one kind of error. */

const TIMEOUT_MS = 15_000;

/** Why a request did not do what was asked. */
export class ApiError extends Error {
  /**
   * @param {number} status 0: no answer (no network, or the time limit passed)
   * @param {string} code the server's own name of the error, "" if it gave none
   * @param {any} body the answer, null if it was not JSON
   * @param {number} retryAfter seconds which the server asks us to wait, 0 if it does not
   */
  constructor(status, code, body, retryAfter) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    this.body = body;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may well succeed later. */
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @param {"GET" | "POST" | "PATCH"} method
 * @param {string} url
 * @param {unknown} [body] sent as JSON
 * @param {{headers?: Record<string, string>, keepalive?: boolean}} [options] keepalive: survives leaving the page
 * @returns {Promise<any>} the JSON answer, null if it was empty
 * @throws {ApiError}
 */
export async function request(method, url, body, { headers = {}, keepalive = false } = {}) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method,
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      keepalive,
      signal: limit.signal,
    });
    const answer = await response.json().catch(() => null);
    if (response.ok) return answer;
    const wait = Number(response.headers.get("Retry-After") ?? 0);
    throw new ApiError(response.status, answer?.error?.code ?? "", answer, Number.isFinite(wait) ? wait : 0);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(0, "", null, 0);
  } finally {
    clearTimeout(timer);
  }
}
