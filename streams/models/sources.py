"""Sources, made in the admin: the worker reads their streams' values again and again."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from streams.models.streams import Stream, slug_is_an_address
from streams.values import Kind as ValueKind


class Source(models.Model):
    """Where a stream's values come from, for streams without a producer in Python."""

    slug = models.CharField(
        _("short name"),
        max_length=80,
        unique=True,
        validators=[slug_is_an_address],
        help_text=_("Names the stream that it feeds: small letters, digits, - and _."),
    )
    label = models.CharField(_("label"), max_length=80, blank=True)
    unit = models.CharField(_("unit"), max_length=16, blank=True, help_text=_("Such as %, B, B/s, s, €."))
    every = models.FloatField(_("every"), default=60.0, validators=[MinValueValidator(1)], help_text=_("Seconds."))
    patience = models.FloatField(
        _("time-out"),
        default=10.0,
        validators=[MinValueValidator(0.1), MaxValueValidator(60)],
        help_text=_("Seconds that it may take."),
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label or self.slug


class SqlSource(Source):
    """A query, run read-only."""

    class Result(models.TextChoices):
        NUMBER = "number", _("one number")
        TEXT = "text", _("one text")
        STATUS = "status", _("one status: ok, warn, crit, info or unknown")
        ROW = "row", _("one row, shown as a line for each of its columns")
        TABLE = "table", _("a table, whose first column names its rows")

    connection = models.CharField(_("connection"), max_length=40)
    query = models.TextField(_("query"), help_text=_("One SELECT."))
    result = models.CharField(_("gives"), max_length=8, choices=Result, default=Result.NUMBER)

    class Meta:
        ordering: ClassVar[list[str]] = ["slug"]
        verbose_name = _("SQL source")
        verbose_name_plural = _("SQL sources")

    @property
    def kind(self) -> ValueKind:
        return ValueKind.TABLE if self.result == self.Result.ROW else ValueKind(self.result)


class HttpSource(Source):
    """An address on the web, read as JSON or as a feed."""

    class Format(models.TextChoices):
        JSON = "json", _("JSON")
        FEED = "feed", _("RSS or Atom")

    url = models.CharField(_("address"), max_length=500, help_text=_("Such as https://example.org/prices.json."))
    header = models.CharField(
        _("secret header"), max_length=80, blank=True, help_text=_("Such as Authorization or X-Api-Key; empty: none.")
    )
    #: The value of the header, encrypted (`streams.sources.sealing`).
    sealed = models.TextField(blank=True, editable=False)
    format = models.CharField(_("format"), max_length=4, choices=Format, default=Format.JSON)
    path = models.CharField(
        _("path"), max_length=200, default="$", help_text=_("Of the value in the JSON, such as $.items[0].price.")
    )
    kind = models.CharField(
        _("gives"),
        max_length=8,
        choices=Stream.Kind,
        default=Stream.Kind.NUMBER,
        help_text=_("Of a feed: number is how many entries, text the newest title, table the newest entries."),
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["slug"]
        verbose_name = _("HTTP source")
        verbose_name_plural = _("HTTP sources")
