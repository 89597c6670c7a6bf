/**
 * Seconds to wait before attempt `attempt` (0, 1, 2 …): full jitter, so that a thousand clients of a
 * server that comes back do not arrive together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param {number} attempt how many attempts have failed in a row before this one
 * @param {{base?: number, cap?: number, random?: () => number}} [options] seconds
 */
export function backoff(attempt, { base = 1, cap = 30, random = Math.random } = {}) {
  return random() * Math.min(cap, base * 2 ** Math.min(attempt, 30));
}
