"""Boards show widgets, widgets show streams."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from boards.options import check_options
from streams.models.streams import Stream, slug_is_an_address
from streams.zones import check_zone


class Board(models.Model):
    slug = models.CharField(
        _("short name"),
        max_length=80,
        unique=True,
        validators=[slug_is_an_address],
        help_text=_("Part of its address, such as sales-floor."),
    )
    title = models.CharField(_("title"), max_length=80)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        help_text=_("Of all times on it, such as Europe/Oslo. Else the screen's."),
    )
    guests = models.BooleanField(
        _("open to guests"), default=False, help_text=_("Else it is for people with an account, and for walls.")
    )
    #: Grows with each change of the board or its tiles. An edit of an older version is refused (`boards.layout`).
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "title"]
        verbose_name = _("board")
        verbose_name_plural = _("boards")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("board", args=[self.slug])

    def clean(self) -> None:
        try:
            check_zone(self.zone)
        except ValueError as error:
            raise ValidationError({"zone": str(error)}) from None

    @property
    def topic(self) -> str:
        return f"board.{self.slug}"


class Widget(models.Model):
    """One tile. Tiles fill a grid of twelve columns in the order of `position`."""

    class Type(models.TextChoices):
        NUMBER = "number", _("number")
        LINE = "line", _("line chart")
        GAUGE = "gauge", _("gauge")
        STATUS = "status", _("status")
        LIST = "list", _("list")
        TABLE = "table", _("table")
        TEXT = "text", _("text")
        CLOCK = "clock", _("clock")
        ROOM = "room", _("room")

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="widgets")
    type = models.CharField(_("type"), max_length=8, choices=Type)
    title = models.CharField(_("title"), max_length=80, blank=True, help_text=_("Empty: the stream's label."))
    streams = models.ManyToManyField(Stream, verbose_name=_("streams"), related_name="widgets", blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    width = models.PositiveSmallIntegerField(
        _("columns"), default=3, validators=[MinValueValidator(2), MaxValueValidator(12)]
    )
    height = models.PositiveSmallIntegerField(
        _("rows"), default=1, validators=[MinValueValidator(1), MaxValueValidator(6)]
    )
    options = models.JSONField(
        _("options"), default=dict, blank=True, help_text=_('Such as {"decimals": 1, "min": 0}: see docs/boards.md.')
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "pk"]
        verbose_name = _("tile")
        verbose_name_plural = _("tiles")

    def __str__(self) -> str:
        return self.title or f"{self.get_type_display()} {self.pk}"

    def clean(self) -> None:
        try:
            check_options(self.options)
        except ValueError as error:
            raise ValidationError({"options": str(error)}) from None
