"""The log of rooms: the only module that writes messages, and the one that moves `rev` and `seq`.

`apply` writes a batch of changes, across rooms, in one transaction. It locks the rooms by id, checks permissions,
looks up what exists already, and only then takes numbers. So a duplicate, or a change without effect, takes no number.
The row lock makes the order of commits the order of numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import transaction

from accounts.models import Kind, User, person_on_wire
from chat.log import quotes
from chat.models import Membership, Message, MessageKind, Room, RoomKind
from chat.rooms.access import takes_guests
from chat.topics import room_topic
from realtime.delivery.publish import Delivery, Publication
from realtime.storage import bulk, clock
from realtime.wire.protocol import CommandError, encode, timestamp


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


class StaleEdit(CommandError):
    """The text has changed since the one that was edited. `message` is the present event."""

    def __init__(self, message: dict[str, Any]) -> None:
        super().__init__("conflict", "This message was changed meanwhile.")
        self.message = message

    def event(self, ref: str | None = None) -> dict[str, Any]:
        return super().event(ref) | {"message": self.message}


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that is in the log: its numbers, and whether it was there already (`duplicate`)."""

    rev: int
    seq: int
    at: datetime
    duplicate: bool = False


@dataclass(slots=True)
class Result:
    """The result of a batch: an outcome per change, what to publish, and the heads that moved."""

    outcomes: list[Applied | CommandError]
    publications: list[Publication] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    news: dict[int, "News"] = field(default_factory=dict)


@dataclass(slots=True)
class News:
    """The messages `(seq, sender id)` of a room that a batch added, and those that it deleted."""

    new: list[tuple[int, int]] = field(default_factory=list)
    gone: list[tuple[int, int]] = field(default_factory=list)


def apply(changes: Sequence[Change]) -> Result:
    """Apply `changes` in order, in one transaction. The outcome of a refused change is a CommandError."""
    with transaction.atomic():
        batch = _Batch(changes)
        result = Result([batch.apply(change) for change in changes])
        batch.save()
    result.publications, result.rooms, result.news = batch.publications, batch.moved, batch.news
    return result


class _Person(NamedTuple):
    """The part of a user that a change needs: a whole User costs ten times as much."""

    pk: int
    name: str
    kind: str
    is_active: bool

    def on_wire(self) -> dict[str, Any]:
        return person_on_wire(self.pk, self.name, self.kind)


