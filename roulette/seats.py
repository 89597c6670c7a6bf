"""The life of a seat in roulette: its states, what moves it on, and what its client is told. Pure.

`roulette.pairing` writes seats by `MOVES`, and `roulette.consumers` tells a client what `news` finds:
the difference between what it told last and what the row says now.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from roulette.models import SeatState

WAITING, TALKING, ENDED = SeatState.WAITING, SeatState.TALKING, SeatState.ENDED
#: What a socket sees when the seat is not its own: another socket has it, or it was deleted.
LOST: Final = "lost"


class Move(StrEnum):
    """What happens to a seat."""

    ENTER = "enter"  # its person sits down, or comes back to it on another socket
    PAIR = "pair"
    NEXT = "next"
    LEAVE = "leave"  # by hand, by a block or by a report
    PARTED = "parted"  # the partner ended the talk
    EXPIRE = "expire"  # nobody came back to it


#: The state after a move. A move that is not here cannot be made: who has the seat's lock looks again.
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
    """Return the reason that the partner of who ended the talk hears: who was blocked or reported is not told so."""
    return "next" if reason == "next" else "partner_left"


@dataclass(frozen=True, slots=True)
class SeatView:
    """A seat as its socket sees it. `partner` is in the wire's form, of a talk."""

    state: str
    room_id: int | None = None
    room: str = ""
    partner: dict[str, Any] | None = None
    reason: str = ""
    position: int = 0
    waiting: int = 0


class Ended(NamedTuple):
    """The talk in `room` is over, or, with None, the place in the queue is lost."""

    room: str | None
    reason: str


class Waiting(NamedTuple):
    view: SeatView


class Paired(NamedTuple):
    view: SeatView


class SitDownAgain(NamedTuple):
    """Nothing to tell: the seat was ended before its client heard of a talk, and is to wait again."""


News = Ended | Waiting | Paired | SitDownAgain


def news(told: SeatView | None, seat: SeatView) -> list[News]:
    """Return what a client has to hear, in this order, who was told `told` last and whose seat is `seat`.

    `told` is None after `enter` and `next`: then something always follows.
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
