"""What is answered while the database cannot do what is asked."""

import logging
import math
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

from realtime import database
from realtime.http import error_response

log = logging.getLogger(__name__)

#: What needs no database: who asks how this process is gets an answer.
ALWAYS: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class DatabaseAwayMiddleware:
    """Answers 503, in the form that the address has, when the database is away, full, locked or read-only.

    While it is known to be away it answers at once, so that nginx asks the next process.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if database.condition.away and request.path not in ALWAYS:
            return unavailable(request, database.condition.away)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, database.AWAY):
            return None
        log.warning("%s %s failed: %s", request.method, request.path, exception)
        return unavailable(request, database.meaning(exception))


def unavailable(request: HttpRequest, why: str) -> HttpResponse:
    """Return a 503 that says why, in a sentence, and when to come back. It reads nothing from the database."""
    busy = database.busy(why)
    if request.path.startswith("/api/"):
        return error_response(busy)
    again = math.ceil(busy.retry_after or 1)
    page = render_to_string("503.html", {"detail": why, "again": again if request.method == "GET" else None})
    return HttpResponse(page, status=503, headers={"Retry-After": str(again)})
