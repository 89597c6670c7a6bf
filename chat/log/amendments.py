"""What a change does to a message in memory. Each function says whether the message is different now.

Whether somebody may do it is asked in `chat.log.permissions`; `chat.log.store` writes the result.
"""

from datetime import datetime
from typing import Any

import msgspec

from chat.log.changes import Card, Edit, Post, React
from chat.models import Message
from realtime.wire.protocol import CommandError, timestamp


def is_newer(change: Post, known: Message) -> bool:
    """Whether `change` is a newer version of the message's card. A deleted message stays deleted."""
    if not isinstance(change, Card) or known.deleted_at is not None:
        return False
    return bool(change.alert["version"] > (known.alert or {}).get("version", 0))


def with_state(alert: dict[str, Any]) -> dict[str, Any]:
    """Return `alert` with its `state`: firing, acknowledged (by somebody, and not over), or resolved."""
    state = "resolved" if alert.get("until") else "acknowledged" if alert.get("acknowledged") else "firing"
    return {**alert, "state": state}


def acknowledge(message: Message, by: dict[str, Any], now: datetime) -> bool:
    if message.deleted_at is not None:
        raise CommandError("not_found", "This message was deleted.")
    if message.alert is None:
        raise CommandError("conflict", "Only alerts are acknowledged.")
    if message.alert.get("acknowledged"):
        return False
    if message.alert.get("until"):
        raise CommandError("conflict", "This alert is over already.")
    message.alert = with_state({**message.alert, "acknowledged": {"user": by, "at": timestamp(now)}})
    return True


def is_stale(message: Message, change: Edit) -> bool:
    """True when `change` would overwrite a text that its author has not seen."""
    if change.base is msgspec.UNSET or message.deleted_at is not None or message.body == change.body:
        return False
    return change.base != (timestamp(message.edited_at) if message.edited_at else None)


def edit(message: Message, change: Edit, now: datetime) -> bool:
    if message.deleted_at is not None:
        raise CommandError("not_found", "This message was deleted.")
    if message.body == change.body:
        return False
    message.body, message.html, message.edited_at = change.body, change.html, now
    return True


def delete(message: Message, now: datetime) -> bool:
    if message.deleted_at is not None:
        return False
    message.body, message.html, message.reactions, message.alert, message.deleted_at = "", "", {}, None, now
    return True


def react(message: Message, change: React) -> bool:
    if message.deleted_at is not None:
        raise CommandError("not_found", "This message was deleted.")
    users = list(message.reactions.get(change.emoji, []))
    if (change.actor_id in users) == change.on:
        return False
    if change.on and not users and len(message.reactions) >= 20:
        raise CommandError("conflict", "A message has at most 20 different reactions.")
    users = [*users, change.actor_id] if change.on else [user for user in users if user != change.actor_id]
    reactions = {**message.reactions, change.emoji: users}
    message.reactions = {emoji: who for emoji, who in reactions.items() if who}
    return True
