/** The page is in English; dates, times and numbers are as is usual where the reader lives. */
import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "Europe/Oslo";
Object.assign(globalThis, { document: {} });
const AT = "2026-11-20T15:58:07.123Z";
const seen = (/** @type {string} */ text) => text.replaceAll(/[\u202f\u00a0]/g, " ");

function speak(/** @type {string} */ language) {
  Object.defineProperty(globalThis, "navigator", { value: { language }, configurable: true });
}

/** The modules as a page has them in a browser that speaks `language`. */
async function read(/** @type {string} */ language) {
  speak(language);
  return import(`../../../web/static/web/time.js?${language}`);
}

test("twelve hours where that is usual, and twenty-four elsewhere", async () => {
  const shown = {
    "en-US": ["4:58 PM", "4:58:07 PM", "Nov 20", "Nov 20, 2026, 4:58 PM"],
    "en-GB": ["16:58", "16:58:07", "20 Nov", "20 Nov 2026, 16:58"],
    "de-DE": ["16:58", "16:58:07", "20 Nov", "20 Nov 2026, 16:58"],
    "fr": ["16:58", "16:58:07", "20 Nov", "20 Nov 2026, 16:58"],
    C: ["16:58", "16:58:07", "20 Nov", "20 Nov 2026, 16:58"],
  };
  for (const [language, texts] of Object.entries(shown)) {
    const { clockTime, clockSeconds, shortDate, shortTime } = await read(language);
    assert.deepEqual([clockTime, clockSeconds, shortDate, shortTime].map((tell) => seen(tell(AT))), texts, language);
  }
});

test("days have English names everywhere, as all other words of the page", async () => {
  for (const language of ["de-DE", "ja-JP", "ar-EG", "nb-NO", "pt-BR"]) {
    const { dayLabel, wholeTime } = await read(language);
    assert.match(dayLabel("2026-11-18T10:00:00Z", AT), /Wednesday/);
    assert.match(wholeTime(AT), /^Friday.*2026/);
  }
});

test("numbers have the reader's point, and the digits of the page", async () => {
  speak("de-DE");
  const { grouped, showText } = await import("../../../web/static/web/format.js");
  assert.equal(grouped(12345.678, 2), "12.345,68");
  assert.equal(seen(showText(0.5)), "0,5");
  const { localeFor } = await read("ar-EG");
  assert.equal(new Intl.NumberFormat(localeFor("ar-EG")).format(123), "123");
});
