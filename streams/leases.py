"""Which worker may run a producer: leases on the database's clock, with a fencing token per stream."""

import os
import socket
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from realtime.delivery.publish import Publication
from realtime.storage import clock
from streams import store
from streams.models import ProducerLease, State, Stream

#: Seconds between two renewals; how many seconds a lease is valid without one.
RENEW: Final = 1.5
HOLD: Final = 6.0


def new_holder() -> str:
    """Return a name for one run of a worker: its host, its process, and a random part."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def hold(holder: str, streams: Collection[int]) -> dict[int, int]:
    """Renew the leases of `holder` and take those of `streams` that nobody holds; return its tokens by stream id."""
    clock.measure()  # producers' values get their time from it
    until = Now() + timedelta(seconds=HOLD)
    ProducerLease.objects.filter(holder=holder, stream__in=streams).update(expires_at=until)
    for lease in ProducerLease.objects.filter(stream__in=streams, expires_at__lte=Now()).exclude(holder=holder):
        _take(lease, holder)
    return dict(ProducerLease.objects.filter(holder=holder, stream__in=streams).values_list("stream", "token"))


def _take(lease: ProducerLease, holder: str) -> None:
    """Take an expired lease, unless somebody was faster, and fence off its former holder."""
    with transaction.atomic():
        taken = ProducerLease.objects.filter(pk=lease.pk, token=lease.token, expires_at__lte=Now()).update(
            token=F("token") + 1, holder=holder, expires_at=Now() + timedelta(seconds=HOLD)
        )
        if taken:
            # Waits for a running write of the former holder. A later write finds the new fence and writes nothing.
            Stream.objects.filter(pk=lease.pk).update(fence=lease.token + 1)


def release(holder: str) -> None:
    """Give up all leases of `holder`, so that another worker may take them at once."""
    ProducerLease.objects.filter(holder=holder).update(holder="", expires_at=Now())


def mark_orphans() -> list[Publication]:
    """Mark the streams `unknown` whose lease nobody holds; return the publications."""
    orphans = Stream.objects.filter(lease__expires_at__lte=Now()).exclude(state=State.UNKNOWN)
    # One transaction per stream: locking several could deadlock with a worker that locks them in another order.
    return [publication for pk, fence in orphans.values_list("pk", "fence") for publication in store.orphan(pk, fence)]