class _Batch:
    """The rows that one batch touches."""

    def __init__(self, changes: Sequence[Change]) -> None:
        ids = {change.room_id for change in changes}
        self.rooms = bulk.instances(Room, ids, lock=True)
        self.now = clock.now()
        actors = {(change.actor_id,) for change in changes}
        rows = bulk.find(User, ("id",), actors, give=("id", "name", "kind", "is_active"))
        self.people = {row[0]: _Person(*row) for row in rows}
        closed = {room.pk for room in self.rooms.values() if room.kind != RoomKind.PUBLIC}
        pairs = {(change.room_id, change.actor_id) for change in changes if change.room_id in closed}
        self.members = set(bulk.find(Membership, ("room", "user"), pairs, give=("room", "user")))
        self.by_client_id: dict[tuple[int, int, UUID], Message] = {}
        self.by_seq: dict[tuple[int, int], Message] = {}
        self._load(changes)
        self.quotes = self._read_quotes(changes)
        self.new: list[Message] = []
        self.touched: dict[tuple[int, int], Message] = {}
        self.publications: list[Publication] = []
        self.news: dict[int, News] = {}

    def _load(self, changes: Sequence[Change]) -> None:
        posts, targets = set(), set()
        for change in changes:
            if isinstance(change, Post):
                posts.add((change.room_id, change.actor_id, change.client_id))
            elif isinstance(change, Amendment):
                targets.add((change.room_id, change.seq))
        found = bulk.find(Message, ("room", "sender", "client_id"), posts, give=("id",))
        found += bulk.find(Message, ("room", "seq"), targets, give=("id",))
        if found:
            messages = Message.objects.filter(pk__in=[pk for (pk,) in found])
            for message in messages.select_related("sender"):
                sender = message.sender
                self.people[sender.pk] = _Person(sender.pk, sender.name, sender.kind, sender.is_active)
                self._know(message)

    def _read_quotes(self, changes: Sequence[Change]) -> dict[tuple[int, int], quotes.Quote]:
        """Read the messages that replies answer, unless this batch has them; without replies nothing is read."""
        answered = {(each.room_id, each.reply_to) for each in changes if isinstance(each, Post) and each.reply_to}
        answered |= {(each.room_id, each.reply_to) for each in self.by_seq.values() if each.reply_to}
        return quotes.read(answered - self.by_seq.keys())

    def _quote(self, message: Message) -> quotes.Quote | None:
        """Return the quote of what `message` answers, as of this point of the batch."""
        if message.reply_to is None:
            return None
        answered = self.by_seq.get((message.room_id, message.reply_to))
        if answered is None:
            return self.quotes.get((message.room_id, message.reply_to))
        sender = self.people[answered.sender_id].on_wire()
        return quotes.quote(answered.seq, answered.rev, sender, answered.body, answered.deleted_at is not None)

    def _know(self, message: Message) -> None:
        self.by_client_id[message.room_id, message.sender_id, message.client_id] = message
        self.by_seq[message.room_id, message.seq] = message

    def apply(self, change: Change) -> Applied | CommandError:
        known = None
        try:
            room = self._authorize(change)
            if isinstance(change, Post):
                known = self.by_client_id.get((room.pk, change.actor_id, change.client_id))
                if known is not None and not _is_newer(change, known):
                    return Applied(known.posted_rev, known.seq, known.at, duplicate=True)
            self._require_open(room, change)
            if isinstance(change, Post):
                return self._renew(room, known, change) if known else self._post(room, change)
            assert isinstance(change, Amendment)
            return self._amend(room, change)
        except CommandError as error:
            return error

    def _authorize(self, change: Change) -> Room:
        room = self.rooms.get(change.room_id)
        user = self.people.get(change.actor_id)
        if room is None:
            raise CommandError("not_found", "There is no such room.")
        if user is None or not user.is_active:
            raise CommandError("forbidden", "This account is closed.")
        staff = isinstance(change, Delete) and change.as_staff
        if not staff and room.kind != RoomKind.PUBLIC and (room.pk, user.pk) not in self.members:
            raise CommandError("forbidden", "You are not a member of this room.")
        if not staff and user.kind == Kind.GUEST and not takes_guests(room.kind, room.guests):
            raise CommandError("forbidden", "This room is not open to guests.")
        return room

    def _require_open(self, room: Room, change: Change) -> None:
        """Raise CommandError when this actor may add nothing to the room."""
        if isinstance(change, Delete) and change.as_staff:
            return
        if room.archived_at is not None:
            raise CommandError("forbidden", "This room is archived: it can only be read.")
        if room.people_only and self.people[change.actor_id].kind == Kind.BOT:
            raise CommandError("forbidden", "Only people talk in this room.")

    def _post(self, room: Room, change: Post) -> Applied:
        if change.reply_to is not None and change.reply_to > room.seq:
            raise CommandError("not_found", "The message replied to does not exist.")
        room.seq += 1
        values = {
            "id": None,
            "room_id": room.pk,
            "seq": room.seq,
            "rev": 0,  # gets its number below
            "posted_rev": 0,
            "sender_id": change.actor_id,
            "client_id": change.client_id,
            "kind": change.kind,
            "body": change.body,
            "html": change.html,
            "at": self.now,
            "edited_at": None,
            "deleted_at": None,
            "reply_to": change.reply_to,
            "reactions": {},
            "alert": _with_state({**change.alert, "acknowledged": None}) if isinstance(change, Card) else None,
        }
        message = bulk.make(Message, values)
        applied = self._number(room, message)
        message.posted_rev = applied.rev
        self.new.append(message)
        self.news.setdefault(room.pk, News()).new.append((message.seq, message.sender_id))
        self._know(message)
        return applied

    def _renew(self, room: Room, message: Message, card: Post) -> Applied:
        """Update the card of an alert, and keep who acknowledged it. This does not count as an edit."""
        assert isinstance(card, Card)
        message.body, message.html = card.body, card.html
        message.alert = _with_state({**card.alert, "acknowledged": (message.alert or {}).get("acknowledged")})
        self.touched[room.pk, message.seq] = message
        return self._number(room, message)

    def _amend(self, room: Room, change: Amendment) -> Applied:
        message = self.by_seq.get((room.pk, change.seq))
        if message is None:
            raise CommandError("not_found", "There is no such message.")
        if isinstance(change, React):
            changed = _react(message, change)
        elif isinstance(change, Acknowledge):
            changed = _acknowledge(message, self.people[change.actor_id], self.now)
        else:
            staff = isinstance(change, Delete) and change.as_staff
            if message.sender_id != change.actor_id and not staff:
                raise CommandError("forbidden", "Only your own messages can be changed.")
            if room.kind == RoomKind.ROULETTE and not staff:  # reports need it as proof
                raise CommandError("forbidden", "In roulette, what is said stands.")
            if isinstance(change, Edit) and _is_stale(message, change):
                raise StaleEdit(self._event(room, message))
            changed = _edit(message, change, self.now) if isinstance(change, Edit) else _delete(message, self.now)
        if not changed:
            return Applied(message.rev, message.seq, message.at, duplicate=True)
        self.touched[room.pk, message.seq] = message
        if isinstance(change, Delete):
            self.news.setdefault(room.pk, News()).gone.append((message.seq, message.sender_id))
        return self._number(room, message)

    def _number(self, room: Room, message: Message) -> Applied:
        room.rev += 1
        message.rev = room.rev
        text = encode(self._event(room, message))
        self.publications.append(Publication(room_topic(room.pk), Delivery.LOG, text, room.rev))
        return Applied(message.rev, message.seq, message.at)

    def _event(self, room: Room, message: Message) -> dict[str, Any]:
        return message.event(room.slug, self.people[message.sender_id].on_wire(), self._quote(message))

    @property
    def moved(self) -> list[Room]:
        ids = {message.room_id for message in [*self.new, *self.touched.values()]}
        return [self.rooms[pk] for pk in sorted(ids)]

    def save(self) -> None:
        """Write the counters, the new messages and the changed ones."""
        new = {(message.room_id, message.seq) for message in self.new}
        changed = [message for key, message in self.touched.items() if key not in new]
        bulk.update(self.moved, "rev", "seq")
        bulk.insert(self.new)
        bulk.update(changed, "rev", "body", "html", "edited_at", "deleted_at", "reactions", "alert")


