"""One of something for each event loop: the hub, the writer, what is under way."""

import asyncio
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Called in an event loop, returns what `make` makes: the same each time, and another in another loop.

    A server process has one loop, so this is its one `T`; tests and threads with loops of their own share nothing. It
    is forgotten with its loop, unless something in it still holds the loop when its work is done.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, T] = weakref.WeakKeyDictionary()

    def __call__(self) -> T:
        loop = asyncio.get_running_loop()
        made = self._made.get(loop)
        if made is None:
            made = self._made[loop] = self._make()
        return made
