import assert from "node:assert/strict";
import { test } from "node:test";
import { countBelow } from "boards/cut.js";

test("rows below what is seen are counted without a look at each", () => {
  for (const count of [0, 1, 7, 2000]) {
    for (const whole of [0, 1, 3, 7, 1999, 2000]) {
      let looks = 0;
      const bottomAt = (/** @type {number} */ index) => ((looks += 1), (index + 1) * 20);
      assert.equal(countBelow(count, bottomAt, whole * 20), Math.max(0, count - whole));
      assert.ok(looks <= 12, `${looks} looks`);
    }
  }
});
