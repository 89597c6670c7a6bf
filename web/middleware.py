"""What is answered when the database cannot do what is asked: not now, or not that."""

import logging
import math
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote_plus

from django.conf import settings
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.http.request import split_domain_port
from django.template.loader import render_to_string

from realtime.storage import database
from web.http import ApiError, error_response

log = logging.getLogger(__name__)

#: What needs no database: who asks how this process is gets an answer.
ALWAYS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
#: What is raised for values that the database has no room for.
UNTAKEN: Final = (DataError, OverflowError)


class DatabaseMiddleware:
    """Answers 503, in the form that the address has, when the database is away, full, locked or read-only.

    While it is known to be away it answers at once, so that nginx asks the next process. What no database can hold
    or look for (text with a NUL, a number with twenty digits) is a bad request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path or "\0" in unquote_plus(request.META.get("QUERY_STRING", "")):
            return bad_request(request, SuspiciousOperation("a NUL in the address"))
        needless = request.path in ALWAYS or request.path.startswith(settings.STATIC_URL)
        if database.condition.away and not needless:
            return unavailable(request, database.condition.away)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, UNTAKEN) or "NUL (0x00)" in str(exception):
            log.warning("%s %s is no good request: %s", request.method, request.path, exception)
            return bad_request(request, exception)
        if not isinstance(exception, database.AWAY):
            return None
        log.warning("%s %s failed: %s", request.method, request.path, exception)
        return unavailable(request, database.meaning(exception))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what makes no sense; of a host that is not ours, say what to do. It reads nothing from the database."""
    host = ""
    if isinstance(exception, DisallowedHost):
        host, _port = split_domain_port(request.META.get("HTTP_HOST", ""))
    if request.path.startswith("/api/"):
        wrong = f"Switchboard does not answer to {host}: set ALLOWED_HOSTS." if host else "That makes no sense."
        return error_response(ApiError("bad_message", wrong))
    return HttpResponseBadRequest(render_to_string("400.html", {"host": host}))


def unavailable(request: HttpRequest, why: str) -> HttpResponse:
    """Return a 503 that says why, in a sentence, and when to come back. It reads nothing from the database."""
    busy = database.busy(why)
    if request.path.startswith("/api/"):
        return error_response(busy)
    again = math.ceil(busy.retry_after or 1)
    page = render_to_string("503.html", {"detail": why, "again": again if request.method == "GET" else None})
    return HttpResponse(page, status=503, headers={"Retry-After": str(again)})
