"""Helpers: changes of the log, and their outcomes."""

import json
from typing import Any

from accounts.models import User
from chat.log import pages, store
from chat.log.changes import Change, Edit, React
from chat.log.store import Result
from chat.models import Room
from realtime.wire.protocol import CommandError


def apply(*changes: Change) -> list[Any]:
    """Apply a batch; an outcome is `(rev, seq, duplicate)`, or the code of an error."""
    return outcomes(store.apply(changes))


def outcomes(result: Result) -> list[Any]:
    return [
        each.code if isinstance(each, CommandError) else (each.rev, each.seq, each.duplicate)
        for each in result.outcomes
    ]


def told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(publication.text) for publication in result.publications]


def edit(room: Room, user: User, seq: int, body: str) -> Edit:
    return Edit(room.pk, user.pk, seq, body, f"<p>{body}</p>")


def react(room: Room, user: User, seq: int, emoji: str = "👍", on: bool = True) -> React:
    return React(room.pk, user.pk, seq, emoji, on)


def log(room: Room) -> list[dict[str, Any]]:
    return pages.newest(room.pk, 1000).messages
