import assert from "node:assert/strict";
import { test } from "node:test";
import { curlCommand } from "boards/curl.js";

test("a command names the stream's address and has a value of its kind, which is JSON", () => {
  const command = curlCommand({ slug: "orders", kind: "number" }, "https://hub.example");
  assert.equal(command, `curl -X POST https://hub.example/api/streams/orders/ -H 'Authorization: Bearer TOKEN' -d '{"value": 42}'`);
  for (const kind of /** @type {const} */ (["number", "text", "status", "table", "series"])) {
    const [, json] = / -d '(.*)'$/.exec(curlCommand({ slug: "s", kind }, "")) ?? [];
    assert.notEqual(JSON.parse(json).value, undefined, kind);
  }
});
