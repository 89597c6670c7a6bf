import assert from "node:assert/strict";
import { test } from "node:test";
import { uuid } from "web/uuid.js";

test("ids are version 4 UUIDs", () => {
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(uuid(), uuid());
});
