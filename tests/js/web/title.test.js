import assert from "node:assert/strict";
import { after, test } from "node:test";
import { FakeElement, pretend } from "../pages.js";

const site = new FakeElement({ getAttribute: () => "Switchboard" });
const document = Object.assign(new FakeElement({ parts: { "meta[name=application-name]": site } }), { title: "# lobby · Switchboard" });
const restore = pretend({ document });
const { countInTitle, nameTitle } = await import("web/title.js");
after(() => restore());

test("the count stands in front of what is shown", () => {
  countInTitle("3");
  assert.equal(document.title, "(3) # lobby · Switchboard");
  nameTitle("# kitchen $&");
  assert.equal(document.title, "(3) # kitchen $& · Switchboard");
  countInTitle("");
  assert.equal(document.title, "# kitchen $& · Switchboard");
});
