"""Users: people with accounts, guests and bots."""

import hashlib
import secrets
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.people.names import LONGEST_SKELETON, skeleton


class SkeletonField(models.CharField):  # type: ignore[type-arg]
    """The skeleton (`accounts.people.names.skeleton`) of the field named `of`, stored in the same row."""

    def __init__(self, *args: Any, of: str = "", **options: Any) -> None:
        self.of = of
        options |= {"max_length": LONGEST_SKELETON, "default": "", "editable": False, "db_index": True}
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, _ = super().deconstruct()
        return name, path, args, {"of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = skeleton(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, value)
        return value


class Kind(models.TextChoices):
    ACCOUNT = "account", _("account")
    GUEST = "guest", _("guest")
    BOT = "bot", _("bot")


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account that signs in as `username`; its shown name defaults to that."""
        fields.setdefault("name", username)
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)

    def create_guest(self, name: str) -> "User":
        """Create a guest shown as `name` (already checked); names of guests need not be unique."""
        user = self.model(username=f"guest-{secrets.token_hex(12)}", name=name, kind=Kind.GUEST)
        user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_bot(self, name: str) -> tuple["User", str]:
        """Create a bot and return it with its token. The token is stored hashed, so it cannot be shown again."""
        bot = self.model(username=f"bot-{secrets.token_hex(12)}", name=name, kind=Kind.BOT)
        bot.set_unusable_password()
        token = "bot_" + secrets.token_urlsafe(32)
        bot.token_hash = hash_token(token)
        bot.save(using=self._db)
        return bot, token


class User(AbstractBaseUser, PermissionsMixin):
    """A person or a bot. `name` is what others see; `username` is only for signing in."""

    username = models.CharField(_("user name"), max_length=64, unique=True)
    name = models.CharField(_("shown name"), max_length=40)
    username_skeleton = SkeletonField(of="username")
    name_skeleton = SkeletonField(of="name")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.ACCOUNT)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Off: banned. Their sockets close at once."))
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    token_hash = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return f"{self.name} (guest)" if self.is_guest else self.name

    @property
    def is_guest(self) -> bool:
        return self.kind == Kind.GUEST

    @property
    def is_bot(self) -> bool:
        return self.kind == Kind.BOT

    def get_short_name(self) -> str:
        return self.name

    def on_wire(self) -> dict[str, Any]:
        """Return the user in the form of `docs/protocol.md`."""
        return person_on_wire(self.pk, self.name, self.kind)


def person_on_wire(pk: int, name: str, kind: str) -> dict[str, Any]:
    """Return a user in the form of `docs/protocol.md`: `{"id", "name", "guest"}`."""
    return {"id": pk, "name": name, "guest": kind == Kind.GUEST}


def hash_token(token: str) -> str:
    """Return the stored form of a bearer token: its SHA-256. (Enough, since the token has 256 random bits.)"""
    return hashlib.sha256(token.encode()).hexdigest()


def me(request: HttpRequest) -> dict[str, Any] | None:
    """Return the caller, as on the wire; None for strangers."""
    user = getattr(request, "user", None)
    return user.on_wire() if isinstance(user, User) else None
