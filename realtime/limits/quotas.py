"""How many commands, and how much reading, one person may use over all of their sockets and HTTP calls.

Each process has a bucket per payer and answers from it at once. With Redis, each process reports ten times a second
what was spent in it, and sets its buckets to what all processes together have left. Between two reports a process does
not know what the others allowed, so a payer gets at most `processes × burst + (seconds + 0.1) × rate`. What was allowed
too much is a debt that must refill first, so over time the rate is exact. While Redis is away, each process limits on
its own. How much one may spend is set in config/settings.py, from COMMAND_BURST on.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from realtime.limits.buckets import Buckets, network_of

log = logging.getLogger(__name__)

#: A program, the screens of a wall, and the strangers behind one address get this many times a person's share.
MANY: Final = 5
#: All guests of one address together get this many times a person's share.
GUESTS: Final = 10
#: Seconds between two reports to Redis; how many seconds one may take; how many payers one covers.
EVERY: Final = 0.1
PATIENCE: Final = 1.0
CHUNK: Final = 200
#: Subtracts what each payer spent from the shared bucket; returns what is left in each.
SHARE: Final = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local left = {}
for i, key in ipairs(KEYS) do
    local burst, rate, spent = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
    local kept = redis.call('HMGET', key, 'tokens', 'at')
    local tokens, at = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
    tokens = math.min(burst, tokens + math.max(0, now - at) * rate) - spent
    redis.call('HSET', key, 'tokens', tostring(tokens), 'at', tostring(now))
    redis.call('PEXPIRE', key, math.ceil((burst - tokens) / rate * 1000) + 1000)
    left[i] = tostring(tokens)
end
return left
"""


#: All quotas.
QUOTAS: "Final[list[Quota]]" = []


class Payer(NamedTuple):
    """Who pays: the bucket's name, how many people's share it holds, and a second payer, `along`, who pays the same."""

    name: str
    times: int = 1
    along: "Payer | None" = None

    @property
    def is_stranger(self) -> bool:
        return self.name.startswith("address.")


def payer_of(user: Any, address: str) -> Payer:
    """Return who pays: the signed-in person or bot, else all strangers of an address together.

    One person can be many guests, so all guests of an address also share a bucket.
    """
    if user is None or not user.is_authenticated:
        return Payer(f"address.{network_of(address)}", MANY)
    if user.is_guest:
        return Payer(f"user.{user.pk}", along=Payer(f"guests.{network_of(address)}", GUESTS))
    return Payer(f"user.{user.pk}", MANY if user.is_bot else 1)


class Spent(NamedTuple):
    """What a payer has spent since the last report to Redis, from a bucket of this burst and rate."""

    name: str
    burst: float
    rate: float
    tokens: float


class Quota(Buckets):
    """A bucket per payer, shared by all processes. `limits` returns a person's burst and rate."""

    def __init__(self, name: str, limits: Callable[[], tuple[float, float]]) -> None:
        super().__init__(*limits())
        QUOTAS.append(self)
        self.name = name
        self._limits = limits
        self._spent: dict[str, float] = {}  # what was not reported to Redis yet, by the payer's name

    def limits(self) -> tuple[float, float]:
        return self._limits()

    def pay(self, payer: Payer) -> float:
        """Take one token and return 0; when there is none, return the seconds until there is one."""
        now = time.monotonic()
        with self._lock:
            wait = self._wait(payer, now)
            if not wait:
                self._spend(payer, now, 1)
            return wait

    def wait(self, payer: Payer) -> float:
        """Return the seconds until there is a token, without taking one."""
        now = time.monotonic()
        with self._lock:
            return self._wait(payer, now)

    def spend_seconds(self, payer: Payer, seconds: float) -> None:
        """Take what refills in this many seconds, so that work of that length uses up the payer's share of the time."""
        self.spend(payer, seconds * self.limits()[1])

    def spend(self, payer: Payer, cost: float) -> None:
        """Take `cost` tokens, known only after the work, even when fewer are there."""
        now = time.monotonic()
        with self._lock:
            self._spend(payer, now, cost)

    def _wait(self, payer: Payer, now: float) -> float:
        wait = self._bucket(payer.name, now, payer.times).wait(now)
        return wait if payer.along is None else max(wait, self._wait(payer.along, now))

    def _spend(self, payer: Payer, now: float, cost: float) -> None:
        name = payer.name
        self._bucket(name, now, payer.times).spend(now, cost)
        self._spent[name] = self._spent.get(name, 0) + cost
        if payer.along is not None:
            self._spend(payer.along, now, cost)

    def take_spent(self) -> list[Spent]:
        """Return what was spent since the last call."""
        with self._lock:
            spent, self._spent = self._spent, {}
            known = [(name, self._buckets.get(name), tokens) for name, tokens in spent.items()]
        return [Spent(name, bucket.burst, bucket.rate, tokens) for name, bucket, tokens in known if bucket]

    def set_left(self, left: Mapping[str, float]) -> None:
        """Set each named bucket to what all processes together have left, once Redis has what `take_spent` returned."""
        now = time.monotonic()
        with self._lock:
            for name, tokens in left.items():
                if bucket := self._buckets.get(name):
                    bucket.set(now, tokens - self._spent.get(name, 0))

    def reset(self) -> None:
        """Forget everything; for tests."""
        with self._lock:
            self._buckets, self._spent = {}, {}


#: Four quotas: commands on sockets and HTTP calls that change something; other calls, pages too; opened sockets; and
#: bytes that are read (messages, boards, pages).
commands: Final = Quota("commands", lambda: (settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND))
lookups: Final = Quota("lookups", lambda: (settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND))
openings: Final = Quota("openings", lambda: (settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND))
reading: Final = Quota("reading", lambda: (settings.READ_BURST, settings.READ_BYTES_PER_SECOND))


async def keep_sharing() -> None:
    """Share the buckets with the other processes through Redis; runs in every server process until it stops."""
    redis = Redis.from_url(settings.REDIS_URL or "", socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    well = True
    try:
        while True:
            await asyncio.sleep(EVERY)
            try:
                for quota in QUOTAS:
                    await share(redis, quota)
            except (RedisError, OSError) as error:
                if well:
                    log.warning("Limits are this process's own while Redis is away: %s", error)
                well = False
            else:
                well = True
    finally:
        await redis.aclose()


async def share(redis: Any, quota: Quota) -> None:
    """Report to Redis what was spent here, and learn what is left.

    Raises RedisError; what was not reported is forgotten.
    """
    script = redis.register_script(SHARE)
    spent = quota.take_spent()
    for start in range(0, len(spent), CHUNK):
        chunk = spent[start : start + CHUNK]
        keys = [f"{settings.REDIS_PREFIX}:{quota.name}:{each.name}" for each in chunk]
        numbers = [number for each in chunk for number in (each.burst, each.rate, each.tokens)]
        left = await script(keys, numbers)
        quota.set_left({each.name: float(tokens) for each, tokens in zip(chunk, left, strict=True)})
