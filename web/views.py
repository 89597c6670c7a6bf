"""The home page, the console, and error pages."""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from realtime.storage.database import AWAY, meaning
from web.http import ApiError, error_response
from web.middleware import unavailable
from web.throttling import refusal


def home(request: HttpRequest) -> HttpResponse:
    """Rooms, boards and the number of people online; for strangers, the ways to sign in."""
    return render(request, "home.html", {"next": request.GET.get("next", "")})


def console(request: HttpRequest) -> HttpResponse:
    """The console; without signing in, since `/ws/echo/` is open to anyone."""
    endpoints = [
        {"path": "/ws/echo/", "about": "echo, open to anyone"},
        {"path": "/ws/chat/", "about": "rooms and roulette"},
        {"path": "/ws/boards/counter/", "about": "a board"},
    ]
    return render(request, "web/console.html", {"config": {"endpoints": endpoints}, "endpoints": endpoints})


@csrf_exempt
def no_such_call(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer API addresses that do not exist, or lack the final slash."""
    hint = "" if rest.endswith("/") else f" Did you mean /api/{rest}/ ? Addresses end with a slash."
    return error_response(ApiError("not_found", f"There is no /api/{rest} here.{hint}"))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(request) or render(request, "404.html", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    error = sys.exception()
    if isinstance(error, AWAY):  # raised outside a view, for example by a session that could not be saved
        return unavailable(request, meaning(error))
    if request.path.startswith("/api/"):
        return error_response(ApiError("internal", "Something went wrong on our side; try again."))
    # the page must work whatever is wrong with the request or the database
    return HttpResponse(render_to_string("500.html"), status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    if refused := refusal(request):
        return refused
    if request.path.startswith("/api/"):
        return error_response(ApiError("forbidden", "The CSRF token is missing or wrong: send it as X-CSRFToken."))
    detail = _("This form is too old, or your browser keeps no cookies. Open it again and send it once more.")
    return render(request, "403.html", {"detail": detail}, status=403)
