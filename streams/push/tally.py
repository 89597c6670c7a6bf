"""Counts accepted and refused pushes, for the stream's page in the admin."""

import time
from typing import Any, Final

from django.db.models import F
from django.db.models.functions import Now

from realtime.limits.buckets import Buckets
from streams.models import PushTally, Stream

#: How many refusals of one stream are written: at once, then per second. The others are added to the next write.
WRITTEN: Final = 5, 1

writing = Buckets(*WRITTEN)
unwritten: dict[int, int] = {}


def count_accepted(stream: Stream, values: int) -> None:
    """Count a push of `values`; call it in the transaction of the push."""
    _update(stream, accepted=F("accepted") + 1, pushed_values=values, pushed_at=Now())


def count_refused(stream: Stream, reason: str) -> None:
    """Count a refused push, with the reason. A flood of them costs only one write a second."""
    number = unwritten.pop(stream.pk, 0) + 1
    if writing.take(str(stream.pk), time.monotonic()):
        unwritten[stream.pk] = number
        return
    _update(stream, refused=F("refused") + number, refused_at=Now(), reason=reason[:300])


def _update(stream: Stream, **changes: Any) -> None:
    if not PushTally.objects.filter(pk=stream.pk).update(**changes):
        PushTally.objects.get_or_create(stream=stream)
        PushTally.objects.filter(pk=stream.pk).update(**changes)
