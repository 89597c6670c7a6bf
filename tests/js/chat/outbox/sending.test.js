import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { ADA } from "../../messages.js";
import { settle } from "../../fakes.js";
import { FakeDocument, FakeElement, pretend } from "../../pages.js";

const browser = new FakeElement();
const me = new FakeElement({ textContent: JSON.stringify(ADA) });
/** @type {{path: string, body: any}[]} */
let posted = [];
/** @type {() => {status: number, body: any}} */
let serve = () => ({ status: 200, body: { seq: 1 } });
const restore = pretend({
  document: new FakeDocument({ parts: { "#me": me } }),
  addEventListener: browser.addEventListener.bind(browser),
  BroadcastChannel: undefined,
  fetch: async (/** @type {string} */ path, /** @type {any} */ { body }) => {
    posted.push({ path, body: JSON.parse(body) });
    const answer = serve();
    return { status: answer.status, ok: answer.status < 400, headers: new Headers(), json: async () => answer.body };
  },
});
after(() => restore());

const { messagesOf, openRooms, outbox } = await import("chat/outbox/sending.js");

beforeEach(() => {
  posted = [];
  openRooms.clear();
  serve = () => ({ status: 200, body: { seq: 1 } });
});

/** @returns {any} */
const entry = (/** @type {object} */ more = {}) => ({ room: "lobby", id: "id-1", body: "Hello", replyTo: null, ...more });

test("the outbox is that of the page's person", () => assert.equal(outbox.user, ADA.id));

test("a room's address has its name as text", () => assert.equal(messagesOf("a/b"), "/api/rooms/a%2Fb/messages/"));

test("a message to a room that is not open here goes by HTTP", async () => {
  assert.deepEqual(await outbox.deliver(entry()), { seq: 1 });
  assert.deepEqual(posted, [{ path: "/api/rooms/lobby/messages/", body: { id: "id-1", body: "Hello" } }]);
  await outbox.deliver(entry({ replyTo: 5 }));
  assert.deepEqual(posted[1].body, { id: "id-1", body: "Hello", reply_to: 5 });
});

test("one to a room that is open here goes as the room sends, and not by HTTP as well", async () => {
  openRooms.set("lobby", async (message) => ({ seq: 7, message }));
  assert.deepEqual(await outbox.deliver(entry()), /** @type {any} */ ({ seq: 7, message: { id: "id-1", body: "Hello" } }));
  openRooms.set("lobby", () => Promise.reject(new Error("not now")));
  await assert.rejects(outbox.deliver(entry()), /not now/);
  assert.deepEqual(posted, []);
});

test("what the server refuses is refused; what a proxy says means that nobody knows", async () => {
  serve = () => ({ status: 403, body: { error: { code: "forbidden", detail: "No." } } });
  await assert.rejects(outbox.deliver(entry()), { name: "RequestError", code: "forbidden" });
  serve = () => ({ status: 502, body: null });
  await assert.rejects(outbox.deliver(entry()), TypeError);
});

test("a network that is back has all that waits sent, and a page that would lose some asks before it closes", async (context) => {
  const flush = context.mock.method(outbox, "flushAll", async () => {});
  browser.happens("online");
  assert.equal(flush.mock.callCount(), 1);
  let wouldLose = false;
  context.mock.getter(outbox, "wouldLose", () => wouldLose);
  assert.equal(browser.happens("beforeunload").defaultPrevented, false);
  wouldLose = true;
  assert.equal(browser.happens("beforeunload").defaultPrevented, true);
  await settle();
});
