"""Checks that nobody's name looks like somebody else's."""

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.models import Kind, User
from accounts.people.names import RESERVED, skeleton


class NameTaken(ValueError):
    """The name is somebody else's, or looks like it; the text is a sentence for people."""


def refuse_taken(name: str, *, but: int | None = None) -> None:
    """Raise NameTaken when `name` looks like a shown name or user name of another account or bot than `but`."""
    looks = skeleton(name)
    named = User.objects.filter(Q(name_skeleton=looks) | Q(username_skeleton=looks)).exclude(kind=Kind.GUEST)
    if named.exclude(pk=but or 0).exists():
        raise NameTaken("Somebody with an account has this name already. Choose one that does not look like it.")


def refuse_reserved(name: str) -> None:
    """Raise NameTaken for names that would pass for the site itself or its admins."""
    if skeleton(name) in {skeleton(each) for each in (*RESERVED, settings.SITE_NAME)}:
        raise NameTaken("This name is kept for the site itself: choose another one.")


def guests_named(user: User) -> QuerySet[User]:
    """Return the guests whose name looks like a name of `user`."""
    names = {skeleton(user.name), skeleton(user.username)}
    return User.objects.filter(kind=Kind.GUEST, name_skeleton__in=names)
