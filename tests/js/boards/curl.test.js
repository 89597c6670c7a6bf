import assert from "node:assert/strict";
import { test } from "node:test";
import { curlLine } from "boards/curl.js";

test("a line names the stream's address and has a value of its kind, which is JSON", () => {
  const line = curlLine({ slug: "orders", kind: "number" }, "https://hub.example");
  assert.equal(line, `curl -X POST https://hub.example/api/streams/orders/ -H 'Authorization: Bearer TOKEN' -d '{"value": 42}'`);
  for (const kind of /** @type {const} */ (["number", "text", "status", "table", "series"])) {
    const [, json] = / -d '(.*)'$/.exec(curlLine({ slug: "s", kind }, "")) ?? [];
    assert.notEqual(JSON.parse(json).value, undefined, kind);
  }
});
