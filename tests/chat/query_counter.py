"""What commands cost."""

import asyncio
import threading
from contextvars import ContextVar
from typing import Any

import pytest
from django.db.backends.utils import CursorWrapper

from chat.log import writer
from chat.presence import connections
from realtime.consumers import SocketConsumer
from roulette import consumers

#: True in contexts that belong to a command.
counted: ContextVar[bool] = ContextVar("counted", default=False)


class QueryCounter:
    """Counts the queries that commands make themselves.

    It leaves out queries of presence, which is written in batches, and regular reads of seats.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.queries: list[str] = []
        self._writing = threading.local()
        self._patch(monkeypatch)

    def _patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        execute = CursorWrapper.execute
        # private: only these know which command a query belongs to
        apply_here, save = writer._apply_here, connections.save
        # private: as above
        dispatch, watch = SocketConsumer._dispatch, consumers.RouletteConsumer._watch_seat

        def count(cursor: CursorWrapper, sql: str, *arguments: Any, **options: Any) -> Any:
            if counted.get() or getattr(self._writing, "now", False):
                self.queries.append(sql)
            return execute(cursor, sql, *arguments, **options)

        def apply_counted(changes: Any) -> Any:  # the writer's thread has no context of a command
            self._writing.now = True
            return apply_here(changes)

        def save_uncounted(wanted: Any) -> Any:
            counted.set(False)
            return save(wanted)

        async def dispatch_counted(consumer: SocketConsumer, command: Any) -> None:
            counted.set(True)
            try:
                await dispatch(consumer, command)
            finally:
                counted.set(False)

        async def watch_uncounted(consumer: consumers.RouletteConsumer, wake: asyncio.Event) -> None:
            counted.set(False)
            await watch(consumer, wake)

        monkeypatch.setattr(CursorWrapper, "execute", count)
        # private: as above
        monkeypatch.setattr(writer, "_apply_here", apply_counted)
        monkeypatch.setattr(connections, "save", save_uncounted)
        # private: as above
        monkeypatch.setattr(SocketConsumer, "_dispatch", dispatch_counted)
        # private: as above
        monkeypatch.setattr(consumers.RouletteConsumer, "_watch_seat", watch_uncounted)
