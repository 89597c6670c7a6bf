"""What is deleted automatically, and what is not."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.signing_in.housekeeping import YOUNG, clean
from chat.models import Message, Room
from roulette.models import Report
from tests.team import Team

pytestmark = pytest.mark.django_db


def old_guest(name: str) -> User:
    guest = User.objects.create_guest(name)
    User.objects.filter(pk=guest.pk).update(date_joined=timezone.now() - 2 * YOUNG)
    return guest


def says(room: Room, sender: User) -> None:
    Message.objects.create(
        room=room, seq=1, rev=1, posted_rev=1, sender=sender, client_id=uuid.uuid4(), body="hi", at=timezone.now()
    )


def test_sessions_that_are_over_go_and_others_stay(team: Team) -> None:
    over, good = Client(), Client()
    over.force_login(team.alice)
    good.force_login(team.alice)
    Session.objects.filter(pk=over.cookies["sessionid"].value).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert clean()[0] == 1
    assert [each.pk for each in Session.objects.all()] == [good.cookies["sessionid"].value]


def test_a_guest_who_left_nothing_behind_goes_with_the_session(team: Team) -> None:
    guest, here = old_guest("Gone"), old_guest("Here")
    Client().force_login(here)
    young = User.objects.create_guest("Young")
    assert clean() == (0, 1)
    assert not User.objects.filter(pk=guest.pk).exists()
    assert User.objects.filter(pk__in=[here.pk, young.pk]).count() == 2


def test_who_wrote_or_reported_or_was_reported_stays(team: Team) -> None:
    writer, reporter, reported = (old_guest(name) for name in ("Writer", "Reporter", "Reported"))
    says(team.lobby, writer)
    Report.objects.create(reporter=reporter, reported=reported, room=team.lobby)
    assert clean() == (0, 0)


def test_accounts_and_bots_stay_however_quiet(team: Team) -> None:
    User.objects.update(date_joined=timezone.now() - 2 * YOUNG)
    clean()
    assert set(User.objects.values_list("name", flat=True)) == {"Alice", "Bob", "Charlie", "Robo"}
