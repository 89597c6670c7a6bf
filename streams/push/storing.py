"""Pushes into streams."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import transaction

from realtime.delivery.publish import publish_on_commit
from realtime.storage import clock
from realtime.wire.protocol import encode
from streams import store
from streams.models import Stream
from streams.push import tally
from streams.push.json_body import WrongPush
from streams.pushed import Pushed
from streams.values import Kind, WrongValue


def push(stream: Stream, read: Callable[[str, datetime], list[Pushed]]) -> None:
    """Store the values that `read(kind, now)` finds in a push into `stream`: all or none. Raises WrongPush."""
    clock.measure()
    pushed = read(stream.kind, clock.now())
    try:
        with transaction.atomic():
            if pushed:
                publish_on_commit(store.push(stream, pushed))
            tally.count_accepted(stream, len(pushed))
    except WrongValue as error:
        raise WrongPush("value", str(error)) from None


def example_push(kind: str) -> str:
    """Return an example push for a stream of `kind`, as JSON."""
    return encode({"value": EXAMPLES[Kind(kind)]})


EXAMPLES: Final = {
    Kind.NUMBER: 42,
    Kind.TEXT: "All is well",
    Kind.STATUS: {"level": "ok", "text": "all is well"},
    Kind.TABLE: {"Ada": {"calls": 7}},
    Kind.SERIES: [[1767225600000, 41], [1767229200000, 42]],
}
