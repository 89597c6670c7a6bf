/** A screen reports what it shows, for the list of screens. */

/** Seconds between reports. */
const EVERY = 15;

/**
 * Report from now on, every 15 seconds.
 * @param {import("realtime/socket.js").Socket} socket
 * @param {string} build of this page
 * @param {() => string} board what is shown; "" for nothing
 * @returns {() => void} reports at once
 */
export function keepReporting(socket, build, board) {
  let paintedAt = performance.now();
  const report = () => {
    socket.send({ type: "report", board: board(), build, painted: (performance.now() - paintedAt) / 1000 });
    // Only when the browser paints.
    requestAnimationFrame(() => (paintedAt = performance.now()));
  };
  setInterval(report, EVERY * 1000);
  socket.onLive(report);
  return report;
}
