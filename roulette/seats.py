"""A seat in roulette: its states, the moves between them, and the events for its client. Pure.

`roulette.pairing` writes seats by `MOVES`. `roulette.consumers` sends a client what `news` finds: the difference
between what the client was last told and what the row says now.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from roulette.models import SeatState

WAITING, TALKING, ENDED = SeatState.WAITING, SeatState.TALKING, SeatState.ENDED
#: What a socket sees when the seat is not its own: another socket holds it, or it was deleted.
LOST: Final = "lost"


class Move(StrEnum):
    """What happens to a seat."""

    ENTER = "enter"  # the person enters, or comes back on another socket
    PAIR = "pair"
    NEXT = "next"
    LEAVE = "leave"  # the person leaves, blocks or reports
    PARTED = "parted"  # the partner ended the talk
    EXPIRE = "expire"  # the person did not come back in time


#: The state after each move. A move that is missing cannot be made from that state.
MOVES: Final[dict[tuple[str, Move], SeatState]] = {
    (WAITING, Move.ENTER): WAITING,
    (TALKING, Move.ENTER): TALKING,
    (ENDED, Move.ENTER): WAITING,
    (WAITING, Move.PAIR): TALKING,
    (WAITING, Move.NEXT): WAITING,
    (TALKING, Move.NEXT): WAITING,
    (ENDED, Move.NEXT): WAITING,
    (WAITING, Move.LEAVE): ENDED,
    (TALKING, Move.LEAVE): ENDED,
    (ENDED, Move.LEAVE): ENDED,
    (TALKING, Move.PARTED): ENDED,
    (WAITING, Move.EXPIRE): ENDED,
    (TALKING, Move.EXPIRE): ENDED,
}


def partner_hears(reason: str) -> str:
    """Return the reason that the partner is told for an end. It hides a block or a report."""
    return "next" if reason == "next" else "partner_left"


@dataclass(frozen=True, slots=True)
class SeatView:
    """A seat as its socket sees it. `partner`: in a talk, the partner in the form of the wire."""

    state: str
    room_id: int | None = None
    room: str = ""
    partner: dict[str, Any] | None = None
    reason: str = ""
    position: int = 0
    waiting: int = 0


class Ended(NamedTuple):
    """The talk in `room` is over. With None: the position in the queue is lost."""

    room: str | None
    reason: str


class Waiting(NamedTuple):
    view: SeatView


class Paired(NamedTuple):
    view: SeatView


class SitDownAgain(NamedTuple):
    """Nothing to tell: the talk ended before its client heard of it, so the seat must wait again."""


News = Ended | Waiting | Paired | SitDownAgain


def news(told: SeatView | None, seat: SeatView) -> list[News]:
    """Return the events for a client, in order. It was last told `told`, and its seat is now `seat`.

    `told` is None after `enter` and `next`; then there is always an event.
    """
    shown = told.room if told is not None and told.state == TALKING else None
    found: list[News] = []
    if shown is not None and (seat.state, seat.room) != (TALKING, shown):
        found.append(Ended(shown, seat.reason or "expired"))
    if seat.state == WAITING and seat != told:
        found.append(Waiting(seat))
    elif seat.state == TALKING and seat.room != shown:
        found.append(Paired(seat))
    elif seat.state == ENDED and shown is None:
        found.append(SitDownAgain())
    elif seat.state == LOST and shown is None:
        found.append(Ended(None, seat.reason))
    return found
