"""Answers for requests that the database cannot serve: not now (503), or never (400)."""

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

#: Addresses that need no database: checks of this process's health get their answer.
ALWAYS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
#: Errors for values that the database cannot hold.
UNTAKEN: Final = (DataError, OverflowError)


class DatabaseMiddleware:
    """Answers 503, as a page or as JSON, when the database is away, full, locked or read-only.

    While the database is known to be away, it answers at once, so that nginx asks the next process. A value that no
    database can hold (text with a NUL, a number with twenty digits) is a bad request.
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
    """Return a 400. For an unknown host name it says what to do. It reads nothing from the database."""
    host = ""
    if isinstance(exception, DisallowedHost):
        host, _port = split_domain_port(request.META.get("HTTP_HOST", ""))
    if request.path.startswith("/api/"):
        wrong = f"Switchboard does not answer to {host}: set ALLOWED_HOSTS." if host else "That makes no sense."
        return error_response(ApiError("bad_message", wrong))
    return HttpResponseBadRequest(render_to_string("400.html", {"host": host}))


def unavailable(request: HttpRequest, why: str) -> HttpResponse:
    """Return a 503 that says why and when to retry. It reads nothing from the database."""
    busy = database.busy(why)
    if request.path.startswith("/api/"):
        return error_response(busy)
    again = math.ceil(busy.retry_after or 1)
    page = render_to_string("503.html", {"detail": why, "again": again if request.method == "GET" else None})
    return HttpResponse(page, status=503, headers={"Retry-After": str(again)})
