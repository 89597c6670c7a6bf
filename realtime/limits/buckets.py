"""Token buckets. Pure: the caller gives the time."""

import ipaddress
import threading
from typing import Final

#: Buckets above which the full ones are forgotten.
SWEEP: Final = 10_000


def network_of(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, or the 64 bits of an IPv6 one that a network gives to each."""
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
        """Return the seconds from `now` (monotonic) until there is a token; 0 when there is one."""
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self.rate

    def take(self, now: float) -> float:
        """Take one token at `now`; return 0, or the seconds until there is one."""
        wait = self.wait(now)
        if not wait:
            self._tokens -= 1
        return wait

    def spend(self, now: float, cost: float) -> None:
        """Take `cost` tokens, there or not: what is missing must come back before the next one."""
        self.wait(now)
        self._tokens -= cost

    def set(self, now: float, tokens: float) -> None:
        """Hold `tokens` from `now` on."""
        self._tokens, self._at = min(self.burst, tokens), now

    def is_full(self, now: float) -> bool:
        """True when nothing was taken for so long that the bucket can be forgotten."""
        return self._tokens + (now - self._at) * self.rate >= self.burst


class Buckets:
    """A bucket per key (an address, a token), forgotten when full again. For any thread."""

    def __init__(self, burst: float, rate: float) -> None:
        self.burst = burst
        self.rate = rate
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}
        self._sweep_at = SWEEP
        self.sweeps = 0  # how often the full ones were looked for

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: float) -> float:
        """Take one token of `key`; return 0, or the seconds until there is one."""
        with self._lock:
            return self._bucket(key, now).take(now)

    def limits(self) -> tuple[float, float]:
        """Return burst and rate of a new bucket."""
        return self.burst, self.rate

    def _bucket(self, key: str, now: float, times: int = 1) -> Bucket:
        """Return the bucket of `key`; a new one holds so many times as much as others."""
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) > self._sweep_at:
                self.sweeps += 1
                self._buckets = {name: bucket for name, bucket in self._buckets.items() if not bucket.is_full(now)}
                self._sweep_at = max(SWEEP, 2 * len(self._buckets))  # or a flood of keys would have us sweep at each
            burst, rate = self.limits()
            bucket = self._buckets[key] = Bucket(burst * times, rate * times, now)
        return bucket
