/** Keep the screen from going dark, where the browser lets a page do that (over HTTPS). */
export function keepAwake() {
  const ask = () => {
    // Let go whenever the page is hidden; not given on low battery, say: then the system decides.
    if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}
