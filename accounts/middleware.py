"""Bots over HTTP: a bearer token says who it is, and needs no CSRF token."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase

from accounts.tokens import bearer_of, bot_for


class BearerMiddleware:
    """Sets `request.user` from the token of a bot, for the API. After AuthenticationMiddleware.

    Who gives a token is not asked for a cookie besides: with one that is unknown it is nobody, so the API says 401.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith("/api/"):
            token = bearer_of(request.headers.get("Authorization", ""))
            if token is not None:
                request.user = bot_for(token) or AnonymousUser()
                request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return self.get_response(request)
