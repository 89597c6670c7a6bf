"""The options of a widget, and their check. Pure."""

from typing import Annotated, Any, Final, Literal

import msgspec

from streams.zones import check_zone

#: How many points of history a widget gets by default.
POINTS: Final = 300

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class Column(msgspec.Struct, forbid_unknown_fields=True):
    """A column of a table: which field of the rows it shows, and how."""

    key: Label
    label: str = ""
    unit: str = ""
    decimals: Annotated[int, msgspec.Meta(ge=0, le=8)] | None = None
    #: Show the direction (▲ ▼) and its colour.
    change: bool = False


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """The options of all types of widget together; each type reads its own."""

    decimals: Annotated[int, msgspec.Meta(ge=0, le=8)] | None = None
    #: Shown under the value, such as "target € 45".
    note: Annotated[str, msgspec.Meta(max_length=120)] = ""
    #: The direction of change that is good and therefore green; without it neither is.
    better: Literal["", "up", "down"] = ""
    #: From `warn` on a number is a warning, from `crit` on critical: going up, or going down when `crit` is less than
    #: `warn` or `better` is "up".
    warn: float | None = None
    crit: float | None = None
    target: float | None = None
    #: 1.2 k instead of 1 200.
    compact: bool = False
    points: Annotated[int, msgspec.Meta(ge=2, le=1000)] = POINTS
    #: How many seconds a chart shows, thinned to `points`. Without it: the newest `points`, however old.
    range: Annotated[int, msgspec.Meta(ge=60, le=31 * 86_400)] | None = None
    min: float | None = None
    max: float | None = None
    #: The field by which a list or table is sorted; a leading "-" puts the largest first. Default: by key.
    sort: Annotated[str, msgspec.Meta(max_length=81)] = ""
    #: How many rows a list shows.
    rows: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    #: The heading of a table's first column.
    key: Annotated[str, msgspec.Meta(max_length=80)] = ""
    columns: Annotated[list[Column], msgspec.Meta(max_length=30)] = []
    #: Large type, for the most important value.
    hero: bool = False
    #: The text of a text tile, as markdown.
    body: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    #: The chat room that a room tile shows, to people who may be in it.
    room: Annotated[str, msgspec.Meta(max_length=80)] = ""
    #: A clock's own time zone.
    zone: Annotated[str, msgspec.Meta(max_length=64)] = ""


def check_options(options: Any) -> None:
    """Raise ValueError with a sentence when `options` does not match `Options`."""
    read_options(options)


def read_options(options: Any) -> Options:
    try:
        read = msgspec.convert(options, Options)
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}.") from None
    check_zone(read.zone)
    return read
