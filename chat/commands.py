"""The commands that people send on `/ws/chat/` (docs/protocol.md). Pure."""

import re
from typing import Annotated
from uuid import UUID

import msgspec

from realtime.wire.protocol import Command, CommandError, Number
from web.markdown import is_blank, render
from web.markdown.emoji import EMOJI
from web.visible import shows

Slug = Annotated[str, msgspec.Meta(max_length=64)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
Seq = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]

#: The longest emoji have about a dozen code points.
LONGEST_EMOJI = 16
BODY_CHARACTERS = 8_000
#: Bodies up to this many characters are rendered at once: at most 2 ms (`python -m benchmarks.bodies`; the longest
#: take 20).
SHORT_BODY = 500


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
    #: The `edited_at` of the text that was edited; left out, any text is overwritten.
    base: str | msgspec.UnsetType | None = msgspec.UNSET


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


Commands = Join | Leave | Send | Edit | Delete | React | Acknowledge | Read | Typing

#: A link without text: `[](https://example.com)`.
_EMPTY_LINK = re.compile(r"\[([^\[\]]*+)\]\([^()\s]*+\)")


def check_body(body: str) -> str:
    """Return `body` rendered. Raises CommandError when it is too long, or would show nothing."""
    if len(body) > BODY_CHARACTERS:
        raise CommandError("too_long", f"A message has at most {BODY_CHARACTERS} characters; this has {len(body)}.")
    html = render(body)
    if is_blank(html):
        raise CommandError("bad_message", "A message needs some text.")
    if body.startswith("[") and not shows(_EMPTY_LINK.sub(r"\1", body)):
        raise CommandError("bad_message", "A link needs some text in its square brackets.")
    return html


def check_emoji(emoji: str) -> None:
    """Raise CommandError for a reaction that is not one emoji."""
    if not re.fullmatch(EMOJI, emoji):
        raise CommandError("bad_message", "A reaction is one emoji.")
