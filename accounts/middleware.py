"""Who a request is from: a bot with a token, or the person for whom the page that asks was made."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from accounts.models import User
from accounts.tokens import bearer_of, bot_for
from realtime.storage import database
from web.http import STATUS, error_response
from web.throttling import refusal


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
                request.csrf_processing_done = True  # type: ignore[attr-defined]  # no cookie, so no forgery
        return self.get_response(request)


class PersonMiddleware:
    """Refuses what a page asks for somebody who is not signed in here any more. After BearerMiddleware.

    A page lives longer than a session, and the cookie goes with each of its requests: without this, what Ada wrote
    would be published under the name of who signed in after her. Its requests name her (`X-Switchboard-User`: her id).
    Another one gets 409 `another_person`, with the `user` who is signed in (null: nobody), before any view runs.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meant = request.headers.get("X-Switchboard-User")
        try:
            if meant is None or meant == str(request.user.pk or ""):
                return self.get_response(request)
        except database.AWAY as error:  # of who is signed in: what views raise has become an answer by now
            return error_response(database.busy(database.meaning(error)))
        if refused := refusal(request):
            return refused
        user = request.user.on_wire() if isinstance(request.user, User) else None
        detail = f"You are signed in as {user['name']} now: load the page again." if user else "You are signed out."
        told = {"code": "another_person", "detail": detail}
        return JsonResponse({"error": told, "user": user}, status=STATUS["another_person"])
