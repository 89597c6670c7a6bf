/**
 * Import this before uPlot, which passes the browser's language to Intl as it loads. A WebKit kiosk without a locale
 * reports "C", which Intl rejects, and no board would show.
 */
import { LOCALE } from "web/time.js";

try {
  new Intl.Locale(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: LOCALE });
}
