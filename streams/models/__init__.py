"""The models of streams, their values, and the sources that people make."""

from streams.models.sources import HttpSource, Source, SqlSource
from streams.models.streams import (
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
    "slug_is_an_address",
]
