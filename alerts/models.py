"""Rules that watch streams, and the alerts that they fired."""

from datetime import timedelta
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alerts.cards import condition_text
from alerts.rules import WATCHES, Condition, Terms
from streams.values import Kind


class AlertRule(models.Model):
    """When a stream needs an alert, and which room gets it. The rule's state is in RuleState."""

    class When(models.TextChoices):
        ABOVE = Condition.ABOVE, _("is above")
        BELOW = Condition.BELOW, _("is below")
        WARN = Condition.WARN, _("is a warning, or critical")
        CRIT = Condition.CRIT, _("is critical")
        SILENT = Condition.SILENT, _("has no new value")

    class Severity(models.TextChoices):
        CRIT = "crit", _("critical")
        WARN = "warn", _("warning")
        INFO = "info", _("note")

    stream = models.ForeignKey(
        "streams.Stream", on_delete=models.CASCADE, related_name="rules", verbose_name=_("stream")
    )
    condition = models.CharField(_("when it"), max_length=8, choices=When, default=When.ABOVE)
    limit = models.FloatField(_("limit"), null=True, blank=True)
    hold = models.PositiveIntegerField(
        _("for"), default=60, help_text=_("Seconds that it must last before the alert fires.")
    )
    margin = models.FloatField(
        _("margin"),
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("How far from the limit a value must be to be fine again."),
    )
    settle = models.PositiveIntegerField(
        _("over after"),
        default=120,
        help_text=_("Seconds that it must be fine before the alert is over. What flaps faster is one alert."),
    )
    severity = models.CharField(_("severity"), max_length=4, choices=Severity, default=Severity.WARN)
    room = models.CharField(_("room"), max_length=64)
    enabled = models.BooleanField(_("watched"), default=True)
    #: When the rule was made or last changed. It ignores earlier samples.
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    #: Grows with each change, so that a state reached under old terms does not count.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["stream__slug", "pk"]
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")

    def __str__(self) -> str:
        return f"{self.stream}: {condition_text(self.condition, self.limit, self.stream.unit, self.terms.hold)}"

    @property
    def terms(self) -> Terms:
        hold, settle = timedelta(seconds=self.hold), timedelta(seconds=self.settle)
        return Terms(Condition(self.condition), self.limit or 0, self.margin, hold, settle)

    def clean(self) -> None:
        wrong: dict[str, Any] = {}
        kind = WATCHES.get(Condition(self.condition))
        if kind is not Kind.NUMBER:
            self.limit = None
        elif self.limit is None:
            wrong["limit"] = _("Say which number is too much, or too little.")
        if kind is None and not self.hold:
            wrong["hold"] = _("Say after how many seconds without a value.")
        if kind and self.stream_id and self.stream.kind != kind:
            wrong["stream"] = (
                _("Only a stream of numbers can be above or below.")
                if kind is Kind.NUMBER
                else _("Only a stream of statuses can be critical.")
            )
        if wrong:
            raise ValidationError(wrong)


class RuleState(models.Model):
    """The state of a rule after the sample `sample` of `at`, under the terms of its `version`."""

    rule = models.OneToOneField(AlertRule, on_delete=models.CASCADE, primary_key=True, related_name="state")
    version = models.PositiveIntegerField()
    sample = models.BigIntegerField(default=0)
    at = models.DateTimeField(null=True)
    value = models.JSONField(null=True)
    bad_since = models.DateTimeField(null=True)
    fine_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"state of {self.pk}"


class Incident(models.Model):
    """One firing of a rule, from `since` to `until`. The room's card shows version `told` of it.

    It stores everything that its card needs, so that the card can be finished even when rule and stream are deleted.
    """

    rule = models.ForeignKey(AlertRule, null=True, on_delete=models.SET_NULL, related_name="incidents")
    #: What the card shows even when rule and stream are deleted: stream, title, unit, condition (as text: when, limit,
    #: hold), severity, board.
    about = models.JSONField()
    room = models.CharField(_("room"), max_length=64)
    since = models.DateTimeField(_("since"))
    fired_at = models.DateTimeField(_("fired"))
    until = models.DateTimeField(_("until"), null=True)
    withdrawn = models.BooleanField(default=False)
    value = models.JSONField(_("value"), null=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    told = models.PositiveIntegerField(default=0)
    #: The stream's feeder (`alerts.feeders`); "" when unknown.
    feeder = models.CharField(max_length=200, blank=True)
    #: The incident whose card covers this one, too: the outage of one feeder is a single card.
    told_with = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="others")
    tried_at = models.DateTimeField(null=True)
    trouble = models.CharField(_("not told because"), max_length=200, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-fired_at"]
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["rule"], condition=models.Q(until__isnull=True), name="one_open_incident_per_rule"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["fired_at"],
                condition=models.Q(until__isnull=True) | models.Q(told__lt=models.F("version")),
                name="incidents_to_do",
            )
        ]

    def __str__(self) -> str:
        return f"{self.about.get('title', '')} {self.about.get('condition', '')}"


class AlertDuty(models.Model):
    """Which worker watches: one row, a lease like those of producers. Nothing is written under an older `token`.

    Rules were watched without a break from `watched_since` to `watched_until`, and a server could also accept pushes
    without a break from `taking_since` to `taking_until` (`alerts.rules.Heard`).
    """

    token = models.BigIntegerField(_("changes of process"), default=0)
    holder = models.CharField(_("runs in"), max_length=100, blank=True)
    expires_at = models.DateTimeField(_("until"))
    watched_since = models.DateTimeField(null=True)
    watched_until = models.DateTimeField(null=True)
    taking_since = models.DateTimeField(null=True)
    taking_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("watch over alert rules")
        verbose_name_plural = _("watch over alert rules")

    def __str__(self) -> str:
        return "the watch over alert rules"
