"""The commands of `/ws/chat/` (docs/protocol.md). Pure."""

from typing import Annotated
from uuid import UUID

import msgspec

from realtime.protocol import Command, CommandError, Number

Slug = Annotated[str, msgspec.Meta(max_length=64)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
Seq = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=30)]

#: The longest emoji there are have about a dozen code points.
LONGEST_EMOJI = 16
BODY_CHARACTERS = 8_000


class Join(Command, tag="join"):
    room: Slug
    after: Number | None = None
    limit: Limit = 50


class Leave(Command, tag="leave"):
    room: Slug


class Send(Command, tag="send"):
    room: Slug
    id: UUID
    body: str
    reply_to: Seq | None = None


class Edit(Command, tag="edit"):
    room: Slug
    seq: Seq
    body: str


class Delete(Command, tag="delete"):
    room: Slug
    seq: Seq


class React(Command, tag="react"):
    room: Slug
    seq: Seq
    emoji: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_EMOJI)]
    on: bool


class Read(Command, tag="read"):
    room: Slug
    seq: Number


class Typing(Command, tag="typing"):
    room: Slug


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


Commands = (
    Join
    | Leave
    | Send
    | Edit
    | Delete
    | React
    | Read
    | Typing
    | Enter
    | Next
    | LeaveRoulette
    | BlockPartner
    | ReportPartner
)


def check_body(body: str) -> None:
    """Raise CommandError for a body that is empty or too long."""
    if len(body) > BODY_CHARACTERS:
        raise CommandError("too_long", f"A message has at most {BODY_CHARACTERS} characters; this has {len(body)}.")
    if not body.strip():
        raise CommandError("bad_message", "A message needs some text.")


def check_emoji(emoji: str) -> None:
    """Raise CommandError for a reaction that is words, or nothing to see."""
    if not any(ord(char) > 0x203B for char in emoji) or any(char.isspace() or char.isalpha() for char in emoji):
        raise CommandError("bad_message", "A reaction is one emoji.")
