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

from django.db import transaction

from accounts.models import User, person_on_wire
from chat.log import amendments, permissions, quotes
from chat.log.changes import Acknowledge, Amendment, Card, Change, Delete, Edit, Post, React
from chat.models import Membership, Message, Room, RoomKind
from chat.rooms import direct
from chat.rooms.access import no_such_room
from chat.topics import room_topic
from realtime.delivery.publish import Delivery, Publication
from realtime.storage import bulk, clock
from realtime.wire.protocol import CommandError, encode


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
        batch.publications += direct.first_messages(batch.begun)
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
            room, actor = self.rooms.get(change.room_id), self.people.get(change.actor_id)
            if room is None:
                raise no_such_room()
            if actor is None:
                raise permissions.account_closed()
            is_member = (change.room_id, change.actor_id) in self.members
            permissions.require_in_room(change, room, actor, is_member=is_member)
            if isinstance(change, Post):
                known = self.by_client_id.get((room.pk, change.actor_id, change.client_id))
                if known is not None and not amendments.is_newer(change, known):
                    return Applied(known.posted_rev, known.seq, known.at, duplicate=True)
            permissions.require_writable(change, room, actor)
            if isinstance(change, Post):
                return self._renew(room, known, change) if known else self._post(room, change)
            assert isinstance(change, Amendment)
            return self._amend(room, change)
        except CommandError as error:
            return error

    def _post(self, room: Room, change: Post) -> Applied:
        if change.reply_to is not None and change.reply_to > room.seq:
            raise CommandError("not_found", "The message replied to does not exist.")
        room.seq += 1
        values: dict[str, Any] = {
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
            "alert": None,
        }
        if isinstance(change, Card):
            values["alert"] = amendments.with_state({**change.alert, "acknowledged": None})
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
        message.alert = amendments.with_state({**card.alert, "acknowledged": (message.alert or {}).get("acknowledged")})
        self.touched[room.pk, message.seq] = message
        return self._number(room, message)

    def _amend(self, room: Room, change: Amendment) -> Applied:
        message = self.by_seq.get((room.pk, change.seq))
        if message is None:
            raise CommandError("not_found", "There is no such message.")
        if isinstance(change, React):
            changed = amendments.react(message, change)
        elif isinstance(change, Acknowledge):
            changed = amendments.acknowledge(message, self.people[change.actor_id].on_wire(), self.now)
        else:
            permissions.require_may_change(change, room, message)
            if isinstance(change, Edit) and amendments.is_stale(message, change):
                raise StaleEdit(self._event(room, message))
            if isinstance(change, Edit):
                changed = amendments.edit(message, change, self.now)
            else:
                changed = amendments.delete(message, self.now)
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
    def begun(self) -> list[Room]:
        """The direct rooms that get their first message."""
        rooms = (self.rooms[message.room_id] for message in self.new if message.seq == 1)
        return [room for room in rooms if room.kind == RoomKind.DIRECT]

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
