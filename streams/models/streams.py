"""A stream is a live value, a sample is one value at one time."""

from typing import ClassVar

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from streams.retention.periods import RAW_FOR, RETENTION
from streams.values import Kind as ValueKind

#: A slug is part of the topic `stream.<slug>`, which must have less than 100 characters.
slug_is_an_address = RegexValidator(r"\A[a-z0-9][a-z0-9_-]{0,79}\Z", _("Use small letters, digits, - and _."))


class State(models.TextChoices):
    """The health of a stream's producer, and nothing else."""

    OK = "ok", _("ok")
    ERROR = "error", _("failing")
    UNKNOWN = "unknown", _("nobody produces it")


class Stream(models.Model):
    """A named live value.

    `seq` numbers its publications without gaps. It moves only in `streams.store`, in the transaction that writes what
    is published. `fence` is the token of the lease that may write (`streams.leases`).
    """

    class Kind(models.TextChoices):
        NUMBER = ValueKind.NUMBER, _("number")
        TEXT = ValueKind.TEXT, _("text")
        STATUS = ValueKind.STATUS, _("status")
        TABLE = ValueKind.TABLE, _("table")
        SERIES = ValueKind.SERIES, _("series")

    slug = models.CharField(
        _("short name"),
        max_length=80,
        unique=True,
        validators=[slug_is_an_address],
        help_text=_("Part of its address, such as orders-today."),
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.NUMBER)
    label = models.CharField(_("label"), max_length=80, blank=True)
    unit = models.CharField(_("unit"), max_length=16, blank=True, help_text=_("Such as %, B, B/s, s, €."))
    stale_after = models.FloatField(
        _("old after"), default=60.0, validators=[MinValueValidator(0.1)], help_text=_("Seconds without a new value.")
    )
    raw_for = models.DurationField(
        _("keep every sample for"),
        default=RAW_FOR,
        help_text=_("Older ones are thinned: of every five minutes the least, the greatest and the last stay."),
    )
    retention = models.DurationField(_("keep samples for"), default=RETENTION)

    seq = models.BigIntegerField(_("changes so far"), default=0, editable=False)
    value = models.JSONField(null=True, editable=False)
    at = models.DateTimeField(_("time of the last value"), null=True, editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.OK, editable=False)
    error = models.CharField(max_length=200, blank=True, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    fence = models.BigIntegerField(default=0, editable=False)
    #: Samples up to this time are thinned.
    thinned_until = models.DateTimeField(null=True, editable=False)
    #: For tables: when the rows last changed, and from when on replaced rows are stored again (`streams.store`).
    rows_at = models.DateTimeField(null=True, editable=False)
    snapshot_due = models.DateTimeField(null=True, editable=False)
    #: What its producer last declared (label, unit …), to tell changes by the admin from changes in the code.
    declared = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["slug"]
        verbose_name = _("stream")
        verbose_name_plural = _("streams")

    def __str__(self) -> str:
        return self.label or self.slug

    @property
    def topic(self) -> str:
        return f"stream.{self.slug}"


class Sample(models.Model):
    """One value at one time.

    For a table, all rows by key as they were from then on. Written only in `streams.store`.
    """

    # No index of its own: the index below begins with it.
    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="samples", db_index=False)
    at = models.DateTimeField()
    value = models.JSONField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["stream", "at"], name="sample_stream_at")]

    def __str__(self) -> str:
        return f"{self.stream_id} at {self.at:%H:%M:%S}"


class TableRow(models.Model):
    """The present state of one row of a table stream. A null `value` marks a removed row.

    `seq` is the stream's seq at the row's last change, so that `seq > after` finds all changed rows.
    """

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="rows", db_index=False)
    key = models.CharField(max_length=100)
    value = models.JSONField(null=True)
    seq = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["stream", "key"], name="row_key_once_per_stream")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["stream", "seq"], name="row_stream_seq")]

    def __str__(self) -> str:
        return self.key


class PushToken(models.Model):
    """Lets a script push values into one stream. The token itself is shown once and stored hashed."""

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="push_tokens")
    note = models.CharField(_("for what"), max_length=80, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        verbose_name = _("push token")
        verbose_name_plural = _("push tokens")

    def __str__(self) -> str:
        return self.note or f"token {self.pk}"


class PushTally(models.Model):
    """Counts the pushes into a stream, to show why a number does not move."""

    stream = models.OneToOneField(Stream, on_delete=models.CASCADE, primary_key=True, related_name="tally")
    pushed_at = models.DateTimeField(_("last push"), null=True)
    pushed_values = models.PositiveIntegerField(_("its values"), default=0)
    accepted = models.BigIntegerField(_("pushes taken"), default=0)
    refused = models.BigIntegerField(_("pushes refused"), default=0)
    refused_at = models.DateTimeField(_("last refused"), null=True)
    reason = models.CharField(_("because"), max_length=300, blank=True)

    def __str__(self) -> str:
        return f"pushes into {self.pk}"


class ProducerLease(models.Model):
    """Which worker may run the producer of a stream, and until when, by the database's clock.

    `token` grows with every change of holder. A stream with a row here has a producer; one without is pushed.
    """

    stream = models.OneToOneField(Stream, on_delete=models.PROTECT, primary_key=True, related_name="lease")
    token = models.BigIntegerField(_("changes of process"), default=0)
    holder = models.CharField(_("runs in"), max_length=100, blank=True)
    expires_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("running producer")
        verbose_name_plural = _("running producers")

    def __str__(self) -> str:
        return f"lease {self.pk}"
