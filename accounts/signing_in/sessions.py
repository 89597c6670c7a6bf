"""Sessions: which keys are possible, and who is signed in with a session, for many at once."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from realtime.storage import bulk
from realtime.storage.database import in_database
from realtime.storage.gather import gathered


class SessionStore(db.SessionStore):
    """Django's own store, except that impossible keys count as unknown without a query.

    PostgreSQL refuses to look some of them up, and that would fail all other keys of the same query.
    """

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key if can_be_key(session_key) else None)


def can_be_key(key: str | None) -> bool:
    return bool(key) and str(key).isascii() and str(key).isalnum()


@gathered
@in_database
def user_of(keys: Collection[str]) -> dict[str, User]:
    """Return who is signed in with the session of a key, if it is valid.

    Like `django.contrib.auth.get_user` with ModelBackend, except that it changes no session. A new key would sign the
    browser out, since a socket cannot send it a cookie.
    """
    sessions = {
        key: data
        for key, data in read_sessions(keys).items()
        if SESSION_KEY in data and data.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
    }
    users = bulk.instances(User, {int(data[SESSION_KEY]) for data in sessions.values()})
    found = {key: users.get(int(data[SESSION_KEY])) for key, data in sessions.items()}
    return {key: user for key, user in found.items() if user and user.is_active and is_of(sessions[key], user)}


def read_sessions(keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the data of the unexpired sessions with these keys."""
    found = bulk.find(
        Session, ("session_key",), [(key,) for key in keys], ("session_key", "session_data", "expire_date")
    )
    store, now = SessionStore(), timezone.now()
    return {key: store.decode(data) for key, data, until in found if until > now}


def is_of(data: dict[str, Any], user: User) -> bool:
    """Return whether a session with this `data` was signed in with the present password of `user`."""
    signatures: list[str] = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return data.get(HASH_SESSION_KEY) in signatures
