"""Who a request is from: a bot with a token, or the person that the calling page was made for."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from accounts.models import User
from accounts.signing_in.tokens import bearer_of, bot_for
from realtime.storage import database
from web.http import STATUS, error_response
from web.throttling import refusal


class BearerMiddleware:
    """Sets `request.user` from the token of a bot, for the API. After AuthenticationMiddleware.

    When there is a token, a cookie does not count. With an unknown token the caller is nobody, so the API answers 401.
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
    """Refuses requests of a page whose person is no longer signed in. Comes after BearerMiddleware.

    A page may outlive a session, and the browser adds the cookie to each request. Without this check, Ada's message
    could be published under the name of the person who signed in after her. So each request names the page's person
    (`X-Switchboard-User`: the id). When somebody else is signed in, the answer is 409 `another_person`, with the `user`
    who is signed in (null: nobody), before any view runs.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meant = request.headers.get("X-Switchboard-User")
        try:
            if meant is None or meant == str(request.user.pk or ""):
                return self.get_response(request)
        except database.AWAY as error:  # names who is signed in; exceptions of views have already become answers here
            return error_response(database.busy(database.meaning(error)))
        if refused := refusal(request):
            return refused
        user = request.user.on_wire() if isinstance(request.user, User) else None
        detail = f"You are signed in as {user['name']} now: load the page again." if user else "You are signed out."
        told = {"code": "another_person", "detail": detail}
        return JsonResponse({"error": told, "user": user}, status=STATUS["another_person"])
