"""Who may post, edit and delete: asked of the store, whose transaction asks."""

import pytest
from django.utils import timezone

from accounts.models import User
from chat.log.changes import Delete
from chat.models import Membership, Room
from tests.chat.log.changes import apply, edit, react
from tests.team import Team, make_team, says


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


def test_who_is_no_member_changes_nothing(team: Team) -> None:
    attic = team.attic
    apply(says(attic, team.alice))
    for user in (team.charlie, team.gast, team.robo):
        changes = [says(attic, user), edit(attic, user, 1, "x"), Delete(attic.pk, user.pk, 1), react(attic, user, 1)]
        assert apply(*changes) == ["forbidden"] * 4
    assert apply(says(attic, team.bob)) == [(2, 2, False)]
    Membership.objects.filter(user=team.bob).delete()
    assert apply(says(attic, team.bob)) == ["forbidden"]


def test_bots_only_read_where_people_are_among_themselves(team: Team) -> None:
    apply(says(team.lobby, team.gast))
    assert apply(says(team.lobby, team.robo), react(team.lobby, team.robo, 1)) == ["forbidden", "forbidden"]
    assert apply(says(team.kitchen, team.robo)) == [(1, 1, False)]


def test_only_ones_own_messages_are_changed_except_by_staff(team: Team) -> None:
    kitchen, attic = team.kitchen, team.attic
    apply(says(kitchen, team.alice), says(attic, team.alice))
    assert apply(edit(kitchen, team.bob, 1, "x"), Delete(kitchen.pk, team.bob.pk, 1)) == ["forbidden", "forbidden"]
    Room.objects.update(archived_at=timezone.now())
    staff = [Delete(room.pk, team.charlie.pk, 1, as_staff=True) for room in (kitchen, attic)]
    assert apply(*staff) == [(2, 1, False), (2, 1, False)]


def test_nobody_talks_in_an_archived_room_nor_from_a_closed_account(team: Team) -> None:
    apply(says(team.kitchen, team.alice))
    User.objects.filter(pk=team.bob.pk).update(is_active=False)
    assert apply(says(team.lobby, team.bob)) == ["forbidden"]
    Room.objects.filter(pk=team.kitchen.pk).update(archived_at=timezone.now())
    changes = [
        says(team.kitchen, team.alice),
        edit(team.kitchen, team.alice, 1, "x"),
        react(team.kitchen, team.alice, 1),
    ]
    assert apply(*changes) == ["forbidden"] * 3
