"""The commands of `/ws/boards/` (docs/protocol.md). Pure."""

from typing import Annotated, Final

import msgspec

from realtime.wire.protocol import Command

#: How many boards one socket may watch.
WATCHED: Final = 50

BoardSlug = Annotated[str, msgspec.Meta(pattern=r"\A[a-zA-Z0-9_-]{1,80}\Z")]


class Watch(Command, tag="watch"):
    """Show exactly these boards, with at most `points` of each stream's history."""

    boards: Annotated[list[BoardSlug], msgspec.Meta(max_length=WATCHED)]
    points: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 60


class Report(Command, tag="report"):
    """What a screen shows, the build of its page, and how many seconds ago it last painted."""

    board: Annotated[str, msgspec.Meta(max_length=80)] = ""
    build: Annotated[str, msgspec.Meta(max_length=40)] = ""
    painted: Annotated[float, msgspec.Meta(ge=0, le=1e9)] = 0


class JoinRoom(Command, tag="join"):
    """Show the messages of a room that has a tile on the wall."""

    room: Annotated[str, msgspec.Meta(max_length=60)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50


class LeaveRoom(Command, tag="leave"):
    room: Annotated[str, msgspec.Meta(max_length=60)]
