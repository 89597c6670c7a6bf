/** The one place that opens WebSockets, always to our own server. */

/**
 * Open a WebSocket that is encrypted as the page is.
 * @param {string} path
 * @param {{protocol: string, host: string}} location the page's
 * @returns {WebSocket}
 */
export function connect(path, { protocol, host }, WebSocket = globalThis.WebSocket, protocols = /** @type {string[]} */ ([])) {
  return new WebSocket(`${protocol === "https:" ? "wss:" : "ws:"}//${host}${path}`, protocols);
}

/**
 * Open a bare WebSocket. It is closed when somebody other than `person` is signed in; the caller handles all else.
 * @param {string} path e.g. "/ws/echo/"
 * @param {import("./person.js").Person} person
 */
export function openBare(path, person) {
  const socket = connect(path, globalThis.location);
  const close = () => socket.close(1000);
  const end = person.onGone(close);
  socket.addEventListener("close", end);
  socket.addEventListener("message", ({ data }) => {
    if (typeof data !== "string" || !data.startsWith('{"type":"hello"')) return;
    if (!person.meets(JSON.parse(data).user)) close();
  });
  return socket;
}
