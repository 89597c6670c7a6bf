"""Finds out whose a socket is: by a session cookie, or by the bearer token of a bot."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http.cookie import parse_cookie

from accounts.models import User
from accounts.signing_in.sessions import can_be_key, user_of
from accounts.signing_in.tokens import bearer_of, bot_for
from realtime.storage.database import AWAY, in_database

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class SocketAuthentication:
    """ASGI middleware that puts into the scope of a socket:

    - `user`: a User or AnonymousUser.
    - `bearer`: True when there is a token, valid or not. No browser sends a token by itself, so no Origin is needed.
    - `session`: the key of the session, or None. `session_hash`: a public name for it, for signing out.
    - `unknown`: why the user could not be looked up, or None. Such a socket is accepted and then told the reason.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        token = bearer_of(headers.get(b"authorization", b"").decode("latin1"))
        scope = dict(scope, bearer=token is not None, session=None, user=AnonymousUser(), unknown=None)
        try:
            if token is not None:
                scope["user"] = await in_database(bot_for)(token) or AnonymousUser()
            else:
                scope["user"], scope["session"] = await _session_user(headers.get(b"cookie", b"").decode("latin1"))
        except AWAY as error:
            scope["unknown"] = error
        scope["session_hash"] = session_hash(scope["session"])
        await self.application(scope, receive, send)


async def _session_user(cookies: str) -> tuple[User | AnonymousUser, str | None]:
    # Parsed like Django does, so that a malformed cookie of another site on this host does not hide ours.
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
    if key is None or not can_be_key(key):
        return AnonymousUser(), None
    user = await user_of(key)
    return (AnonymousUser(), None) if user is None else (user, key)


def session_hash(key: str | None) -> str | None:
    """Return a name for a session that may be sent over the channel layer; its key may not."""
    from accounts.models import hash_token

    return hash_token(key)[:16] if key else None
