/** What the server gave this page, and requests back to it. */

/** The JSON that the template put under `id` (Django's json_script); null when there is none. */
export function given(/** @type {string} */ id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null");
}

/** An HTTP request that the server refused. */
export class RequestError extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, detail?: string, field?: string, retry_after?: number}} error
   * @param {string | null} [retryAfter] the header
   * @param {any} [body] all that the server answered
   */
  constructor(status, error, retryAfter = null, body = null) {
    super(error.detail ?? `The server answered ${status}. Try again in a moment.`);
    this.name = "RequestError";
    this.status = status;
    this.code = error.code ?? "internal";
    this.body = body;
    /** @type {number | null} seconds */
    this.retryAfter = error.retry_after ?? (Number(retryAfter) || null);
  }
}

const csrfToken = () =>
  document.querySelector("[name=csrfmiddlewaretoken]")?.getAttribute("value") ??
  document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ??
  "";

/**
 * Ask our own server. Resolves with the JSON of the answer (null when it is empty).
 * @param {"GET" | "POST" | "PUT" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body] sent as JSON
 * @throws {RequestError} the server refused
 * @throws {TypeError} the server could not be reached
 */
export async function ask(method, path, body) {
  const headers = /** @type {Record<string, string>} */ ({ Accept: "application/json" });
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
  });
  const found = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new RequestError(answer.status, found?.error ?? {}, answer.headers.get("Retry-After"), found);
  return found;
}
