"""What boards are made of: streams, sources, boards, alerts, walls."""

from dashboard.models import alerts, walls
from dashboard.models.boards import Board, Widget
from dashboard.models.sources import HttpSource, Source, SqlSource
from dashboard.models.streams import (
    ProducerLease,
    PushTally,
    PushToken,
    Sample,
    State,
    Stream,
    TableRow,
    slug_is_an_address,
)

__all__ = [
    "Board",
    "HttpSource",
    "ProducerLease",
    "PushTally",
    "PushToken",
    "Sample",
    "Source",
    "SqlSource",
    "State",
    "Stream",
    "TableRow",
    "Widget",
    "alerts",
    "slug_is_an_address",
    "walls",
]