def _is_newer(change: Post, known: Message) -> bool:
    """Whether `change` is a newer version of the message's card. A deleted message stays deleted."""
    if not isinstance(change, Card) or known.deleted_at is not None:
        return False
    return bool(change.alert["version"] > (known.alert or {}).get("version", 0))


def _with_state(alert: dict[str, Any]) -> dict[str, Any]:
    """Return `alert` with its `state`: firing, acknowledged (by somebody, and not over), or resolved."""
    state = "resolved" if alert.get("until") else "acknowledged" if alert.get("acknowledged") else "firing"
    return {**alert, "state": state}


def _acknowledge(message: Message, user: _Person, now: datetime) -> bool:
    if message.deleted_at is not None:
        raise CommandError("not_found", "This message was deleted.")
    if message.alert is None:
        raise CommandError("conflict", "Only alerts are acknowledged.")
    if message.alert.get("acknowledged"):
        return False
    if message.alert.get("until"):
        raise CommandError("conflict", "This alert is over already.")
    by = {"user": user.on_wire(), "at": timestamp(now)}
    message.alert = _with_state({**message.alert, "acknowledged": by})
    return True


def _is_stale(message: Message, change: Edit) -> bool:
    """True when `change` would overwrite a text that its author has not seen."""
    if change.base is msgspec.UNSET or message.deleted_at is not None or message.body == change.body:
        return False
    return change.base != (timestamp(message.edited_at) if message.edited_at else None)


def _edit(message: Message, change: Edit, now: datetime) -> bool:
    if message.deleted_at is not None:
        raise CommandError("not_found", "This message was deleted.")
    if message.body == change.body:
        return False
    message.body, message.html, message.edited_at = change.body, change.html, now
    return True


def _delete(message: Message, now: datetime) -> bool:
    if message.deleted_at is not None:
        return False
    message.body, message.html, message.reactions, message.alert, message.deleted_at = "", "", {}, None, now
    return True


def _react(message: Message, change: React) -> bool:
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
