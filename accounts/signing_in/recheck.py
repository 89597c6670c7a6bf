"""Checks sockets against the database now and then: the event that should have closed one may have been lost."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from accounts.models import User
from accounts.signing_in.sessions import is_of, read_sessions
from realtime.consumers import SocketConsumer
from realtime.delivery.hub import current_hub
from realtime.storage.database import in_database

Look = Callable[[Collection[SocketConsumer]], Awaitable[None]]
SignIn = tuple[int, str | None]  # user id, session key (None: by token)

#: Seconds between two checks: of all sockets of this process; of all while the channel layer fails; of new ones.
EVERY: Final = 15.0
EVERY_SICK: Final = 5.0
EVERY_NEW: Final = 1.0
#: How many sockets one check covers: reading a thousand sessions at once would block everything for 50 ms.
AT_ONCE: Final = 100
#: Seconds after which a new socket is checked: its sign-in could have ended while it opened.
NEW: Final = 2.0


async def keep_looking(look: Look) -> None:
    """Call `look` with all sockets now and then, and soon with new ones. Never returns."""
    hub = current_hub()
    last = last_of_all = time.monotonic()
    while True:
        await asyncio.sleep(EVERY_NEW)
        now = time.monotonic()
        if now - last_of_all >= (EVERY_SICK if hub.sick else EVERY):
            last_of_all = now
            sockets = list(hub.connections)
        else:
            sockets = [each for each in hub.connections if last < each.since + NEW <= now]
        for place in range(0, len(sockets), AT_ONCE):
            await look(sockets[place : place + AT_ONCE])
        last = now


async def recheck_sign_ins(sockets: Collection[SocketConsumer]) -> None:
    """Close those of `sockets` whose session has ended or whose account is closed."""
    sign_ins = {each: (each.user.pk, each.scope.get("session")) for each in sockets if each.user is not None}
    if not sign_ins:
        return
    closed, ended = await lapsed(set(sign_ins.values()))
    for socket, sign_in in sign_ins.items():
        if sign_in in closed:
            await socket.control("", {"do": "banned"})
        elif sign_in in ended:
            await socket.control("", {"do": "signed_out", "session": None})


@in_database
def lapsed(sign_ins: set[SignIn]) -> tuple[set[SignIn], set[SignIn]]:
    """Return the sign-ins whose account is closed or whose session is no longer valid."""
    users = User.objects.filter(is_active=True).in_bulk({user for user, _ in sign_ins})
    sessions = read_sessions({key for _, key in sign_ins if key is not None})
    closed = {(user, key) for user, key in sign_ins if user not in users}
    ended: set[SignIn] = {
        (user, key)
        for user, key in sign_ins - closed
        if key is not None and not is_of(sessions.get(key, {}), users[user])
    }
    return closed, ended
