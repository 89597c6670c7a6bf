import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { showPage, turnByKeys } from "boards/full/paging.js";
import { FakeDocument, FakeElement, pretend } from "../../pages.js";

/** @type {FakeElement} */
let told;
/** @type {FakeDocument} */
let page;
/** @type {number[]} which way pages were turned */
let turned;
let restore = () => {};

const view = (/** @type {number} */ count) => /** @type {any} */ ({ page: 0, pagesOf: () => Array.from({ length: count }, () => []) });
const rotation = /** @type {any} */ ({ page: () => 1, turnPage: (/** @type {number} */ step) => turned.push(step) });

beforeEach(() => {
  turned = [];
  told = new FakeElement();
  page = new FakeDocument({ parts: { "[data-page]": told } });
  restore = pretend({ document: page });
});
afterEach(() => restore());

test("the page whose turn it is, is shown and named", () => {
  const board = view(3);
  showPage(board, rotation, 0);
  assert.deepEqual([board.page, told.textContent], [1, "page 2 / 3"]);
});

test("a board with one page shows that, whatever the rotation says, and names none", () => {
  const board = view(1);
  told.textContent = "page 2 / 3";
  showPage(board, rotation, 0);
  assert.deepEqual([board.page, told.textContent], [0, ""]);
});

test("the arrow keys turn pages, and what is shown is looked at then", () => {
  let looks = 0;
  turnByKeys(view(2), rotation, () => 0, () => (looks += 1));
  page.happens("keydown", { key: "ArrowRight" });
  page.happens("keydown", { key: "ArrowLeft" });
  assert.deepEqual([turned, looks], [[1, -1], 2]);
});

test("other keys, keys of the browser, and boards with one page turn nothing", () => {
  turnByKeys(view(2), rotation, () => 0, () => {});
  for (const more of [{ key: "a" }, { key: "ArrowUp" }, ...["ctrlKey", "metaKey", "altKey"].map((held) => ({ key: "ArrowRight", [held]: true }))]) {
    page.happens("keydown", more);
  }
  turnByKeys(view(1), rotation, () => 0, () => assert.fail());
  assert.deepEqual(turned, []);
});
