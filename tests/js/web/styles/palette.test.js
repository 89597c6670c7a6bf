/** The palette as people without red, green or blue cones see it (Viénot 1999 for the first two, Brettel 1997 simplified). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../../../../web/static/web/styles/tokens.css", import.meta.url), "utf8");
const themes = { light: css.slice(0, css.indexOf("@media")), dark: css.slice(css.indexOf('[data-theme="dark"]')) };

/** @returns {number[]} linear red, green, blue of a token */
function token(/** @type {"light" | "dark"} */ theme, /** @type {string} */ name) {
  const value = new RegExp(`--${name}: ([^;]+);`).exec(themes[theme])?.[1] ?? new RegExp(`--${name}: ([^;]+);`).exec(css)?.[1] ?? "";
  const other = /^var\(--([\w-]+)\)/.exec(value);
  if (other) return token(theme, other[1]);
  return [1, 3, 5].map((at) => parseInt(value.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
}

const EYES = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
  deutan: [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
  tritan: [[1, 0.1446, -0.1446], [0, 0.8592, 0.1408], [0, 0.8592, 0.1408]],
};

/** CIE Lab of linear RGB. */
function lab(/** @type {number[]} */ [r, g, b]) {
  const xyz = [(0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505, 0.2126 * r + 0.7152 * g + 0.0722 * b, (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089];
  const [x, y, z] = xyz.map((part) => (part > 0.008856 ? Math.cbrt(part) : 7.787 * part + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** How far apart two colours are to these eyes: below 10 they are hard to tell. */
function distance(/** @type {number[][]} */ eyes, /** @type {number[]} */ one, /** @type {number[]} */ other) {
  const [a, b] = [one, other].map((rgb) => lab(eyes.map((row) => Math.max(0, row.reduce((sum, part, index) => sum + part * rgb[index], 0)))));
  return Math.hypot(...a.map((part, index) => part - b[index]));
}

for (const theme of /** @type {const} */ (["light", "dark"])) {
  for (const [name, eyes] of Object.entries(EYES)) {
    const apart = (/** @type {string[]} */ names) =>
      names.flatMap((one, index) => names.slice(index + 1).map((other) => ({ pair: `${one} ${other}`, far: distance(eyes, token(theme, one), token(theme, other)) })));
    test(`the lines of a chart are told apart by ${name} eyes, ${theme}`, () => {
      assert.deepEqual(apart(["line-1", "line-2", "line-3", "line-4"]).filter(({ far }) => far < 20), []);
    });
    test(`well, warning and critical are told apart by ${name} eyes, ${theme}`, () => {
      assert.deepEqual(apart(["ok", "warn", "crit"]).filter(({ far }) => far < 10), []);
    });
  }
}
