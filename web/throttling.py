"""Limits on HTTP calls, as on commands. They apply to all views except those that limit themselves."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from realtime.limits import quotas
from web.http import ApiError, error_response

View = TypeVar("View", bound=Callable[..., Any])


def limits_itself(view: View) -> View:
    """Exempt `view`: it has limits of its own, or machines that monitor this process call it."""
    view.limits_itself = True  # type: ignore[attr-defined]
    return view


class LimitMiddleware:
    """Takes a token for each call, and charges for the bytes of the answer and the time it took.

    The person pays, or the address of a stranger. A call that changes something costs a command's token. It must come
    after the middlewares that find out who calls.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        response = self.get_response(request)
        payer = getattr(request, "payer", None)
        if payer is not None and isinstance(response, HttpResponse):
            quotas.reading.spend(payer, len(response.content))
            if request.method == "GET" and response.status_code == 200:
                quotas.reading.spend_seconds(payer, time.monotonic() - began)
        return response

    def process_view(self, request: HttpRequest, view: Any, *_args: object) -> HttpResponse | None:
        return None if getattr(view, "limits_itself", False) else refusal(request)


def refusal(request: HttpRequest) -> HttpResponse | None:
    """Take a token for `request`, once; return the refusal when none is left.

    Also called for requests that are answered before `LimitMiddleware` sees a view: an unknown address, a form without
    its token.
    """
    if hasattr(request, "payer"):
        return None
    payer = quotas.payer_of(request.user, address_of(request))
    # A separate quota, so that a browser that restores its tabs does not use up the tokens for messages.
    quota = quotas.lookups if request.method in ("GET", "HEAD") else quotas.commands
    wait = quotas.reading.wait(payer) or quota.pay(payer)
    if not wait:
        request.payer = payer  # type: ignore[attr-defined]
        return None
    error = ApiError("rate_limited", _("Too many calls at once: wait a moment."), retry_after=wait)
    response: HttpResponse = error_response(error)
    if not request.path.startswith("/api/"):
        response.content, response["Content-Type"] = error.detail, "text/plain; charset=utf-8"
    return response


def address_of(request: HttpRequest | None) -> str:
    """Return the client's address; behind a proxy, the one that the proxy gives."""
    return (request.META.get("REMOTE_ADDR") if request else None) or "local"
