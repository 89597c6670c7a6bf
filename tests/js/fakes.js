/** A clock with timers that tests move, and a WebSocket whose server is the test. */
import { Person } from "realtime/person.js";

/** The person of sockets in tests, as in `FakeWebSocket.hello()`. */
export const nobody = () => new Person(null);

export class FakeTime {
  now = 1_000_000;
  ids = 0;
  /** @type {Map<number, {at: number, ring: () => void}>} */
  timers = new Map();

  setTimeout = (/** @type {() => void} */ ring, /** @type {number} */ milliseconds) => {
    this.timers.set(++this.ids, { at: this.now + milliseconds, ring });
    return this.ids;
  };

  clearTimeout = (/** @type {number} */ id) => {
    this.timers.delete(id);
  };

  /** Let `seconds` pass; run due timers in order. */
  pass(/** @type {number} */ seconds) {
    const end = this.now + seconds * 1000;
    for (;;) {
      const [due] = [...this.timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (!due) break;
      this.timers.delete(due[0]);
      this.now = due[1].at;
      due[1].ring();
    }
    this.now = end;
  }

  /** Let the machine sleep: time passes, but no timer runs. */
  suspend(/** @type {number} */ seconds) {
    this.now += seconds * 1000;
  }
}

export class FakeWebSocket {
  /** @type {FakeWebSocket[]} */
  static lines = [];
  /** @type {((frame: {data: string}) => void) | null} */
  onmessage = null;
  /** @type {((close: {code: number}) => void) | null} */
  onclose = null;
  /** @type {any[]} */
  sent = [];
  hungUp = false;

  constructor(/** @type {string} */ address) {
    this.address = address;
    FakeWebSocket.lines.push(this);
  }

  static get newest() {
    return FakeWebSocket.lines[FakeWebSocket.lines.length - 1];
  }

  send(/** @type {string} */ text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.hungUp = true;
  }

  /** The server sends. */
  give(/** @type {object} */ event) {
    this.onmessage?.({ data: JSON.stringify(event) });
  }

  hello(/** @type {object} */ more = {}) {
    this.give({ type: "hello", protocol: 1, user: null, now: "2026-11-20T12:00:00.000Z", heartbeat: 25, ...more });
  }

  /** The connection breaks, or the server closes it. */
  cut(/** @type {number} */ code) {
    this.onclose?.({ code });
  }
}

/** Something like `window`: a location, a document that can be hidden, events. */
export class FakePage extends EventTarget {
  location = { protocol: "https:", host: "chat.example" };
  document = Object.assign(new EventTarget(), { visibilityState: "visible" });
}

/** Let promises that are ready run. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));
