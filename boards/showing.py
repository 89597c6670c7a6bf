"""Boards on a socket: a snapshot, then what changes."""

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from boards import boards
from boards.boards import NoSuchBoard
from realtime.consumers import SocketConsumer
from realtime.storage.database import in_database
from realtime.storage.gather import gathered
from realtime.wire.protocol import Close, Frame, encode


class ReadBoard(NamedTuple):
    """A snapshot ready to be written, the seqs of its topics, and how many seconds it took to read."""

    frame: Frame
    seqs: Mapping[str, int]
    seconds: float


@in_database
def _read(keys: Collection[tuple[str, int | None]]) -> dict[tuple[str, int | None], ReadBoard]:
    """Return the snapshots of boards (slug, points)."""
    found: dict[tuple[str, int | None], ReadBoard] = {}
    for slug, points in keys:
        began = time.monotonic()
        with contextlib.suppress(NoSuchBoard):
            snapshot = boards.board_snapshot(slug, points)
            frame = Frame(encode(snapshot.event))
            found[slug, points] = ReadBoard(frame, snapshot.seqs, time.monotonic() - began)
    return found


@in_database
def _read_topics(keys: Collection[tuple[str, bool]]) -> dict[tuple[str, bool], set[str]]:
    """Return the topics of boards (slug, whether a guest asks): of those that may be seen."""
    found = {}
    for slug, for_guest in keys:
        with contextlib.suppress(NoSuchBoard):
            found[slug, for_guest] = boards.board_topics(slug, for_guest=for_guest)
    return found


#: A thousand screens that come back together, or see an edit, cost a read or two.
_snapshot = gathered(_read)
_topics = gathered(_read_topics)


class ShowsBoards(SocketConsumer):
    """Shows boards: a snapshot each, then the updates of their streams, and a new snapshot when one is edited."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        #: The topics of each board shown, by its slug.
        self._shown: dict[str, set[str]] = {}

    async def opened(self) -> None:
        await super().opened()
        self._showing = asyncio.Lock()
        self._points: int | None = None

    async def look_for_guest(self) -> None:
        """Take away the boards that are no longer open to the guest whose socket this is."""
        if self.user is not None and self.user.is_guest:
            for slug in list(self._shown):
                if await _topics((slug, True)) is None and slug in self._shown:
                    await self.gone(slug)

    async def show_asked(self, slug: str) -> None:
        """Show a board that the client asked for, and count that. Raises NoSuchBoard, and CommandError for too much."""
        self.require_reading()
        shown = await self.show(slug)
        self.count_reading(len(shown.frame), shown.seconds)

    async def show(self, slug: str) -> ReadBoard:
        """Send a board, then the updates of its streams; return what was sent. Raises NoSuchBoard."""
        if not self.may_show(slug):
            raise NoSuchBoard
        async with self._showing:
            try:
                known = await _topics((slug, self.user is not None and self.user.is_guest))
                if known is not None:
                    return await self._join(slug, known)
            except BaseException:
                if self._shown:  # they have missed an edit, or updates of the streams that they share with this one
                    await self.connection.close(Close.RESYNC)
                raise
            raise NoSuchBoard

    async def _join(self, slug: str, known: set[str]) -> ReadBoard:
        topic = f"board.{slug}"
        async with self.joining(topic, *known) as place:
            while (snapshot := await _snapshot((slug, self._points))) is not None:
                if not await place.subscribe(snapshot.seqs):
                    break
                # A tile was added meanwhile: read again, now that its streams are subscribed to.
            if snapshot is None:
                raise NoSuchBoard
            self.connection.write_frame(snapshot.frame)
            place.tell(snapshot.seqs)
        heard = self._shown.get(slug, set()) | place.names.keys()
        self._shown[slug] = set(snapshot.seqs)
        await self._drop(heard - {topic, *snapshot.seqs})
        return snapshot

    async def hide(self, slug: str) -> None:
        """Send no more of a board."""
        async with self._showing:
            await self.hub.unsubscribe(f"board.{slug}", self.connection)
            await self._drop(self._shown.pop(slug, set()))

    async def _drop(self, names: set[str]) -> None:
        for name in names - set().union(*self._shown.values()):
            await self.hub.unsubscribe(name, self.connection)

    async def control(self, topic: str, payload: dict[str, Any]) -> None:
        kind, _, slug = topic.partition(".")
        if kind != "board":
            await super().control(topic, payload)
        elif slug in self._shown:
            try:
                await self.show(slug)
            except NoSuchBoard:
                await self.gone(slug)
            await self.board_changed()

    def may_show(self, slug: str) -> bool:
        """Tell whether this socket may show a board that its user may see."""
        return True

    async def board_changed(self) -> None:
        """Act on the edit of a board that is shown; its new snapshot is sent already."""

    async def gone(self, slug: str) -> None:
        """Act on the end of a board that was shown."""
        await self.hide(slug)


async def recheck_guests(sockets: Collection[SocketConsumer]) -> None:
    """Take boards that are not open to guests from those of `sockets` that are: the wire may have failed to tell."""
    await asyncio.gather(*(each.look_for_guest() for each in sockets if isinstance(each, ShowsBoards)))
