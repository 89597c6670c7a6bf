"""Seats in roulette, the blocks between people, and reports."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models import Room


class SeatState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    TALKING = "talking", _("talking")
    ENDED = "ended", _("ended")


class Seat(models.Model):
    """A person's state in roulette; written by `roulette.pairing`.

    It belongs to one socket (`process`, `socket`), which closed at `gone_at`. `room` is the room of the talk, until the
    client was told of its end; `reason` says why the talk ended.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="seat")
    state = models.CharField(max_length=8, choices=SeatState, default=SeatState.WAITING)
    room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, related_name="seats")
    reason = models.CharField(max_length=16, blank=True)
    process = models.CharField(max_length=32)
    socket = models.CharField(max_length=32)
    tags = models.JSONField(default=list)
    entered_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    previous = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    parted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "entered_at"], name="seats_by_state")]

    def __str__(self) -> str:
        return f"{self.user} {self.state}"


class Block(models.Model):
    """Two people who are never paired again."""

    blocker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocks")
    blocked = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocked_by")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["blocker", "blocked"], name="one_block")]

    def __str__(self) -> str:
        return f"{self.blocker} blocked {self.blocked}"


class Report(models.Model):
    """A complaint about a partner in roulette; its transcript is the room's log."""

    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reports_made")
    reported = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reports_about")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="reports")
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")

    def __str__(self) -> str:
        return f"{self.reporter} about {self.reported}"
