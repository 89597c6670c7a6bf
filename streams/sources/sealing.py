"""Encrypts secrets that we must be able to use, so that hashing them is not enough. The key is made from SECRET_KEY.

A copy of the database alone does not reveal them. With SECRET_KEY they can be read, as the worker must.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class Unreadable(Exception):
    """The secret was encrypted with a key that is no longer known."""


def seal(secret: str) -> str:
    """Return `secret` encrypted, as text."""
    return _keys().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the secret, which was encrypted with SECRET_KEY or one of SECRET_KEY_FALLBACKS. Raises Unreadable."""
    try:
        return _keys().decrypt(sealed).decode()
    except InvalidToken:
        raise Unreadable from None


def _keys() -> MultiFernet:
    known = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_digest(key))) for key in known])


def _digest(key: str) -> bytes:
    return salted_hmac("streams.sources.sealing", "Fernet", key, algorithm="sha256").digest()
