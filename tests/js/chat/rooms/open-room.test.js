import assert from "node:assert/strict";
import { after, afterEach, beforeEach, test } from "node:test";
import { ADA, saidAll } from "../../messages.js";
import { FakePage, FakeWebSocket, settle } from "../../fakes.js";
import { FakeDocument, FakeElement, pretend } from "../../pages.js";

/** @type {{method: string, path: string, body: any}[]} */
let asked = [];
const page = new FakePage();
const restore = pretend({
  document: new FakeDocument({ parts: { "#me": new FakeElement({ textContent: JSON.stringify(ADA) }) } }),
  addEventListener: page.addEventListener.bind(page),
  location: page.location,
  WebSocket: FakeWebSocket,
  BroadcastChannel: undefined,
  fetch: async (/** @type {string} */ path, /** @type {any} */ { method, body }) => {
    asked.push({ method, path, body: body && JSON.parse(body) });
    return { status: 200, ok: true, headers: new Headers(), json: async () => ({ seq: 9, rev: 9, messages: saidAll(1, 1) }) };
  },
});

const { openRoom } = await import("chat/rooms/open-room.js");
const { socket } = await import("chat/rooms/connection.js");
const { openRooms, outbox } = await import("chat/outbox/sending.js");

const line = () => FakeWebSocket.newest;
const sent = (/** @type {string} */ type) => line().sent.filter((each) => each.type === type).at(-1);
/** @type {ReturnType<typeof openRoom>} */
let roomState;

beforeEach(() => {
  asked = [];
  socket.open();
  line().hello({ user: ADA });
  roomState = openRoom("lobby");
});
afterEach(() => {
  roomState.stop();
  socket.close();
});
after(() => restore());

async function join(/** @type {object} */ reply = {}) {
  line().give({ ref: sent("join").ref, type: "joined", room: "lobby", rev: 0, seq: 0, read: 0, messages: [], complete: true, online: [], count: 1, ...reply });
  await settle();
}
const send = () => openRooms.get("lobby")?.({ id: "id-1", body: "Hello" }) ?? assert.fail("The room is not open.");

test("a message goes through the socket once the room is here", async () => {
  await join();
  const sending = send();
  assert.deepEqual({ ...sent("send"), ref: "" }, { type: "send", ref: "", room: "lobby", id: "id-1", body: "Hello" });
  line().give({ type: "ack", ref: sent("send").ref, seq: 4 });
  assert.equal((await sending).seq, 4);
  assert.deepEqual(asked, []);
});

test("before the room has caught up nothing is sent", async () => {
  await assert.rejects(send(), { name: "Disconnected" });
  assert.deepEqual([sent("send"), asked.length], [undefined, 0]);
});

test("who is shut out asks by HTTP, whose answer says why; and what waits is tried at once", async (context) => {
  const flush = context.mock.method(outbox, "flush", async () => {});
  line().give({ ref: sent("join").ref, type: "error", code: "forbidden", detail: "No." });
  await settle();
  assert.equal(roomState.phase, "shut");
  assert.deepEqual(flush.mock.calls.map((call) => call.arguments[0]), ["lobby"]);
  await send();
  assert.deepEqual(asked.map(({ method, path }) => [method, path]), [["POST", "/api/rooms/lobby/messages/"]]);
});

test("history is read by HTTP", async () => {
  await roomState.history.read({ before: 5, limit: 50 });
  assert.equal(asked[0].path, "/api/rooms/lobby/messages/?before=5&limit=50");
});

test("a room that was left sends no more, but one that was opened again meanwhile does", () => {
  const again = openRoom("lobby");
  roomState.stop();
  assert.equal(openRooms.has("lobby"), true);
  again.stop();
  assert.equal(openRooms.has("lobby"), false);
});
