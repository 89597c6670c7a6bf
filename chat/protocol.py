"""The commands of `/ws/chat/` (docs/protocol.md). Pure."""

import re
import unicodedata
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
#: Categories of characters that show nothing: spaces, controls, direction marks, joiners.
_UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp"}


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


class Acknowledge(Command, tag="acknowledge"):
    room: Slug
    seq: Seq


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
    | Acknowledge
    | Read
    | Typing
    | Enter
    | Next
    | LeaveRoulette
    | BlockPartner
    | ReportPartner
)


def check_body(body: str) -> None:
    """Raise CommandError for a body that is too long, or that has nothing to see."""
    if len(body) > BODY_CHARACTERS:
        raise CommandError("too_long", f"A message has at most {BODY_CHARACTERS} characters; this has {len(body)}.")
    if all(unicodedata.category(char) in _UNSEEN for char in body):
        raise CommandError("bad_message", "A message needs some text.")


#: What emoji are made of: signs, each with its modifiers, joined; two letters of a flag; or a keycap.
_SIGN = "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff"
_SIGN += "\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
_MODIFIED = _SIGN + "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*(?:[\U000e0061-\U000e007a]+\U000e007f)?"
_EMOJI = re.compile(
    f"{_MODIFIED}(?:\u200d{_MODIFIED})*|[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3",
)


def check_emoji(emoji: str) -> None:
    """Raise CommandError for a reaction that is not one emoji."""
    if not _EMOJI.fullmatch(emoji):
        raise CommandError("bad_message", "A reaction is one emoji.")
