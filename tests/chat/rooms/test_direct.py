"""Direct rooms: one for each set of people, closed to all others, listed from the first message on."""

import threading
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.models import User
from chat.log import store
from chat.models import Membership, Message, Room, RoomKind
from chat.rooms import access, direct
from chat.rooms.direct import open_direct
from chat.rooms.rooms import create_room
from realtime.storage.database import in_database
from realtime.wire.protocol import CommandError
from tests.team import Connect, Team, joined, says


def test_a_set_of_people_has_one_room_for_all_of_them(team: Team) -> None:
    room, is_new = open_direct(team.alice, [team.bob.pk])
    assert (room.kind, is_new, room.slug.startswith("d-")) == (RoomKind.DIRECT, True, True)
    assert open_direct(team.bob, [team.alice.pk, team.bob.pk, team.alice.pk]) == (room, False)
    other, is_new = open_direct(team.bob, [team.alice.pk, team.charlie.pk])
    assert is_new
    assert other != room
    assert set(Membership.objects.filter(room=room).values_list("user", flat=True)) == {team.alice.pk, team.bob.pk}


def test_two_who_open_it_at_once_get_the_same(team: Team) -> None:
    found: list[Any] = []
    start = threading.Barrier(6)

    def opened(user: User, other: User) -> None:
        try:
            start.wait()
            found.append(open_direct(user, [other.pk]))
        finally:
            connections.close_all()

    pairs = [(team.alice, team.bob), (team.bob, team.alice)] * 3
    threads = [threading.Thread(target=opened, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len({room.pk for room, _ in found}) == 1
    assert sum(is_new for _, is_new in found) == 1
    assert Membership.objects.filter(room__kind=RoomKind.DIRECT).count() == 2


def refusal(user: User, others: list[int]) -> str:
    with pytest.raises(CommandError) as caught:
        open_direct(user, others)
    return caught.value.code


def test_who_may_not_be_in_one(team: Team, settings: Any) -> None:
    assert refusal(team.alice, []) == "invalid"
    assert refusal(team.alice, [team.alice.pk]) == "invalid"
    assert refusal(team.alice, list(range(1000, 1009))) == "invalid"
    assert refusal(team.alice, [99_999]) == "not_found"
    assert refusal(team.alice, [team.gast.pk]) == "not_found"
    assert refusal(team.alice, [team.robo.pk]) == "not_found"
    assert refusal(team.gast, [team.alice.pk]) == "forbidden"
    User.objects.filter(pk=team.bob.pk).update(is_active=False)
    assert refusal(team.alice, [team.bob.pk]) == "not_found"
    settings.DIRECT_ROOMS = 1
    open_direct(team.alice, [team.charlie.pk])
    User.objects.filter(pk=team.bob.pk).update(is_active=True)
    assert refusal(team.alice, [team.bob.pk]) == "conflict"
    assert open_direct(team.charlie, [team.bob.pk])[1], "rooms that others opened do not count"
    assert Room.objects.filter(kind=RoomKind.DIRECT).count() == 2


def test_it_is_in_the_lists_from_its_first_message_on_under_the_others_names(team: Team) -> None:
    room, _ = open_direct(team.alice, [team.bob.pk, team.charlie.pk])
    assert room not in access.visible_rooms(team.bob)
    result = store.apply([says(room, team.alice)])
    told = {each.topic for each in result.publications if "room_created" in each.text}
    assert told == {f"user.{each.pk}" for each in (team.alice, team.bob, team.charlie)}
    assert not [each for each in store.apply([says(room, team.bob)]).publications if each.topic.startswith("user.")]
    assert room in access.visible_rooms(team.bob)
    assert room not in access.visible_rooms(User.objects.create_user("mallory"))
    assert direct.shown_to(team.bob, [room])[room.pk]["name"] == "Alice, Charlie"


def test_nobody_else_reads_or_writes_it(team: Team, client: Client) -> None:
    room, _ = open_direct(team.alice, [team.bob.pk])
    store.apply([says(room, team.alice, "between us")])
    for stranger in (team.charlie, team.gast):
        client.force_login(stranger)
        for path in (f"/api/rooms/{room.slug}/", f"/api/rooms/{room.slug}/messages/", f"/rooms/{room.slug}/"):
            answer = client.get(path)
            assert answer.status_code == 403, path
            assert b"between us" not in answer.content
        assert room.slug not in client.get("/api/rooms/").content.decode()
        outcome = store.apply([says(room, stranger)]).outcomes[0]
        assert isinstance(outcome, CommandError)
        assert outcome.code == "forbidden"
    assert Message.objects.filter(room=room).count() == 1


def test_its_people_stay_the_same(team: Team, client: Client) -> None:
    room, _ = open_direct(team.alice, [team.bob.pk])
    client.force_login(team.alice)
    members = f"/api/rooms/{room.slug}/members/"
    assert client.post(members, {"name": "charlie"}, content_type="application/json").status_code == 409
    assert client.delete(f"{members}{team.alice.pk}/").status_code == 409
    assert client.delete(f"{members}{team.bob.pk}/").status_code == 409
    assert Membership.objects.filter(room=room).count() == 2


def test_a_public_room_may_have_an_address_like_one(team: Team, client: Client) -> None:
    assert create_room(team.alice, "D day").slug == "d-day"
    client.force_login(team.alice)
    assert "<h1># D day</h1>" in client.get("/rooms/d-day/").content.decode()


def test_over_http(team: Team, client: Client) -> None:
    client.force_login(team.alice)

    def ask(body: Any) -> Any:
        return client.post("/api/direct/", body, content_type="application/json")

    made = ask({"people": [team.bob.pk]})
    assert made.status_code == 201
    room = made.json()["room"]
    assert (room["kind"], room["name"]) == ("direct", "Bob")
    assert [each["id"] for each in room["people"]] == [team.alice.pk, team.bob.pk]
    again = ask({"people": [team.bob.pk]})
    assert (again.status_code, again.json()["room"]["slug"]) == (200, room["slug"])
    wrongs: list[Any] = [{}, {"people": "bob"}, {"people": [True]}, {"people": [2**80]}, {"people": [{}]}, []]
    for wrong in wrongs:
        assert ask(wrong).status_code in (400, 422), wrong
    assert client.get("/api/direct/").status_code == 405
    assert client.get(f"/api/rooms/{room['slug']}/").json()["room"]["name"] == "Bob"
    assert "# Bob" not in client.get(f"/rooms/{room['slug']}/").content.decode()


async def test_the_first_message_brings_it_into_the_others_list(team: Team, connect: Connect) -> None:
    bob, charlie = await connect(team.bob), await connect(team.charlie)
    room, _ = await in_database(open_direct)(team.alice, [team.bob.pk])
    alice = await joined(connect, team.alice, room.slug)
    await alice.call("send", room=room.slug, id="0b7e2c1e-8c5f-4a53-9f3e-1f1f6d1f0a01", body="hello Bob")
    heads = await bob.next(lambda event: event["type"] == "heads" and room.slug in event["rooms"])
    assert heads["rooms"][room.slug]["unread"] == 1
    answer = await charlie.ask("join", room=room.slug)
    assert (answer["type"], answer["code"]) == ("error", "forbidden")
