/**
 * How a command fails.
 *
 * @typedef {{type: string, [field: string]: any}} Event an object of the wire protocol, either way
 */

/** The server answered a command with `error`. */
export class CommandError extends Error {
  /** @param {Event} event */
  constructor(event) {
    super(event.detail || event.code);
    this.name = "CommandError";
    this.event = event;
    /** @type {string} */
    this.code = event.code;
    /** @type {number | null} seconds */
    this.retryAfter = event.retry_after ?? null;
  }
}

/** The connection was lost before the reply came: whether the command was carried out is unknown. */
export class Disconnected extends Error {
  constructor() {
    super("The connection was lost.");
    this.name = "Disconnected";
  }
}
