"""Parses layouts from editors, and requested times from pages (docs/protocol.md). Pure."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec

#: How many tiles a board may have, and streams one tile.
TILES: Final = 60
STREAMS: Final = 12


class TileEdit(msgspec.Struct):
    """A tile as an editor wants it. With no `id`, or one that is no tile of the board, it becomes a new tile."""

    type: Annotated[str, msgspec.Meta(max_length=8)]
    id: int | None = None
    title: Annotated[str, msgspec.Meta(max_length=80)] = ""
    streams: Annotated[list[str], msgspec.Meta(max_length=STREAMS)] = []
    width: Annotated[int, msgspec.Meta(ge=2, le=12)] = 3
    height: Annotated[int, msgspec.Meta(ge=1, le=6)] = 1
    options: dict[str, Any] = {}


class BoardEdit(msgspec.Struct):
    """A board's whole layout as an editor wants it; the editor started from `version`."""

    version: Annotated[int, msgspec.Meta(ge=1)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    widgets: Annotated[list[TileEdit], msgspec.Meta(max_length=TILES)]
    zone: Annotated[str, msgspec.Meta(max_length=64)] = ""


class WrongEdit(ValueError):
    """An edit that can't be made. `field` names the field at fault, such as `widgets[2].width`."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.detail = detail


def read_edit(body: Any) -> BoardEdit:
    """Return the layout in the body of an edit. Raises WrongEdit."""
    try:
        return msgspec.convert(body, BoardEdit)
    except msgspec.ValidationError as error:
        detail, _, path = str(error).partition(" - at `$")
        missing = re.search(r"field `(\w+)`", detail)
        field = path.rstrip("`").lstrip(".")
        if missing:
            field = f"{field}.{missing[1]}".lstrip(".")
        raise WrongEdit(field or "body", f"{detail}.") from None


def read_moment(text: str, now: datetime) -> datetime:
    """Return the moment at which a page asks to see a board. Raises ValueError with a sentence."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("Give a time as 2026-01-31T09:00:00Z, with its zone.") from None
    if moment > now:
        raise ValueError("That time has not come yet.")
    return moment
