"""Objects that exist once per event loop, such as the hub and the writer."""

import asyncio
import weakref
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def per_loop(make: Callable[[], T]) -> Callable[[], T]:
    """Return a function that returns the running event loop's own `T`, made by `make` at the first call.

    A server process has one loop, so it has one `T`; tests and threads with their own loops share nothing. The `T` is
    freed with its loop, unless it keeps a reference to the loop.
    """
    made: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, T] = weakref.WeakKeyDictionary()

    def current() -> T:
        loop = asyncio.get_running_loop()
        found = made.get(loop)
        if found is None:
            found = made[loop] = make()
        return found

    return current
