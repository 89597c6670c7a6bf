import { uuid } from "web/uuid.js";

/** Example frames for each endpoint, with new ids each time. */

/** @typedef {{name: string, frame: () => string}} Example */

const json = (/** @type {string} */ name, /** @type {() => object} */ command) => ({
  name,
  frame: () => JSON.stringify(command(), null, 2),
});

const PING = json("ping", () => ({ type: "ping", ref: "10" }));

const ECHO = [{ name: "hello", frame: () => "Hello, is anybody there?" }, { name: "json", frame: () => '{"any": "text"}' }];

const CHAT = [
  json("join", () => ({ type: "join", ref: "1", room: "lobby" })),
  json("resume", () => ({ type: "join", ref: "2", room: "lobby", after: 0, limit: 10 })),
  json("send", () => ({ type: "send", ref: "3", room: "lobby", id: uuid(), body: "Hello from the **console**" })),
  json("edit", () => ({ type: "edit", ref: "4", room: "lobby", seq: 1, body: "Said better" })),
  json("react", () => ({ type: "react", ref: "5", room: "lobby", seq: 1, emoji: "👍", on: true })),
  json("read", () => ({ type: "read", room: "lobby", seq: 1 })),
  json("typing", () => ({ type: "typing", room: "lobby" })),
  json("leave", () => ({ type: "leave", ref: "6", room: "lobby" })),
  json("roulette.enter", () => ({ type: "roulette.enter", ref: "7", tags: ["tea"] })),
  json("roulette.leave", () => ({ type: "roulette.leave", ref: "8" })),
  PING,
  json("unknown", () => ({ type: "teleport", ref: "9" })),
  { name: "broken", frame: () => '{"type": "join", "room": ' },
];

/** @returns {Example[]} at least one */
export function examplesFor(/** @type {string} */ path) {
  if (path.startsWith("/ws/chat/")) return CHAT;
  if (path.startsWith("/ws/echo/")) return ECHO;
  return [PING];
}
