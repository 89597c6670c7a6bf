"""What people and programs may want to do in a room, each as one value. Pure but for the kinds of messages."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from chat.models import MessageKind


@dataclass(frozen=True, slots=True)
class Change:
    """Something that `actor_id` wants to do in a room."""

    room_id: int
    actor_id: int


@dataclass(frozen=True, slots=True)
class Post(Change):
    client_id: UUID
    body: str
    html: str
    reply_to: int | None = None
    kind: str = MessageKind.TEXT


@dataclass(frozen=True, slots=True)
class Card(Post):
    """Post the card of an alert, or bring the existing card to a newer `alert["version"]`."""

    kind: str = MessageKind.ALERT
    alert: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Acknowledge(Change):
    """Take charge of an alert. The card names the first person who does."""

    seq: int


@dataclass(frozen=True, slots=True)
class Edit(Change):
    """`base`: the `edited_at`, as on the wire, of the text that was edited; UNSET: overwrite any text."""

    seq: int
    body: str
    html: str
    base: str | msgspec.UnsetType | None = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Delete(Change):
    """`as_staff`: from the admin, which may delete anybody's message."""

    seq: int
    as_staff: bool = False


@dataclass(frozen=True, slots=True)
class React(Change):
    seq: int
    emoji: str
    on: bool


#: Changes to an existing message, named by its seq.
Amendment = Edit | Delete | React | Acknowledge
