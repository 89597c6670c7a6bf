"""What people do, and what is done to them: entering, signing out, invites, bans."""

from django.conf import settings
from django.contrib.auth import SESSION_KEY, login, logout
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Invite, User, hash_token
from accounts.people.names import clean_name
from accounts.people.namesakes import guests_named, refuse_reserved, refuse_taken
from accounts.signing_in.socket_sign_in import session_hash
from realtime.delivery.publish import Delivery, Publication, publish_on_commit
from realtime.limits.buckets import network_of
from realtime.limits.quotas import Payer, Quota
from realtime.wire.protocol import encode
from web.http import ApiError
from web.throttling import address_of

_guests = Quota("guests", lambda: (settings.GUEST_BURST, settings.GUESTS_PER_SECOND))
BACKEND = "django.contrib.auth.backends.ModelBackend"


class UsernameTaken(Exception):
    """Somebody else has taken this user name since it was checked."""


#: The topic for news of people that everybody gets: new names.
PEOPLE_TOPIC = "site.people"


def enter_as_guest(request: HttpRequest, raw_name: str) -> User:
    """Make an account for a guest and sign it in. Raises ApiError."""
    if request.user.is_authenticated:
        raise ApiError("conflict", "You are signed in already: sign out first.")
    if not settings.GUESTS_ALLOWED:
        raise ApiError("forbidden", "This site takes no guests: ask for an invite.")
    try:
        name = clean_name(raw_name)
        refuse_taken(name)
        refuse_reserved(name)
    except ValueError as error:
        raise ApiError("invalid", str(error), field="name") from None
    wait = _guests.pay(Payer(network_of(address_of(request))))
    if wait:
        raise ApiError("rate_limited", "Too many guests at once from your address: try again soon.", retry_after=wait)
    guest = User.objects.create_guest(name)
    login(request, guest, backend=BACKEND)
    return guest


def sign_out(request: HttpRequest) -> None:
    """End the session of `request`, and its sockets in every process. For a bot nothing happens: it has no session."""
    user, session = request.user, session_hash(request.session.session_key)
    logout(request)
    if user.is_authenticated and session is not None:
        _control(user.pk, {"do": "signed_out", "session": session})


def sign_out_everywhere(user: User) -> None:
    """End all sessions of `user` and close all sockets."""
    _end_sessions(user)
    close_sockets(user)


def _end_sessions(user: User) -> None:
    from django.contrib.sessions.models import Session

    open_sessions = Session.objects.filter(expire_date__gt=timezone.now())
    own = [each.pk for each in open_sessions.iterator() if each.get_decoded().get(SESSION_KEY) == str(user.pk)]
    Session.objects.filter(pk__in=own).delete()


def close_sockets(user: User) -> None:
    """Close all sockets of `user` after the sessions have ended in another way, such as a new password."""
    _control(user.pk, {"do": "signed_out", "session": None})


def ban(user: User) -> None:
    """Close the account and end its sessions and sockets. Reopening the account does not bring them back."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        user.is_active = False
        _end_sessions(user)
        _control(user.pk, {"do": "banned"})


def claim_names(user: User) -> int:
    """Rename and sign out guests who have a name of the account `user`; return how many.

    Call it in the transaction that gave `user` its name.
    """
    guests = list(guests_named(user))
    for guest in guests:
        guest.name = f"Guest {guest.pk}"
        guest.save(update_fields=["name", "name_skeleton"])
        sign_out_everywhere(guest)
    return len(guests)


def accept_invite(token: str, username: str, name: str, password: str) -> User:
    """Make an account with an open invite.

    Raises Invite.DoesNotExist when it is used or expired, UsernameTaken when somebody was faster.
    """
    with transaction.atomic():
        invite = Invite.objects.select_for_update().get(
            token_hash=hash_token(token), used_by__isnull=True, expires_at__gt=timezone.now()
        )
        try:
            with transaction.atomic():
                user = User.objects.create_user(username, password, name=name)
        except IntegrityError:
            raise UsernameTaken from None
        claim_names(user)
        Invite.objects.filter(pk=invite.pk).update(used_by=user)
    return user


def _control(user_id: int, payload: dict[str, object]) -> None:
    publish_on_commit([Publication(f"user.{user_id}", Delivery.CONTROL, encode(payload))])


def tell_renamed(user: User) -> None:
    """Tell all open pages somebody's new name."""
    payload = {"do": "renamed", "user": user.on_wire()}
    publish_on_commit([Publication(PEOPLE_TOPIC, Delivery.CONTROL, encode(payload))])
