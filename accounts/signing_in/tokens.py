"""Bearer tokens of bots."""

from accounts.models import Kind, User, hash_token


def bearer_of(header: str) -> str | None:
    """Return the bearer token in an Authorization header, or None."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def bot_for(token: str) -> User | None:
    """Return the active bot with this token, or None."""
    return User.objects.filter(token_hash=hash_token(token), kind=Kind.BOT, is_active=True).first()
