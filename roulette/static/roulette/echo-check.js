import { person } from "web/page.js";
import { Socket } from "realtime/socket.js";

const PATIENCE_MS = 6000;

/**
 * Send something to the echo endpoint and wait for it to come back.
 * @returns {Promise<number>} the round trip in milliseconds
 * @throws {Error} nothing came back in time
 */
export function checkConnection() {
  const socket = new Socket("/ws/echo/", { person });
  return /** @type {Promise<number>} */ (
    new Promise((resolve, reject) => {
      const patience = setTimeout(() => reject(new Error("No echo.")), PATIENCE_MS);
      let sentAt = 0;
      socket.onLive(() => {
        sentAt = performance.now();
        socket.send({ type: "check" });
      });
      socket.on("echo", () => {
        clearTimeout(patience);
        resolve(performance.now() - sentAt);
      });
      socket.open();
    })
  ).finally(() => socket.close());
}
