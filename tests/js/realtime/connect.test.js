import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { connect, openBare } from "realtime/connect.js";
import { Person } from "realtime/person.js";
import { ADA, GRACE } from "../messages.js";
import { pretend } from "../pages.js";

class Bare extends EventTarget {
  /** @type {number[]} */
  closed = [];
  constructor(/** @type {string} */ address, /** @type {string[]} */ protocols) {
    super();
    Object.assign(this, { address, protocols });
  }
  close(/** @type {number} */ code) {
    this.closed.push(code);
  }
}

let restore = () => {};
beforeEach(() => {
  restore = pretend({ WebSocket: Bare, location: { protocol: "https:", host: "hub.example" } });
});
afterEach(() => restore());

const open = (/** @type {Person} */ person) => /** @type {any} */ (openBare("/ws/echo/", person));
const give = (/** @type {Bare} */ socket, /** @type {any} */ data) => socket.dispatchEvent(Object.assign(new Event("message"), { data }));

test("a connection is encrypted where the page is", () => {
  const address = (/** @type {string} */ protocol) => /** @type {any} */ (connect("/ws/chat/", { protocol, host: "hub.example:8000" })).address;
  assert.deepEqual([address("https:"), address("http:")], ["wss://hub.example:8000/ws/chat/", "ws://hub.example:8000/ws/chat/"]);
});

test("it offers the subprotocols that it is given", () => {
  const made = /** @type {any} */ (connect("/", { protocol: "http:", host: "h" }, /** @type {any} */ (Bare), ["switchboard", "token"]));
  assert.deepEqual(made.protocols, ["switchboard", "token"]);
});

test("a bare socket goes on for its person, whatever comes", () => {
  const socket = open(new Person(ADA));
  give(socket, JSON.stringify({ type: "hello", user: ADA }));
  give(socket, "no JSON");
  give(socket, new ArrayBuffer(3));
  give(socket, JSON.stringify({ type: "echo", user: GRACE }));
  assert.deepEqual(socket.closed, []);
});

test("it is closed when the server says, or the page hears, that somebody else is signed in", () => {
  const person = new Person(ADA);
  const [told, other] = [open(person), open(person)];
  give(told, JSON.stringify({ type: "hello", user: GRACE }));
  assert.equal(person.isGone, true);
  assert.ok(told.closed.includes(1000));
  assert.deepEqual(other.closed, [1000]);
});

test("one that is closed listens to nobody any more", () => {
  const person = new Person(ADA);
  const socket = open(person);
  socket.dispatchEvent(new Event("close"));
  person.meets(GRACE);
  assert.deepEqual(socket.closed, []);
});
