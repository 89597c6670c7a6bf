/** The data that the server gave this page, the page's person, and requests to the server. */
import { Person } from "realtime/person.js";

/** The JSON that the template stored under `id` (Django's json_script); null when there is none. */
export function given(/** @type {string} */ id) {
  return JSON.parse(globalThis.document?.getElementById(id)?.textContent ?? "null");
}

/**
 * Milliseconds that an answer may take. A server that hangs must not block what waits for it, such as unsent messages.
 */
const PATIENCE_MS = 30_000;

/** @param {string} path @param {RequestInit} request @throws {TypeError} no answer came */
async function load(path, request) {
  const patience = new AbortController();
  const alarm = setTimeout(() => patience.abort(new TypeError("The server does not answer.")), PATIENCE_MS);
  try {
    const answer = await fetch(path, { ...request, signal: patience.signal });
    const found = answer.status === 204 ? null : await answer.json().catch(() => null);
    patience.signal.throwIfAborted();
    return { answer, found };
  } finally {
    clearTimeout(alarm);
  }
}

/** The page's person. When somebody else is signed in, the page sends nothing more, over sockets or HTTP. */
export const person = new Person(given("me"), async () => {
  const { found } = await load("/api/session/", { headers: { Accept: "application/json" } });
  return found?.user;
});

/** An HTTP request that the server refused. */
export class RequestError extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, detail?: string, field?: string, retry_after?: number}} error
   * @param {string | null} [retryAfter] the header
   * @param {any} [body] the whole answer of the server
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

const ANOTHER_PERSON = { code: "another_person", detail: "Somebody else is signed in in this browser now." };

const csrfToken = () =>
  // The cookie first: signing in changes it, and the page may be older.
  document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ??
  document.querySelector("[name=csrfmiddlewaretoken]")?.getAttribute("value") ??
  "";

/**
 * Ask our own server. Resolves with the JSON of the answer (null when it is empty).
 * @param {"GET" | "POST" | "PUT" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body] sent as JSON
 * @throws {RequestError} the server refused, or (`another_person`) somebody other than the page's person is signed in
 * @throws {TypeError} the server could not be reached, or did not answer
 */
export async function ask(method, path, body) {
  const headers = /** @type {Record<string, string>} */ ({ Accept: "application/json" });
  if (person.isGone) throw new RequestError(409, ANOTHER_PERSON);
  if (person.user) headers["X-Switchboard-User"] = String(person.user.id);
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const { answer, found } = await load(path, { method, headers, body: sent, credentials: "same-origin" });
  if (found?.error?.code === ANOTHER_PERSON.code) person.meets(found.user);
  if (!answer.ok) throw new RequestError(answer.status, found?.error ?? {}, answer.headers.get("Retry-After"), found);
  return found;
}
