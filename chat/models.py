"""Rooms, who may be in them, and what was said: a room is a numbered log of changes."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from realtime.protocol import timestamp


class RoomKind(models.TextChoices):
    PUBLIC = "public", _("public")
    MEMBERS = "members", _("members only")
    ROULETTE = "roulette", _("roulette")


class Room(models.Model):
    """`seq` numbers the messages densely, `rev` the changes; both move only in `chat.log.store`.

    `presence_rev` numbers the arrivals and departures likewise, in `chat.presence.connections`.
    """

    slug = models.SlugField(_("address"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=80)
    topic = models.CharField(_("topic"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=RoomKind, default=RoomKind.PUBLIC)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="rooms_owned"
    )
    guests = models.BooleanField(
        _("open to guests"),
        default=False,
        help_text=_("Guests see a public room and talk there. Else it is for people with an account, and bots."),
    )
    people_only = models.BooleanField(_("people only"), default=False, help_text=_("Bots may read but not talk."))
    rev = models.BigIntegerField(default=0, editable=False)
    seq = models.BigIntegerField(default=0, editable=False)
    presence_rev = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")

    def __str__(self) -> str:
        return f"#{self.slug}"

    def get_absolute_url(self) -> str:
        return f"/rooms/{self.slug}/"


class Membership(models.Model):
    """Somebody may be in a room that is not public."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    granted_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


class ReadMark(models.Model):
    """Up to which message somebody has read a room."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="read_marks", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="read_marks")
    seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_read_mark")]

    def __str__(self) -> str:
        return f"{self.user} read {self.room} to {self.seq}"


class MessageKind(models.TextChoices):
    TEXT = "text", _("text")
    ALERT = "alert", _("alert")


class Message(models.Model):
    """One message in its newest state; written only by `chat.log.store`.

    `seq` is its address in the room, `rev` the change that last touched it, `posted_rev` the first.
    `client_id` is minted by the sender and makes sending again safe for ever. A deleted one stays as a tombstone.
    """

    # No index for this alone: three of the constraints begin with it.
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="messages", db_index=False)
    seq = models.BigIntegerField()
    rev = models.BigIntegerField()
    posted_rev = models.BigIntegerField()
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages")
    client_id = models.UUIDField(default=uuid.uuid4)
    kind = models.CharField(max_length=8, choices=MessageKind, default=MessageKind.TEXT)
    body = models.TextField(blank=True)
    html = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    reply_to = models.BigIntegerField(null=True, blank=True)
    reactions = models.JSONField(default=dict, blank=True)
    #: What the card of an alert says (docs/protocol.md, Alerts); of other kinds null.
    alert = models.JSONField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["room", "seq"], name="one_message_per_seq"),
            models.UniqueConstraint(fields=["room", "rev"], name="one_message_per_rev"),
            models.UniqueConstraint(fields=["room", "sender", "client_id"], name="one_message_per_client_id"),
        ]

    def __str__(self) -> str:
        return f"{self.room_id}:{self.seq}"

    def event(self, slug: str, sender: dict[str, Any], quote: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the `message` event: the whole state after change `rev`, and what it answers."""
        event = {
            "type": "message",
            "room": slug,
            "rev": self.rev,
            "seq": self.seq,
            "id": str(self.client_id),
            "sender": sender,
            "body": self.body,
            "html": self.html,
            "at": timestamp(self.at),
            "edited_at": timestamp(self.edited_at) if self.edited_at else None,
            "deleted": self.deleted_at is not None,
            "reply_to": self.reply_to,
            "reactions": self.reactions,
            "kind": self.kind,
        }
        if quote is not None:
            event["quote"] = quote
        if self.alert is not None:
            event["alert"] = self.alert
        return event


class Presence(models.Model):
    """How many connections of one process somebody has in a room; written by `chat.presence.connections`."""

    process = models.CharField(max_length=32, db_index=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="presences")
    connections = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["process", "room", "user"], name="one_presence")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room} through {self.process}"
