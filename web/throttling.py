"""HTTP calls, limited as commands are: all of them, unless a view says that it limits itself."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from realtime.limits import quotas
from web.http import ApiError, error_response

View = TypeVar("View", bound=Callable[..., Any])


def limits_itself(view: View) -> View:
    """Leave `view` out: it counts by something else, or is asked by machines that watch over this process."""
    view.limits_itself = True  # type: ignore[attr-defined]
    return view


class LimitMiddleware:
    """Takes a token for each call, and counts what it gives and how long that takes.

    From the person or a stranger's address; a call that changes something takes the token of a command.

    After the middlewares that know who it is.
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
    """Take a token for `request`, once; return the answer for who has none left.

    For what is answered before `LimitMiddleware` sees a view: an address that leads nowhere, a form without its token.
    """
    if hasattr(request, "payer"):
        return None
    payer = quotas.payer_of(request.user, address_of(request))
    # Apart, so that a browser that opens its tabs again does not take from what they have to say.
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
    """Return the address of the client; behind a proxy the one that it tells."""
    return (request.META.get("REMOTE_ADDR") if request else None) or "local"
