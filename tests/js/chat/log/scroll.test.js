import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Scroll } from "chat/log/scroll.js";
import { FakeElement, pretend } from "../../pages.js";

const HEIGHT = 500;
/** Pixels of one message. */
const ROW = 100;

/** A list of messages as a browser lays it out: the box is at the top of the window, `scrollTop` of it is above. */
class List extends FakeElement {
  clientWidth = 300;
  clientHeight = HEIGHT;
  /** @type {number[]} seqs, oldest first */
  seqs = [];
  #top = 0;

  get scrollHeight() {
    return this.seqs.length * ROW;
  }

  get scrollTop() {
    return this.#top;
  }

  set scrollTop(top) {
    this.#top = Math.max(0, Math.min(top, this.scrollHeight - this.clientHeight));
  }

  querySelectorAll() {
    return this.seqs.map((seq, index) => this.#row(seq, index));
  }

  querySelector(/** @type {string} */ selector) {
    const seq = Number(/"(\d+)"/.exec(selector)?.[1]);
    return this.seqs.includes(seq) ? this.#row(seq, this.seqs.indexOf(seq)) : null;
  }

  getBoundingClientRect() {
    return { left: 0, top: 0, width: 300, height: this.clientHeight, right: 300, bottom: this.clientHeight };
  }

  #row(/** @type {number} */ seq, /** @type {number} */ index) {
    return new FakeElement({
      dataset: { seq: String(seq) },
      box: { left: 0, top: index * ROW - this.#top, width: 300, height: ROW },
      scrollIntoView: () => (this.scrollTop = index * ROW - (this.clientHeight - ROW) / 2),
    });
  }
}

const seqs = (/** @type {number} */ from, /** @type {number} */ to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** @type {List} */
let list;
/** @type {Scroll} */
let place;
let resized = () => {};
let scrolls = 0;
let restore = () => {};

beforeEach(() => {
  class ResizeObserver {
    constructor(/** @type {() => void} */ act) {
      resized = act;
    }
    observe() {}
    disconnect() {
      resized = () => assert.fail("it was stopped");
    }
  }
  restore = pretend({ ResizeObserver });
  list = new List();
  list.seqs = seqs(11, 30);
  place = new Scroll();
  scrolls = 0;
  place.watch(/** @type {any} */ (list), () => (scrolls += 1));
  place.begin(null);
});
afterEach(() => restore());

/** The list changes as it does when it is drawn again. */
function change(/** @type {number[]} */ now) {
  place.remember();
  list.seqs = now;
  return place.restore();
}
const scrollTo = (/** @type {number} */ top) => {
  list.scrollTop = top;
  list.happens("scroll");
};

test("a reader at the end stays there as messages come", () => {
  assert.equal(list.scrollTop, 1500);
  change(seqs(11, 35));
  assert.equal(list.scrollTop, 2000);
  assert.equal(place.atEnd, true);
});

test("a reader further up stays where they read, whatever comes above and below", () => {
  scrollTo(730);
  change(seqs(1, 40));
  assert.equal(list.scrollTop, 1730);
  assert.equal(place.atEnd, false);
});

test("that holds for messages that go, too; when the one at the top goes it says so", () => {
  scrollTo(730);
  change(seqs(15, 40));
  assert.equal(list.scrollTop, 330);
  assert.equal(change(seqs(25, 40)), false);
});

test("near enough to the end counts as the end, unless the list goes on after it", () => {
  scrollTo(1453);
  assert.equal(place.atEnd, true);
  scrollTo(1452);
  assert.equal(place.atEnd, false);
  place.whole = false;
  scrollTo(1500);
  assert.equal(place.atEnd, false);
});

test("who shows the list hears when the reader scrolls", () => {
  scrollTo(0);
  assert.equal(scrolls, 1);
});

test("it tells once that the reader has come to the end or left it", () => {
  assert.equal(place.turned(), false);
  scrollTo(0);
  assert.deepEqual([place.turned(), place.turned()], [true, false]);
});

test("a box that gets smaller keeps the reader at the end, or the same message at the top", () => {
  list.clientHeight = 300;
  resized();
  assert.equal(list.scrollTop, 1700);
  scrollTo(730);
  list.seqs.unshift(1);
  list.clientHeight = 400;
  list.happens("scroll"); // the browser tells of this before it tells of the size
  assert.equal(list.scrollTop, 830);
});

test("the first view is the end, or where the news begins when that is further up", () => {
  place.begin(/** @type {any} */ (new FakeElement({ box: { left: 0, top: 200, width: 1, height: 1 } })));
  assert.deepEqual([list.scrollTop, place.atEnd], [1500, true]);
  place.begin(/** @type {any} */ (new FakeElement({ box: { left: 0, top: -700, width: 1, height: 1 } })));
  assert.deepEqual([list.scrollTop, place.atEnd], [776, false]);
});

test("the last message that can be seen whole counts as read; so does one that fills the view", () => {
  assert.equal(place.lastSeen(), 30);
  scrollTo(730);
  assert.equal(place.lastSeen(), 22);
  list.clientHeight = 60;
  scrollTo(720);
  assert.equal(place.lastSeen(), 18);
});

test("near the ends more is wanted", () => {
  assert.deepEqual([place.nearStart, place.nearEnd], [false, true]);
  scrollTo(399);
  assert.deepEqual([place.nearStart, place.nearEnd], [true, false]);
  scrollTo(1100);
  assert.deepEqual([place.nearStart, place.nearEnd], [false, false]);
});

test("a jump to a message leaves the end, and what stands in the middle stays there", () => {
  place.to(/** @type {any} */ (list.querySelector('"15"')));
  assert.deepEqual([list.scrollTop, place.atEnd], [200, false]);
  change(seqs(1, 30));
  assert.equal(list.scrollTop, 1200);
});

test("once stopped it watches no sizes; without a box it does nothing", () => {
  place.stop();
  assert.throws(resized, /stopped/);
  const none = new Scroll();
  none.toEnd();
  assert.deepEqual([none.restore(), none.lastSeen(), none.nearStart, none.nearEnd], [true, 0, false, false]);
});
