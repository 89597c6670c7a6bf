"""The messages of rooms."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.rooms import Room
from realtime.wire.protocol import timestamp


class MessageKind(models.TextChoices):
    TEXT = "text", _("text")
    ALERT = "alert", _("alert")


class Message(models.Model):
    """One message in its newest state; written only by `chat.log.store`.

    `seq` is its address in the room, `rev` the change that last touched it, `posted_rev` the first.
    The sender makes `client_id`, so that sending again is always safe. A deleted message stays as a tombstone.
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
    #: The card of an alert (docs/protocol.md, Alerts); null for other kinds.
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
        """Return the `message` event: the whole state after change `rev`, with the quote of what it answers."""
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
