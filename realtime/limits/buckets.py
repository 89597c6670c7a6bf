"""Token buckets. Pure: the caller gives the time."""

import ipaddress
import threading
from typing import Final

#: With more buckets than this, the full ones are forgotten.
SWEEP: Final = 10_000


def network_of(address: str) -> str:
    """Return the network that counts as one caller.

    It is an IPv4 address, or the first 64 bits of an IPv6 address (one customer's network).
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # no address: a local socket
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


class Bucket:
    """`burst` at once, then `rate` a second."""

    __slots__ = ("_at", "_tokens", "burst", "rate")

    def __init__(self, burst: float, rate: float, now: float) -> None:
        self.burst = burst
        self.rate = rate
        self._tokens = burst
        self._at = now

    def wait(self, now: float) -> float:
        """Return the seconds from `now` (monotonic) until a token is there; 0 when one is."""
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self.rate

    def take(self, now: float) -> float:
        """Take one token at `now` and return 0; when there is none, return the seconds until there is one."""
        wait = self.wait(now)
        if not wait:
            self._tokens -= 1
        return wait

    def spend(self, now: float, cost: float) -> None:
        """Take `cost` tokens even when fewer are there: the debt must refill before the next token."""
        self.wait(now)
        self._tokens -= cost

    def set(self, now: float, tokens: float) -> None:
        """Set the bucket to `tokens` at `now`."""
        self._tokens, self._at = min(self.burst, tokens), now

    def is_full(self, now: float) -> bool:
        """True when the bucket has refilled, so that it can be forgotten."""
        return self._tokens + (now - self._at) * self.rate >= self.burst


class Buckets:
    """A bucket per key (an address, a token), forgotten when full again. Thread-safe."""

    def __init__(self, burst: float, rate: float) -> None:
        self.burst = burst
        self.rate = rate
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}
        self._sweep_at = SWEEP
        self.sweeps = 0  # how often the full ones were searched for

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: float) -> float:
        """Take one token of `key` and return 0; when there is none, return the seconds until there is one."""
        with self._lock:
            return self._bucket(key, now).take(now)

    def limits(self) -> tuple[float, float]:
        """Return the burst and the rate of a new bucket."""
        return self.burst, self.rate

    def _bucket(self, key: str, now: float, times: int = 1) -> Bucket:
        """Return the bucket of `key`. A new one holds `times` as much as an ordinary one."""
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) > self._sweep_at:
                self.sweeps += 1
                self._buckets = {name: bucket for name, bucket in self._buckets.items() if not bucket.is_full(now)}
                # otherwise a flood of new keys would cause a sweep for each
                self._sweep_at = max(SWEEP, 2 * len(self._buckets))
            burst, rate = self.limits()
            bucket = self._buckets[key] = Bucket(burst * times, rate * times, now)
        return bucket
