import assert from "node:assert/strict";
import { test } from "node:test";
import { goodFor, untilChanged } from "walls/code-watch.js";

/** Run the watch against these answers. @param {(import("walls/code-watch.js").Told | Error)[]} answers */
async function watched(answers) {
  /** @type {number[]} */
  const waits = [];
  /** @type {string[]} */
  const said = [];
  await untilChanged("BCD-FGH", {
    ask: async () => {
      const answer = answers.shift();
      if (!answer || answer instanceof Error) throw answer;
      return answer;
    },
    wait: async (seconds) => waits.push(seconds),
    say: (sentence) => said.push(sentence),
  });
  assert.deepEqual(answers, []);
  return { waits, said };
}

test("a screen looks every two seconds until its code is entered", async () => {
  const waiting = { code: "BCD-FGH", seconds: 540 };
  const { waits, said } = await watched([waiting, waiting, { code: null }]);
  assert.deepEqual(waits, [2, 2, 2]);
  assert.match(said[0], /9 minutes/);
});

test("another code, which another tab has got, is to be shown", async () => {
  assert.deepEqual((await watched([{ code: "KLM-NPQ", seconds: 600 }])).said, []);
});

test("a server that is away is waited for, ever longer, and the screen says so", async () => {
  const gone = new TypeError("no network");
  const { waits, said } = await watched([gone, gone, gone, { code: "BCD-FGH", seconds: 60 }, { code: null }]);
  assert.deepEqual(waits, [2, 4, 8, 10, 2]);
  assert.match(said[0], /Not connected/);
  assert.match(said[3], /within a minute/);
});

test("how long a code is good is told in minutes, rounded up", () => {
  assert.match(goodFor(61), /2 minutes/);
  assert.match(goodFor(60), /within a minute/);
});
