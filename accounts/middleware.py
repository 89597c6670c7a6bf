"""Bots over HTTP: a bearer token says who it is, and needs no CSRF token."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from accounts.tokens import bearer_of, bot_for


class BearerMiddleware:
    """Sets `request.user` from the token of a bot, for the API. After AuthenticationMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith("/api/"):
            token = bearer_of(request.headers.get("Authorization", ""))
            bot = bot_for(token) if token else None
            if bot is not None:
                request.user = bot
                request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return self.get_response(request)
