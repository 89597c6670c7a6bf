"""The demo boards of a new site."""

from typing import Any, Final

from django.db import transaction

from boards.models import Board, Widget
from streams import produced
from streams.models import Stream
from streams.producers import all_producers

Type = Widget.Type

_PRICES: Final = {
    "key": "Symbol",
    "columns": [
        {"key": "bid", "label": "Bid"},
        {"key": "ask", "label": "Ask"},
        {"key": "last", "label": "Last"},
        {"key": "change", "label": "Change", "change": True},
    ],
}

_TABLES: Final = {
    "key": "Table",
    "sort": "-bytes",
    "columns": [
        {"key": "rows", "label": "Rows", "decimals": 0},
        {"key": "bytes", "label": "Size", "unit": "B"},
        {"key": "ms", "label": "Counted in", "unit": "ms", "decimals": 2},
    ],
}

#: Boards as (slug, title, tiles), tiles as (type, title, streams, columns, rows, options).
BOARDS: Final[list[tuple[str, str, list[tuple[Type, str, list[str], int, int, dict[str, Any]]]]]] = [
    (
        "counter",
        "Counter",
        [
            (Type.NUMBER, "", ["counter"], 4, 2, {"hero": True, "note": "by 1 to 10 at a time"}),
            (Type.LINE, "Counter, as it grows", ["counter"], 8, 2, {}),
        ],
    ),
    (
        "host",
        "Host",
        [
            (Type.NUMBER, "", ["cpu"], 3, 1, {"decimals": 1, "warn": 85, "crit": 95}),
            (Type.NUMBER, "", ["memory"], 3, 1, {"decimals": 1, "warn": 85, "crit": 95}),
            (Type.GAUGE, "", ["disk"], 3, 1, {"decimals": 0, "warn": 80, "crit": 90}),
            (Type.NUMBER, "", ["load"], 3, 1, {"decimals": 2}),
            (Type.LINE, "Processor and memory", ["cpu", "memory"], 6, 2, {"min": 0, "max": 100, "range": 3600}),
            (Type.LINE, "Network", ["network-in", "network-out"], 6, 2, {"min": 0}),
            (Type.STATUS, "Health", ["disk-health", "memory-health"], 4, 1, {}),
            (Type.NUMBER, "", ["memory-used"], 4, 1, {}),
            (Type.TEXT, "", ["uptime"], 4, 1, {}),
        ],
    ),
    (
        "chat",
        "Chat",
        [
            (Type.NUMBER, "", ["people-online"], 4, 1, {}),
            (Type.LINE, "People and messages", ["people-online", "messages-per-minute"], 8, 2, {"min": 0}),
            (Type.NUMBER, "", ["messages-per-minute"], 4, 1, {}),
            (Type.ROOM, "", [], 8, 2, {"room": "lobby"}),
            (Type.CLOCK, "", [], 4, 1, {}),
            (Type.TEXT, "", [], 4, 1, {"body": "Say something in the **lobby**: it shows here, and in the numbers."}),
        ],
    ),
    (
        "database",
        "Database",
        [
            (Type.NUMBER, "", ["database-size"], 4, 1, {}),
            (Type.TEXT, "", ["database-slowest"], 8, 1, {}),
            (Type.TABLE, "", ["database-tables"], 12, 4, _TABLES),
        ],
    ),
    (
        "blotter",
        "Blotter",
        [
            (Type.TABLE, "Prices", ["blotter"], 8, 4, _PRICES),
            (Type.LIST, "Movers", ["blotter"], 4, 4, {**_PRICES, "sort": "-change"}),
        ],
    ),
]


@transaction.atomic
def is_in_use() -> bool:
    """Return whether this site already has boards, so it is not new."""
    return Board.objects.exists()


def load(*, guests: bool = False) -> None:
    """Make the demo boards that are missing, with their streams; existing ones stay as they are."""
    produced.ensure_produced(all_producers().values())
    for position, (slug, title, tiles) in enumerate(BOARDS):
        defaults = {"title": title, "position": position, "guests": guests}
        board, made = Board.objects.get_or_create(slug=slug, defaults=defaults)
        if made:
            for index, (type, name, streams, width, height, options) in enumerate(tiles):
                widget = board.widgets.create(
                    type=type, title=name, position=index, width=width, height=height, options=options
                )
                for stream in streams:
                    widget.streams.add(Stream.objects.get(slug=stream))
