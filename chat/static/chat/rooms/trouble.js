/** The error of an action that is not retried, as a sentence. */
import { Disconnected } from "realtime/errors.js";

export function sentence(/** @type {unknown} */ error) {
  if (error instanceof Disconnected) return "Not done: the connection is down. Try again when it is back.";
  const { message, retryAfter } = /** @type {import("realtime/errors.js").CommandError} */ (error);
  return `${message}${retryAfter ? ` Try again in ${Math.ceil(retryAfter)} s.` : ""}`;
}
