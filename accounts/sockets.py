"""Who is on a socket: a session cookie, or a bearer token of a bot."""

from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import aget_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts.models import User
from accounts.tokens import bearer_of, bot_for
from realtime.database import in_database

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class SocketAuthentication:
    """ASGI middleware that puts into the scope of a socket:

    `user` (a User or AnonymousUser), `bearer` (True when a bot's token said who it is: then no Origin is
    needed) and `session_hash` (which session it belongs to, for signing out).
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        token = bearer_of(headers.get(b"authorization", b"").decode("latin1"))
        scope = dict(scope, bearer=False, session_hash=None)
        if token is not None:
            bot = await in_database(bot_for)(token)
            scope["user"] = bot or AnonymousUser()
            scope["bearer"] = bot is not None
        else:
            scope["user"], scope["session_hash"] = await _session_user(headers.get(b"cookie", b"").decode("latin1"))
        await self.application(scope, receive, send)


async def _session_user(cookies: str) -> tuple[User | AnonymousUser, str | None]:
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        morsel = None
    if morsel is None:
        return AnonymousUser(), None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(morsel.value)
    # Not channels.auth.get_user, which does not know SECRET_KEY_FALLBACKS and signs out on a key change.
    user = await aget_user(request)
    return user, session_hash(request.session.session_key)


def session_hash(key: str | None) -> str | None:
    """Return a name for a session that may travel over the channel layer, unlike its key."""
    from accounts.models import hash_token

    return hash_token(key)[:16] if key else None
