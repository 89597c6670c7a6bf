"""One of something for each event loop: the hub, the writer, what is under way."""

import asyncio
import weakref
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def per_loop(make: Callable[[], T]) -> Callable[[], T]:
    """Return a function that, called in an event loop, returns what `make` makes: one there, and another elsewhere.

    A server process has one loop, so this is its one `T`; tests and threads with loops of their own share nothing. It
    is forgotten with its loop, unless something in it still holds the loop when its work is done.
    """
    made: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, T] = weakref.WeakKeyDictionary()

    def current() -> T:
        loop = asyncio.get_running_loop()
        found = made.get(loop)
        if found is None:
            found = made[loop] = make()
        return found

    return current
