"""The record of a run: what was said and acknowledged, what each client received, what the table has. Plain values.

Times are seconds of one monotonic clock, that of the proving process.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, NamedTuple


class State(NamedTuple):
    """A message as a client sees it after some change."""

    seq: int
    id: str
    sender: int
    body: str
    html: str
    deleted: bool
    edited: bool
    reply_to: int | None
    reactions: tuple[tuple[str, tuple[int, ...]], ...]
    kind: str = "text"

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "State":
        """Return the state in a `message` event (docs/protocol.md)."""
        return cls(
            seq=event["seq"],
            id=event["id"],
            sender=event["sender"]["id"],
            body=event["body"],
            html=event["html"],
            deleted=event["deleted"],
            edited=event["edited_at"] is not None,
            reply_to=event["reply_to"],
            reactions=reactions_of(event["reactions"]),
            kind=event["kind"],
        )


def reactions_of(reactions: Mapping[str, list[int]]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple(sorted((emoji, tuple(sorted(users))) for emoji, users in reactions.items()))


class Received(NamedTuple):
    """One `message` event. `live`: it came on its own, not in the page of a join."""

    rev: int
    state: State
    at: float
    live: bool = True


@dataclass(slots=True)
class Reading:
    """Everything that one client received of one room since a join.

    `base`: the position it joined with, or `joined.rev` when it had none. `given`: the page it got then, as (rev,
    state). `got`: everything after that, in order of arrival.
    """

    client: str
    room: str
    base: int = 0
    given: list[tuple[int, State]] = field(default_factory=list)
    got: list[Received] = field(default_factory=list)


class Answer(NamedTuple):
    """An `ack` or an `ok`. The rev of an `ok`, or of a duplicate, may be that of an earlier or later change."""

    seq: int
    rev: int
    at: float
    duplicate: bool = False


@dataclass(slots=True)
class Said:
    """One command that changes a room. It was sent, with the same id, until it was answered.

    `kind`: send, edit, delete or react. `refused`: the code of an error that ended it.
    """

    sender: int
    room: str
    kind: str
    id: str = ""
    seq: int = 0
    body: str = ""
    emoji: str = ""
    on: bool = True
    reply_to: int | None = None
    at: float = 0.0
    tries: int = 0
    answers: list[Answer] = field(default_factory=list)
    refused: str = ""


class Row(NamedTuple):
    """A message in the table."""

    rev: int
    posted_rev: int
    state: State


@dataclass(slots=True)
class Log:
    """A room in the table: its counters and its messages by seq."""

    rev: int
    seq: int
    rows: dict[int, Row]


Table = dict[str, Log]


class Resume(NamedTuple):
    """From the loss of a connection to the last complete page of all rooms.

    `story`: the result of each attempt, and when.
    """

    at: float
    seconds: float
    story: tuple[str, ...] = ()


@dataclass(slots=True)
class Removal:
    """One client was not a member of a room from `gone` (the owner's call was answered) until `back` (added again).

    `told`: what that client got of the room meanwhile, as (type of event, when), including `left`. `grace`: seconds
    within which it must be told, if nothing else is wrong at that time.
    """

    client: str
    room: str
    grace: float | None
    gone: float = inf
    back: float = inf
    told: list[tuple[str, float]] = field(default_factory=list)


class LastMessage(NamedTuple):
    """The message `id`, taken by a process that was told to stop before it could write it.

    `free`: when the process could write again. `listeners`: the clients in the room on other processes.
    """

    room: str
    id: str
    free: float
    listeners: tuple[str, ...]


class Calm(NamedTuple):
    """A time when nothing was wrong."""

    began: float
    ended: float


@dataclass(slots=True)
class Outlook:
    """What a client believes in the end, and the truth.

    `present`: room to the ids of the people there, as the client was told. `heads`: room to (rev, seq), as it was told.
    `there`: room to the ids of the people really connected.
    """

    client: str
    present: dict[str, frozenset[int]]
    heads: dict[str, tuple[int, int]]
    there: dict[str, frozenset[int]]


@dataclass(slots=True)
class Phase:
    """The time of one fault and the recovery from it. `settled`: seconds until everybody had everything again."""

    name: str
    began: float
    ended: float = 0.0
    settled: float | None = None
    memory: dict[str, float] = field(default_factory=dict)  # peak per process, in MiB


@dataclass(slots=True)
class Record:
    """A whole run."""

    said: list[Said] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    last_messages: list[LastMessage] = field(default_factory=list)
    calms: list[Calm] = field(default_factory=list)
    outlooks: list[Outlook] = field(default_factory=list)
    resumes: list[Resume] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)  # the highest rev in an answer, per room
    closes: Counter[int] = field(default_factory=Counter)  # close codes that clients saw
    errors: Counter[str] = field(default_factory=Counter)  # codes of error events
    failures: list[str] = field(default_factory=list)  # what got stuck, as sentences
