"""The passwords that somebody tried."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PasswordTries(models.Model):
    """Passwords tried from one address (for IPv6, one network) for one user name; "" counts the tries of all names.

    `left`: how many more could be tried at once at the time `at` (`accounts.signing_in.guessing`).
    """

    network = models.CharField(_("from"), max_length=64)
    username = models.CharField(_("user name"), max_length=200, blank=True)
    tries = models.PositiveIntegerField(_("passwords tried"), default=0)
    left = models.FloatField()
    at = models.DateTimeField(_("last tried"), default=timezone.now)

    class Meta:
        verbose_name = _("tried passwords")
        verbose_name_plural = _("tried passwords")
        constraints = [models.UniqueConstraint(fields=["network", "username"], name="tries_of_a_name_from_an_address")]
        indexes = [models.Index(fields=["at"], name="tries_by_time")]

    def __str__(self) -> str:
        return f"{self.username or '*'} ({self.network})"
