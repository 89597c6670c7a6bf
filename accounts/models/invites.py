"""Invites: links that make one account each."""

import secrets

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User, hash_token


class Invite(models.Model):
    """A link to make one account, until it expires. Its token is shown once and stored hashed."""

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    note = models.CharField(_("for whom"), max_length=80, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invites_made", editable=False)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("good until"))
    used_by = models.OneToOneField(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="invite", editable=False
    )

    def __str__(self) -> str:
        return self.note or f"invite {self.pk}"

    def give_token(self) -> str:
        """Set a new token and return it; the caller must save the invite."""
        token = "invite_" + secrets.token_urlsafe(32)
        self.token_hash = hash_token(token)
        return token

    @classmethod
    def find(cls, token: str) -> "Invite | None":
        """Return the invite with this token if it is still open."""
        found = cls.objects.filter(token_hash=hash_token(token)).first()
        return found if found and found.is_open else None

    @property
    def is_open(self) -> bool:
        return self.used_by_id is None and self.expires_at > timezone.now()
