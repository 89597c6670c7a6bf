"""Walls show boards in turn. A link lets a screen show a wall. Screens were opened by a link or paired by a code."""

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from realtime.storage import clock


class Wall(models.Model):
    """A sequence of boards for screens where nobody is signed in."""

    class Theme(models.TextChoices):
        SYSTEM = "", _("as the screen's system")
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")

    name = models.CharField(_("name"), max_length=80, unique=True)
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.SYSTEM, blank=True)
    shows_rooms = models.BooleanField(
        _("show rooms to everybody who has the link"),
        default=False,
        help_text=_(
            "What is said in the public rooms that have a tile on its boards. Members-only rooms are never shown."
        ),
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        verbose_name = _("wall")
        verbose_name_plural = _("walls")

    def __str__(self) -> str:
        return self.name

    @property
    def topic(self) -> str:
        return f"wall.{self.pk}"


class WallBoard(models.Model):
    """One board of a wall: how long it stays, and during which hours it is shown."""

    wall = models.ForeignKey(Wall, on_delete=models.CASCADE, related_name="places")
    board = models.ForeignKey("boards.Board", on_delete=models.CASCADE, related_name="places", verbose_name=_("board"))
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    dwell = models.PositiveIntegerField(
        _("shown for"), default=30, validators=[MinValueValidator(3), MaxValueValidator(86400)], help_text=_("Seconds.")
    )
    begins = models.TimeField(
        _("from"), null=True, blank=True, help_text=_("In the board's time zone, else the screen's. Empty: always.")
    )
    ends = models.TimeField(_("until"), null=True, blank=True, help_text=_("May be after midnight."))

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "pk"]
        verbose_name = _("board")
        verbose_name_plural = _("boards")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["wall", "board"], name="board_once_per_wall")
        ]

    def __str__(self) -> str:
        return f"{self.board}, {self.dwell} s"

    def clean(self) -> None:
        if self.begins is not None and self.begins == self.ends:
            raise ValidationError({"ends": _("It would be shown at no time: leave both empty for always.")})


class ScreenLink(models.Model):
    """Lets a screen show a wall. Its token is shown once and stored hashed."""

    wall = models.ForeignKey(Wall, on_delete=models.CASCADE, related_name="links")
    note = models.CharField(_("for what"), max_length=80, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("good until"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-made_at"]
        verbose_name = _("screen link")
        verbose_name_plural = _("screen links")

    def __str__(self) -> str:
        return self.note or f"link {self.pk}"

    @property
    def is_good(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > clock.now())


class Screen(models.Model):
    """A screen that a link has opened, or a person's full-screen board. `key`: the name that the browser gives itself.

    The screen is connected while `process` is alive; this row belongs to that process's socket `connection`.
    """

    link = models.ForeignKey(ScreenLink, on_delete=models.CASCADE, related_name="screens", null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="screens", null=True)
    key = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=80, blank=True)
    process = models.CharField(max_length=32, blank=True)
    connection = models.CharField(max_length=32)
    #: The slug of the board that it shows; "" in hours when it shows none.
    board = models.CharField(_("shows"), max_length=80, blank=True)
    build = models.CharField(_("version of its page"), max_length=40, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    seen_at = models.DateTimeField(_("last heard of"))
    painted_at = models.DateTimeField(_("last drew"), null=True)

    class Meta:
        verbose_name = _("screen")
        verbose_name_plural = _("screens")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["link", "key"], name="screen_once_per_link"),
            models.UniqueConstraint(fields=["user", "key"], name="screen_once_per_user"),
            models.CheckConstraint(condition=Q(link=None) ^ Q(user=None), name="screen_of_link_or_user"),
        ]

    def __str__(self) -> str:
        return self.name or (self.user.name if self.user else f"Screen {self.key[:4]}")

    @property
    def topic(self) -> str:
        """The topic on which its socket gets commands."""
        return self.link.wall.topic if self.link else f"user.{self.user_id}"


class ScreenCode(models.Model):
    """A screen that shows a code until somebody enters it. Then its secret, stored hashed, becomes its link's token."""

    code = models.CharField(max_length=6, unique=True)
    secret_hash = models.CharField(max_length=64, unique=True)
    #: The address from which the screen asked.
    address = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("screen code")
        verbose_name_plural = _("screen codes")

    def __str__(self) -> str:
        return f"{self.code[:3]}-{self.code[3:]}"
