"""Sessions: which keys there can be, and who is signed in with which, for many at once."""

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
    """Django's own, but that a key which it never gives is none.

    PostgreSQL refuses to look some up, and with them all that are asked for at the same time.
    """

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key if can_be_key(session_key) else None)


def can_be_key(key: str | None) -> bool:
    return bool(key) and str(key).isascii() and str(key).isalnum()


@gathered
@in_database
def user_of(keys: Collection[str]) -> dict[str, User]:
    """Return who is signed in with the session of a key, if it is good.

    As `django.contrib.auth.get_user` with its ModelBackend does, but that it changes no session: a key cycled here
    would sign its browser out, which gets no cookie from a socket.
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
    """Return what is in the sessions of these keys that have not expired."""
    found = bulk.find(
        Session, ("session_key",), [(key,) for key in keys], ("session_key", "session_data", "expire_date")
    )
    store, now = SessionStore(), timezone.now()
    return {key: store.decode(data) for key, data, until in found if until > now}


def is_of(data: dict[str, Any], user: User) -> bool:
    """Tell whether a session with this `data` was signed in with the password that `user` has now."""
    signatures: list[str] = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return data.get(HASH_SESSION_KEY) in signatures
