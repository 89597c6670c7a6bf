"""Prints how many messages a second one process stores for many senders, without sockets.

    python -m benchmarks.writers ours|stock SENDERS SECONDS

`ours` is chat's writer: messages are numbered, idempotent and published. `stock` is one insert per message, as in the
documentation of Channels: `database_sync_to_async(Message.objects.create)`, at Django's default settings.
"""

import asyncio
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.dialects import body


def ours() -> Callable[[int, int], Awaitable[Any]]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()

    from accounts.models import User
    from chat.log import messages
    from chat.log.writer import current_writer
    from chat.models import Room

    users = list(User.objects.filter(username__startswith="guest-bench-").order_by("pk")[:500])
    rooms = dict(Room.objects.filter(slug__startswith="small-").values_list("slug", "pk"))

    async def write(sender: int, number: int) -> Any:
        room = rooms[f"small-{sender // 5}"]
        change = await messages.post(room, users[sender], uuid.uuid4(), body(number), None)
        return await current_writer().submit(change)

    return write


def stock() -> Callable[[int, int], Awaitable[Any]]:
    from benchmarks.peers import stock as peer

    from channels.db import database_sync_to_async  # isort: skip - the settings come first

    create = database_sync_to_async(peer.Message.objects.create)

    async def write(sender: int, number: int) -> Any:
        return await create(room=f"small-{sender // 5}", body=body(number))

    return write


async def measure(write: Callable[[int, int], Awaitable[Any]], senders: int, seconds: float) -> float:
    """Return messages a second. Each sender waits for its message to be stored before the next."""
    written = 0
    began = time.perf_counter()
    until = began + seconds

    async def send(sender: int) -> None:
        nonlocal written
        number = 0
        while time.perf_counter() < until:
            await write(sender, number)
            number += 1
            written += 1

    await asyncio.gather(*[send(sender) for sender in range(senders)])
    return written / (time.perf_counter() - began)


if __name__ == "__main__":
    kind, senders, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    writes = ours() if kind == "ours" else stock()
    print(asyncio.run(measure(writes, senders, seconds)))
