"""Rooms, their members, and how far each person has read. A room is a numbered log of changes."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RoomKind(models.TextChoices):
    PUBLIC = "public", _("public")
    MEMBERS = "members", _("members only")
    DIRECT = "direct", _("direct messages")
    ROULETTE = "roulette", _("roulette")


class Room(models.Model):
    """`seq` numbers the messages densely, `rev` the changes; both move only in `chat.log.store`.

    `presence_rev` numbers arrivals and departures in the same way; it moves in `chat.presence.connections`.
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
    everybody = models.BooleanField(
        _("everybody"),
        default=False,
        db_default=False,
        help_text=_("Everybody who may see this public room has it in their list."),
    )
    #: The ids of the people of a direct room, in order: there is one room for each set of people.
    direct_key = models.CharField(max_length=200, null=True, blank=True, unique=True, editable=False)
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


class Level(models.TextChoices):
    """Which messages of a room give a person a notice."""

    ALL = "all", _("all")
    MENTIONS = "mentions", _("mentions")
    NOTHING = "nothing", _("nothing")


class PersonInRoom(models.Model):
    """How a person has a room: how far it is read (`seq`), followed, starred, and what gives a notice."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="people", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="in_rooms")
    seq = models.BigIntegerField(default=0)
    follows = models.BooleanField(default=False, db_default=False)
    starred = models.BooleanField(default=False, db_default=False)
    level = models.CharField(max_length=8, choices=Level, default=Level.MENTIONS, db_default=Level.MENTIONS)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_person_in_room")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}, read to {self.seq}"
