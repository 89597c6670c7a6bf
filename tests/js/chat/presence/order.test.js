import assert from "node:assert/strict";
import { test } from "node:test";
import { inOrder } from "chat/presence/order.js";
import { ADA, BO, GRACE, LIN } from "../../messages.js";

const names = (/** @type {any[]} */ people, /** @type {number} */ me) => inOrder(people, me).map(({ name }) => name);

test("oneself comes first, the others by name", () => {
  assert.deepEqual(names([LIN, GRACE, BO, ADA], GRACE.id), ["Grace", "Ada Moor", "Bo", "Lin"]);
  assert.deepEqual(names([LIN, BO, ADA], 99), ["Ada Moor", "Bo", "Lin"]);
});

test("two of one name stand in the order of their ids, and the list that was given stays as it is", () => {
  const given = [{ ...BO, id: 9 }, { ...BO, id: 8 }];
  assert.deepEqual(inOrder(given, 1).map(({ id }) => id), [8, 9]);
  assert.equal(given[0].id, 9);
});
