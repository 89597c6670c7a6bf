"""Tokens with which a script pushes values into one stream."""

import secrets

from django.utils import timezone

from accounts.models import hash_token
from streams.models import PushToken, Stream


def issue_token(stream: Stream, note: str = "") -> str:
    """Return a new token for pushes into `stream`. It is stored hashed, so it cannot be shown again."""
    token = "push_" + secrets.token_urlsafe(32)
    PushToken.objects.create(stream=stream, note=note, token_hash=hash_token(token))
    return token


def revoke_token(token: PushToken) -> None:
    PushToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def was_revoked(token: str) -> bool:
    return PushToken.objects.filter(token_hash=hash_token(token), revoked_at__isnull=False).exists()


def find_token(token: str) -> PushToken | None:
    """Return the unrevoked push token, or None."""
    return PushToken.objects.filter(token_hash=hash_token(token), revoked_at=None).first()
