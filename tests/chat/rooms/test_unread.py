"""Unread counts: messages by others after the mark that are not deleted."""

import uuid
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chat.log import store
from chat.log.changes import Delete
from chat.models import PersonInRoom, Room
from chat.rooms import unread
from chat.rooms.members import add_member
from realtime.storage.database import condition, in_database
from tests.team import Connect, Team, queries, says


def count(user: User, room: Room) -> tuple[int, int]:
    """Return (read mark, unread messages)."""
    found = unread.counts({user.pk: [room.pk]})[user.pk][room.pk]
    return found.read, found.unread


def test_own_and_deleted_messages_count_for_nothing(team: Team) -> None:
    kitchen, alice, bob = team.kitchen, team.alice, team.bob
    store.apply([says(kitchen, user) for user in (alice, bob, alice, bob, bob)])
    assert (count(alice, kitchen), count(bob, kitchen), count(team.charlie, kitchen)) == ((0, 3), (0, 2), (0, 5))
    store.apply([Delete(kitchen.pk, bob.pk, 4)])
    assert count(alice, kitchen) == (0, 2)
    PersonInRoom.objects.create(room=kitchen, user=alice, seq=2)
    assert count(alice, kitchen) == (2, 1)
    store.apply([Delete(kitchen.pk, bob.pk, 5), says(kitchen, alice)])
    assert count(alice, kitchen) == (2, 0)


def test_who_comes_new_starts_with_everything_read(team: Team) -> None:
    store.apply([says(team.kitchen, team.alice) for _ in range(40)])
    guest = User.objects.create_guest("New")
    account = User.objects.create_user("new")
    assert count(guest, team.kitchen) == count(account, team.kitchen) == (40, 0)
    store.apply([says(team.kitchen, team.alice)])
    assert count(guest, team.kitchen) == (40, 1)
    # A room made after their account is unread from its beginning.
    room = Room.objects.create(slug="newer", name="newer")
    store.apply([says(room, team.alice)])
    assert count(guest, room) == (0, 1)


def test_who_comes_new_reads_while_nothing_can_be_written(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    store.apply([says(team.kitchen, team.alice)])
    guest = User.objects.create_guest("New")
    with monkeypatch.context() as patch:
        patch.setattr(condition, "unwritable", "The server's disk is full: nothing can be saved.")
        assert count(guest, team.kitchen) == (1, 0)
        assert not PersonInRoom.objects.filter(user=guest).exists()
    assert count(guest, team.kitchen) == (1, 0)
    assert PersonInRoom.objects.get(user=guest).seq == 1


def test_somebody_who_is_gone_hides_no_counts_of_others(team: Team) -> None:
    store.apply([says(team.kitchen, team.alice)])
    found = unread.counts({team.bob.pk: [team.kitchen.pk], 10**6: [team.kitchen.pk]})
    assert found[team.bob.pk][team.kitchen.pk].unread == 1


def test_who_is_taken_into_a_room_has_read_what_is_there(team: Team) -> None:
    store.apply([says(team.attic, team.alice) for _ in range(3)])
    add_member(team.attic, team.charlie)
    assert count(team.charlie, team.attic) == (3, 0)
    store.apply([says(team.attic, team.alice)])
    add_member(team.attic, team.charlie)
    assert count(team.charlie, team.attic) == (3, 1)


def test_it_counts_no_further_than_a_badge_shows(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MOST", 5)
    monkeypatch.setattr(unread, "WINDOW", 8)
    store.apply([says(team.kitchen, team.alice) for _ in range(20)])
    assert count(team.bob, team.kitchen) == (0, 5)
    store.apply([Delete(team.kitchen.pk, team.alice.pk, seq) for seq in range(13, 21)])
    assert count(team.bob, team.kitchen) == (0, 0), "what was purged is not walked through"


def test_many_people_are_counted_in_few_statements(team: Team) -> None:
    rooms = [team.kitchen, team.lobby, team.attic]
    for room in rooms:
        store.apply([says(room, team.alice)])
    people = [User.objects.create_user(f"user-{number}") for number in range(30)]
    wanted = {user.pk: [room.pk for room in rooms] for user in people}
    unread.counts(wanted)
    for room in rooms:
        store.apply([says(room, team.alice)])
    with queries() as made:
        found = unread.counts(wanted)
    assert all(each.unread == 1 for rooms_of in found.values() for each in rooms_of.values())
    assert len(made) == 3, made


def test_lists_over_http_say_it(team: Team, client: Client) -> None:
    store.apply([says(team.kitchen, team.alice), says(team.kitchen, team.bob)])
    client.force_login(team.bob)
    rooms = {room["slug"]: room for room in client.get("/api/rooms/").json()["rooms"]}
    assert (rooms["kitchen"]["unread"], rooms["kitchen"]["read"], rooms["lobby"]["unread"]) == (1, 0, 0)
    page = client.get("/").content.decode()
    assert "<span data-count>1</span>" in page


async def test_heads_say_it_when_the_socket_opens_and_later_what_is_new(team: Team, connect: Connect) -> None:
    kitchen = team.kitchen
    await in_database(store.apply)([says(kitchen, team.alice), says(kitchen, team.bob)])
    bob = await connect(team.bob)

    def tells(event: dict[str, Any]) -> bool:
        return event["type"] == "heads" and "kitchen" in event["rooms"]

    heads = await bob.next(tells)
    assert heads["rooms"]["kitchen"] == {"rev": 2, "seq": 2, "read": 0, "unread": 1}
    alice = await connect(team.alice)
    await alice.call("join", room="kitchen")
    await alice.call("send", room="kitchen", id=str(uuid.uuid4()), body="hi")
    heads = await bob.next(tells)
    assert heads["rooms"]["kitchen"] == {"rev": 3, "seq": 3, "new": [[3, team.alice.pk]]}
    await alice.call("delete", room="kitchen", seq=3)
    heads = await bob.next(tells)
    assert heads["rooms"]["kitchen"] == {"rev": 4, "seq": 3, "gone": [[3, team.alice.pk]]}
