/**
 * Import this before uPlot, which asks Intl for the browser's language as it loads: a WebKit kiosk without a locale says "C",
 * which is none, and no board would show.
 */
import { LOCALE } from "web/time.js";

try {
  new Intl.Locale(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: LOCALE });
}
