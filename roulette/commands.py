"""The commands of roulette, on `/ws/chat/` beside those of rooms (docs/protocol.md). Pure."""

from typing import Annotated

import msgspec

from realtime.wire.protocol import Command

Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=30)]


class Enter(Command, tag="roulette.enter"):
    tags: Annotated[list[Tag], msgspec.Meta(max_length=5)] = []


class Next(Command, tag="roulette.next"):
    pass


class LeaveRoulette(Command, tag="roulette.leave"):
    pass


class BlockPartner(Command, tag="roulette.block"):
    pass


class ReportPartner(Command, tag="roulette.report"):
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


Commands = Enter | Next | LeaveRoulette | BlockPartner | ReportPartner
