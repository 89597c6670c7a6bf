"""What the options of a widget may say. Pure."""

from typing import Annotated, Any, Final, Literal

import msgspec

#: How many points of a stream's history a widget gets unless it asks for another number.
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
    """All options of all types of widget; each type reads those that concern it."""

    decimals: Annotated[int, msgspec.Meta(ge=0, le=8)] | None = None
    #: A line under the value, such as "target € 45".
    note: Annotated[str, msgspec.Meta(max_length=120)] = ""
    #: Which direction of change is good, and so green; without it neither is.
    better: Literal["", "up", "down"] = ""
    points: Annotated[int, msgspec.Meta(ge=2, le=1000)] = POINTS
    min: float | None = None
    max: float | None = None
    #: The heading of a table's first column.
    key: Annotated[str, msgspec.Meta(max_length=80)] = ""
    columns: Annotated[list[Column], msgspec.Meta(max_length=30)] = []
    #: Large type, for the one value that matters.
    hero: bool = False


def check_options(options: Any) -> None:
    """Raise ValueError with a sentence when `options` is not what `Options` describes."""
    read_options(options)


def read_options(options: Any) -> Options:
    try:
        return msgspec.convert(options, Options)
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}.") from None
