"""The limit on a person's sockets over all processes: when there are too many, the oldest close.

When a person's sockets have changed, a process tells Redis when each was opened. Redis answers with a time: older
sockets must close. What a process told counts while it renews its sign of life. Without Redis, and while Redis is away,
each process counts its own sockets (`SocketConsumer`).
"""

import asyncio
import logging
import time
from typing import Any, Final

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from realtime import process
from realtime.delivery.hub import Hub, current_hub
from realtime.delivery.publish import Delivery, Publication, publish
from realtime.wire.protocol import encode

log = logging.getLogger(__name__)

#: Seconds between two reports to Redis; how many seconds one may take; how many people one covers.
EVERY: Final = 0.1
PATIENCE: Final = 1.0
CHUNK: Final = 200
#: Seconds between two signs of life; how many seconds one is valid.
LIVES_EVERY: Final = 5.0
LIVES_FOR: Final = 15
#: Stores the times of one person's sockets in one process. Returns the time before which sockets must close, or "".
COUNT: Final = """
local prefix, own, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
redis.call('HDEL', KEYS[1], own)
if #ARGV > 3 then
    redis.call('HSET', KEYS[1], own, table.concat(ARGV, ' ', 4))
    redis.call('EXPIRE', KEYS[1], 2592000)
end
local times = {}
local kept = redis.call('HGETALL', KEYS[1])
for i = 1, #kept, 2 do
    if kept[i] == own or redis.call('EXISTS', prefix .. kept[i]) == 1 then
        for opened in string.gmatch(kept[i + 1], '%S+') do table.insert(times, opened) end
    else
        redis.call('HDEL', KEYS[1], kept[i])
    end
end
if #times <= most then return '' end
table.sort(times, function(a, b) return tonumber(a) < tonumber(b) end)
return times[#times - most + 1]
"""


def changed(hub: Hub, user: Any) -> None:
    """Note that a socket of the user with this primary key has opened or ended."""
    if settings.REDIS_URL:
        hub.changed_users[user] = None


async def keep_counting() -> None:
    """Count people's sockets together with the other processes; runs in every process with Redis until it stops."""
    redis = Redis.from_url(settings.REDIS_URL or "", socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    counter = Counter(redis, current_hub())
    try:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await counter.count()
            except (RedisError, OSError) as error:
                log.debug("Sockets are counted by each process while Redis is away: %s", error)
    finally:
        await redis.aclose()


class Counter:
    """Reports this process's sockets to Redis."""

    def __init__(self, redis: Any, hub: Hub) -> None:
        self._redis = redis
        self._hub = hub
        self._script = redis.register_script(COUNT)
        self._prefix = f"{settings.REDIS_PREFIX}:process:"
        self._lived_at = -LIVES_EVERY

    async def count(self) -> None:
        """Report what has changed, and close the sockets that are too many. Raises RedisError; then call it again."""
        await self._live()
        users = list(self._hub.changed_users)
        for chunk in (users[start : start + CHUNK] for start in range(0, len(users), CHUNK)):
            pipeline = self._redis.pipeline(transaction=False)
            for user in chunk:
                own = self._hub.connections_of.get(user, ())
                opened = [each.opened_at for each in own if not each.connection.closed]
                arguments = [self._prefix, process.PROCESS_ID, settings.CONNECTIONS_PER_USER, *map(repr, opened)]
                await self._script([f"{settings.REDIS_PREFIX}:sockets:{user}"], arguments, client=pipeline)
                self._hub.changed_users.pop(user, None)
            try:
                limits = await pipeline.execute()
            except BaseException:
                self._hub.changed_users.update(dict.fromkeys(chunk))
                raise
            await publish(
                Publication(f"user.{user}", Delivery.CONTROL, encode({"do": "make_room", "before": float(limit)}))
                for user, limit in zip(chunk, limits, strict=True)
                if limit
            )

    async def _live(self) -> None:
        """Renew the sign of life. When Redis had lost it, it lost the reports too: send all of them again."""
        now = time.monotonic()
        if now - self._lived_at < LIVES_EVERY:
            return
        known = await self._redis.set(self._prefix + process.PROCESS_ID, 1, ex=LIVES_FOR, get=True)
        self._lived_at = now
        if known is None:
            self._hub.changed_users.update(dict.fromkeys(self._hub.connections_of))
