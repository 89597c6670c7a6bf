"""The HTTP half of chat."""

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import AsyncClient, Client
from django.utils import timezone

from chat.log import changes, store
from chat.models import Membership, Message, PersonInRoom, Presence, Room, RoomKind
from chat.presence.connections import current_presence
from chat.rooms.rooms import archive
from realtime.models import Process
from realtime.storage.database import in_database
from tests.team import Connect, Team, says, signed_in

ID = "6b0e0c3a-8f0a-4a62-9a40-3a0d7f0c2f11"


@pytest.fixture
def browser(team: Team) -> Any:
    """Returns the browser of a user."""

    def of(user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return of


def send(client: Any, path: str, body: Any, **headers: str) -> Any:
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(path, data, "application/json", headers=headers)


def error(response: Any, status: int, code: str, field: str | None = None) -> str:
    """Check that the response is this error, in the common form; return its sentence."""
    assert (response.status_code, response["Content-Type"]) == (status, "application/json"), response.content
    body = response.json()
    assert set(body) == {"error"}
    assert (body["error"]["code"], body["error"].get("field")) == (code, field)
    assert body["error"]["detail"].endswith((".", "name", "?"))
    return str(body["error"]["detail"])


@pytest.fixture
def limited(settings: Any) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 3, 0.001


# Status


def test_the_status_is_for_anyone(team: Team, client: Client) -> None:
    status = client.get("/api/status/").json()
    assert set(status) == {"time", "clients", "processes", "rooms", "build"}
    assert (status["clients"], status["processes"]) == (0, 1)
    assert status["rooms"] == {"lobby": 0, "kitchen": 0}, "public rooms only"
    assert abs(datetime.fromisoformat(status["time"]) - timezone.now()) < timedelta(seconds=10)
    assert status["time"].endswith("Z")


async def test_it_counts_sockets_of_every_endpoint_and_of_all_living_processes(team: Team, connect: Connect) -> None:
    await connect(team.alice)
    await (await connect(team.alice)).call("join", room="kitchen")
    await connect(None, "/ws/echo/")
    now = timezone.now()
    for name, connections, seen, leaving in (("a", 5, 0, False), ("dead", 7, 60, False), ("leaving", 9, 0, True)):
        moment = now - timedelta(seconds=seen)
        await Process.objects.acreate(
            id=name, host="x", pid=1, started_at=moment, seen_at=moment, connections=connections, leaving=leaving
        )
    await Presence.objects.acreate(process="a", room=team.kitchen, user=team.gast, connections=2)
    await Presence.objects.acreate(process="dead", room=team.kitchen, user=team.bob, connections=2)
    await Presence.objects.acreate(process="a", room=team.attic, user=team.bob, connections=1)
    await current_presence().flush()
    status = (await AsyncClient().get("/api/status/")).json()
    assert (status["clients"], status["processes"]) == (3 + 5, 2)
    assert status["rooms"] == {"lobby": 0, "kitchen": 2}


# Rooms


def test_one_lists_the_rooms_that_one_may_see(team: Team, browser: Any) -> None:
    store.apply([says(team.kitchen, team.alice), says(team.kitchen, team.alice)])
    PersonInRoom.objects.create(room=team.kitchen, user=team.bob, seq=1)
    listed = {room.pop("slug"): room for room in browser(team.bob).get("/api/rooms/").json()["rooms"]}
    assert sorted(listed) == ["attic", "kitchen", "lobby"]
    assert listed["kitchen"] == {
        "name": "kitchen",
        "topic": "",
        "kind": "public",
        "guests": True,
        "rev": 2,
        "seq": 2,
        "read": 1,
        "unread": 1,
    }
    assert listed["attic"]["kind"] == "members"
    for outsider in (team.charlie, team.gast, team.robo):
        slugs = [room["slug"] for room in browser(outsider).get("/api/rooms/").json()["rooms"]]
        assert slugs == ["kitchen", "lobby"]


def test_an_account_makes_a_room(team: Team, browser: Any) -> None:
    response = send(browser(team.bob), "/api/rooms/", {"name": " #Garden  party ", "topic": "Bring cake"})
    assert response.status_code == 201
    assert response.json()["room"] == {
        "slug": "garden-party",
        "name": "Garden party",
        "topic": "Bring cake",
        "kind": "public",
        "guests": False,
        "rev": 0,
        "seq": 0,
        "read": 0,
        "unread": 0,
    }
    assert Room.objects.get(slug="garden-party").owner == team.bob
    error(send(browser(team.alice), "/api/rooms/", {"name": "garden party"}), 409, "conflict")


def test_a_room_is_read_as_its_page_shows_it(team: Team, browser: Any) -> None:
    answer = browser(team.bob).get("/api/rooms/attic/").json()
    assert (answer["room"]["slug"], answer["room"]["owner"]) == ("attic", team.alice.pk)
    assert answer["members"] == [user.on_wire() for user in (team.alice, team.bob)]
    Room.objects.filter(pk=team.lobby.pk).update(archived_at=timezone.now())
    lobby = browser(team.bob).get("/api/rooms/lobby/").json()
    assert (lobby["room"]["archived"], lobby["members"]) == (True, [])


def test_others_read_nothing_of_a_room(team: Team, browser: Any) -> None:
    error(browser(team.charlie).get("/api/rooms/attic/"), 403, "forbidden")
    error(browser(team.charlie).get("/api/rooms/nowhere/"), 404, "not_found")
    error(Client().get("/api/rooms/lobby/"), 401, "sign_in")


def test_a_members_only_room_has_its_owner_in_it(team: Team, browser: Any) -> None:
    send(browser(team.bob), "/api/rooms/", {"name": "Cellar", "members_only": True})
    room = Room.objects.get(slug="cellar")
    assert (room.kind, list(room.memberships.values_list("user", flat=True))) == (RoomKind.MEMBERS, [team.bob.pk])


@pytest.mark.parametrize("name", ["Küche", "会議室", "🔥🔥", "r-123", "R- 5", "lob by"])
def test_any_visible_name_has_an_address(team: Team, browser: Any, name: str) -> None:
    response = send(browser(team.bob), "/api/rooms/", {"name": name, "guests": True})
    assert response.status_code == 201
    room = response.json()["room"]
    assert room["name"] == name
    assert not room["slug"].startswith("r-"), "those are talks in roulette"
    assert browser(team.gast).get(f"/api/rooms/{room['slug']}/messages/").status_code == 200


def test_guests_and_bots_make_no_rooms(team: Team, browser: Any) -> None:
    for user in (team.gast, team.robo):
        error(send(browser(user), "/api/rooms/", {"name": "Garden"}), 403, "forbidden")
    assert Room.objects.count() == 3


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ("{", 400, "bad_message", None),
        ("[]", 400, "bad_message", None),
        ({}, 422, "invalid", "name"),
        ({"name": 7}, 422, "invalid", "name"),
        ({"name": " \u200b "}, 422, "invalid", None),
        ({"name": "x" * 41}, 422, "invalid", None),
        ({"name": "x", "topic": 7}, 422, "invalid", "topic"),
        ({"name": "x", "topic": "x" * 201}, 422, "invalid", None),
        ({"name": "x", "topic": "two\nlines"}, 422, "invalid", None),
        ({"name": "x", "members_only": "yes"}, 422, "invalid", "members_only"),
    ],
)
def test_a_room_that_cannot_be(team: Team, browser: Any, body: Any, status: int, code: str, field: str | None) -> None:
    error(send(browser(team.alice), "/api/rooms/", body), status, code, field)
    assert Room.objects.count() == 3


# Messages


def test_messages_are_read_in_pages(team: Team, browser: Any) -> None:
    store.apply([says(team.kitchen, team.alice, str(number)) for number in range(1, 8)])
    client = browser(team.gast)

    def page(query: str) -> tuple[list[int], bool, int]:
        found = client.get(f"/api/rooms/kitchen/messages/{query}").json()
        return [message["seq"] for message in found["messages"]], found["complete"], found["rev"]

    assert page("") == (list(range(1, 8)), True, 7)
    assert page("?limit=2") == ([6, 7], True, 7)
    assert page("?after=3&limit=2") == ([4, 5], False, 7)
    assert page("?after=5&limit=2") == ([6, 7], True, 7)
    assert page("?before=3&limit=5") == ([1, 2], True, 7)
    assert page("?before=7&limit=2") == ([5, 6], False, 7)
    assert page("?after=7") == ([], True, 7)
    message = client.get("/api/rooms/kitchen/messages/?limit=1").json()["messages"][0]
    assert (message["type"], message["room"], message["body"]) == ("message", "kitchen", "7")


def test_pages_around_a_message_and_after_it(team: Team, browser: Any) -> None:
    client = browser(team.gast)

    def page(query: str) -> tuple[list[int], bool, bool]:
        found = client.get(f"/api/rooms/kitchen/messages/{query}").json()
        seqs = [message["seq"] for message in found["messages"]]
        assert (found["first"], found["last"]) == ((seqs[0], seqs[-1]) if seqs else (None, None))
        return seqs, found["complete"], found["newer"]

    assert page("?around=5") == ([], True, False)
    store.apply([says(team.kitchen, team.alice, str(number)) for number in range(1, 21)])
    assert page("?around=10&limit=5") == ([8, 9, 10, 11, 12], False, True)
    assert page("?around=10&limit=1") == ([10], False, True)
    # An end is no reason to give less, and beyond it is the end.
    for place in (0, 1, 2):
        assert page(f"?around={place}&limit=5") == ([1, 2, 3, 4, 5], True, True)
    for place in (19, 20, 21, 10**15 - 1):
        assert page(f"?around={place}&limit=5") == ([16, 17, 18, 19, 20], False, False)
    assert page("?around=3&limit=50") == (list(range(1, 21)), True, False)
    assert page("?after_seq=17&limit=2") == ([18, 19], False, True)
    assert page("?after_seq=18&limit=2") == ([19, 20], True, False)
    assert page("?after_seq=20")[:2] == ([], True)
    assert page("?before=3") == ([1, 2], True, True)
    assert page("") == (list(range(1, 21)), True, False)
    assert "first" not in client.get("/api/rooms/kitchen/messages/?after=3").json()


def test_a_reply_says_what_it_answers_as_it_is_now(team: Team, browser: Any) -> None:
    kitchen, alice = team.kitchen, team.alice
    client = browser(team.gast)

    def quote() -> dict[str, Any]:
        (message,) = client.get("/api/rooms/kitchen/messages/?limit=1").json()["messages"]
        found: dict[str, Any] = message["quote"]
        return found

    store.apply([says(kitchen, alice, "What  is\n\n*this*? " + "x" * 300), says(kitchen, team.bob, "nothing")])
    posted = store.apply([says(kitchen, team.bob, "that", reply_to=1)])
    expected = {"seq": 1, "rev": 1, "sender": alice.on_wire(), "deleted": False}
    expected["text"] = ("What is *this*? " + "x" * 300)[:140]
    assert quote() == expected
    assert json.loads(posted.publications[0].text)["quote"] == expected
    assert "quote" not in client.get("/api/rooms/kitchen/messages/?before=3").json()["messages"][1]
    edited = store.apply([changes.Edit(kitchen.pk, alice.pk, 1, "Now", "Now"), says(kitchen, alice, "?", reply_to=1)])
    assert quote() == expected | {"rev": 4, "text": "Now"}
    assert json.loads(edited.publications[1].text)["quote"] == quote()
    store.apply([changes.Delete(kitchen.pk, alice.pk, 1)])
    assert quote() == expected | {"rev": 6, "text": "", "deleted": True}
    # The reply's own changes carry it, too.
    reacted = store.apply([changes.React(kitchen.pk, alice.pk, 4, "👍", True)])
    assert json.loads(reacted.publications[0].text)["quote"] == quote()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?limit=x", "limit"),
        ("?limit=-1", "limit"),
        ("?after=1.5", "after"),
        ("?after=", "after"),
        ("?after=99999999999999999999", "after"),
        ("?before=²", "before"),
        ("?after=1&before=2", "before"),
        ("?before=1&around=2", "around"),
        ("?after_seq=-1", "after_seq"),
        ("?around=x", "around"),
    ],
)
def test_pages_that_cannot_be(team: Team, browser: Any, query: str, field: str) -> None:
    error(browser(team.gast).get(f"/api/rooms/kitchen/messages/{query}"), 422, "invalid", field)


def test_who_may_not_read_reads_nothing(team: Team, browser: Any, client: Client) -> None:
    store.apply([says(team.attic, team.alice, "secret")])
    for path in (
        "/api/rooms/",
        "/api/rooms/kitchen/messages/",
        "/api/rooms/attic/messages/",
        "/api/rooms/attic/members/",
    ):
        error(client.get(path), 401, "sign_in")
    for user in (team.charlie, team.gast, team.robo):
        for query in ("", "?after=0", "?before=9"):
            error(browser(user).get(f"/api/rooms/attic/messages/{query}"), 403, "forbidden")
        error(browser(user).get("/api/rooms/attic/members/"), 403, "forbidden")
        error(send(browser(user), "/api/rooms/attic/messages/", {"id": ID, "body": "hi"}), 403, "forbidden")
    error(browser(team.bob).get("/api/rooms/nowhere/messages/"), 404, "not_found")
    assert browser(team.bob).get("/api/rooms/attic/messages/").json()["messages"][0]["body"] == "secret"


async def test_a_message_sent_by_http_is_one_of_the_room(team: Team, connect: Connect) -> None:
    bob = await connect(team.bob)
    await bob.call("join", room="attic")
    alice = await signed_in(team.alice)
    response = await send(alice, "/api/rooms/attic/messages/", {"id": ID.upper(), "body": "*hi*"})
    assert response.status_code == 201
    ack = response.json()
    assert (ack["room"], ack["id"], ack["seq"], ack["rev"], ack["duplicate"]) == ("attic", ID, 1, 1, False)
    event = await bob.assert_event("message")
    assert [event[key] for key in ("id", "seq", "rev", "at")] == [ack[key] for key in ("id", "seq", "rev", "at")]
    assert event["html"] == '<p dir="auto"><em>hi</em></p>'

    again = await send(alice, "/api/rooms/attic/messages/", {"id": ID, "body": "other words"})
    assert (again.status_code, again.json()) == (200, ack | {"duplicate": True})
    socket = await connect(team.alice)
    await socket.call("join", room="attic")
    assert (await socket.say("attic", "other words", id=ID))["seq"] == 1, "sent by socket, it is the same message"
    reply = await send(alice, "/api/rooms/attic/messages/", {"id": str(uuid.uuid4()), "body": "re", "reply_to": 1})
    assert reply.status_code == 201
    assert (await bob.assert_event("message"))["reply_to"] == 1


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ("{", 400, "bad_message", None),
        (b"\xff", 400, "bad_message", None),
        ('"text"', 400, "bad_message", None),
        ({}, 422, "invalid", "id"),
        ({"id": 7, "body": "hi"}, 422, "invalid", "id"),
        ({"id": "7", "body": "hi"}, 422, "invalid", "id"),
        ({"id": ID}, 422, "invalid", "body"),
        ({"id": ID, "body": ["hi"]}, 422, "invalid", "body"),
        ({"id": ID, "body": ""}, 400, "bad_message", None),
        ({"id": ID, "body": "\u200b"}, 400, "bad_message", None),
        ({"id": ID, "body": "a\u0000b"}, 400, "bad_message", None),
        ('{"id": "' + ID + '", "body": "\\ud800"}', 400, "bad_message", None),
        ({"id": ID, "body": "x" * 8_001}, 413, "too_long", None),
        ({"id": ID, "body": "x" * 70_000}, 413, "too_long", None),
        ({"id": ID, "body": "hi", "reply_to": 0}, 422, "invalid", "reply_to"),
        ({"id": ID, "body": "hi", "reply_to": True}, 422, "invalid", "reply_to"),
        ({"id": ID, "body": "hi", "reply_to": 1e400}, 400, "bad_message", None),
        ({"id": ID, "body": "hi", "reply_to": 2**53}, 422, "invalid", "reply_to"),
        ({"id": ID, "body": "hi", "reply_to": 3}, 404, "not_found", None),
    ],
)
async def test_a_message_that_cannot_be(
    team: Team, hub: Any, body: Any, status: int, code: str, field: str | None
) -> None:
    response = await send(await signed_in(team.gast), "/api/rooms/kitchen/messages/", body)
    error(response, status, code, field)
    assert not await Message.objects.aexists()


async def test_a_message_needs_the_csrf_token(team: Team, hub: Any) -> None:
    browser = await signed_in(team.gast, enforce_csrf_checks=True)
    response = await send(browser, "/api/rooms/kitchen/messages/", {"id": ID, "body": "hi"})
    error(response, 403, "forbidden")
    await browser.get("/rooms/kitchen/")
    token = browser.cookies["csrftoken"].value
    response = await send(browser, "/api/rooms/kitchen/messages/", {"id": ID, "body": "hi"}, **{"X-CSRFToken": token})
    assert response.status_code == 201


async def test_an_archived_room_is_read_only(team: Team, hub: Any) -> None:
    await in_database(archive)(team.kitchen)
    browser = await signed_in(team.gast)
    error(await send(browser, "/api/rooms/kitchen/messages/", {"id": ID, "body": "hi"}), 403, "forbidden")
    assert (await browser.get("/api/rooms/kitchen/messages/")).status_code == 200


async def test_who_writes_too_often_must_wait_and_can_read_meanwhile(team: Team, hub: Any, limited: None) -> None:
    browser = await signed_in(team.gast)
    path = "/api/rooms/kitchen/messages/"
    bodies = [{"id": str(uuid.uuid4()), "body": "hi"} for _ in range(4)]
    assert [(await send(browser, path, body)).status_code for body in bodies] == [201, 201, 201, 429]
    response = await send(browser, path, bodies[3])
    error(response, 429, "rate_limited")
    assert int(response["Retry-After"]) >= 1
    for refused in (await send(browser, "/api/rooms/", {}), await send(browser, "/api/rooms/attic/members/", {})):
        error(refused, 429, "rate_limited")
    assert (await browser.get(path)).json()["seq"] == 3
    other = await signed_in(team.bob)
    assert (await send(other, path, bodies[3])).status_code == 201, "the others need not wait"


# Members


def test_the_owner_adds_and_removes_people_by_name(team: Team, browser: Any) -> None:
    alice = browser(team.alice)
    response = send(alice, "/api/rooms/attic/members/", {"name": "CHARLIE"})
    assert (response.status_code, response.json()) == (201, {"user": team.charlie.on_wire()})
    assert send(alice, "/api/rooms/attic/members/", {"name": "charlie"}).status_code == 201, "twice is once"
    listed = browser(team.charlie).get("/api/rooms/attic/members/").json()
    assert listed == {
        "members": [user.on_wire() for user in (team.alice, team.bob, team.charlie)],
        "owner": team.alice.pk,
    }
    assert alice.delete(f"/api/rooms/attic/members/{team.charlie.pk}/").status_code == 204
    error(alice.delete(f"/api/rooms/attic/members/{team.charlie.pk}/"), 404, "not_found")
    error(browser(team.charlie).get("/api/rooms/attic/messages/"), 403, "forbidden")


def test_nobody_else_does(team: Team, browser: Any) -> None:
    for user in (team.bob, team.charlie, team.gast, team.robo):
        client = browser(user)
        error(send(client, "/api/rooms/attic/members/", {"name": "charlie"}), 403, "forbidden")
        error(client.delete(f"/api/rooms/attic/members/{team.alice.pk}/"), 403, "forbidden")
    assert Membership.objects.count() == 2


def test_a_member_leaves_but_not_the_owner(team: Team, browser: Any) -> None:
    bob = browser(team.bob)
    assert bob.delete(f"/api/rooms/attic/members/{team.bob.pk}/").status_code == 204
    error(bob.delete(f"/api/rooms/attic/members/{team.bob.pk}/"), 403, "forbidden")
    error(browser(team.alice).delete(f"/api/rooms/attic/members/{team.alice.pk}/"), 409, "conflict")
    error(bob.delete(f"/api/rooms/kitchen/members/{team.bob.pk}/"), 404, "not_found")


def test_members_that_cannot_be(team: Team, browser: Any) -> None:
    alice = browser(team.alice)
    for name in ("Gast", "nobody", "", "\u202e", "x" * 500):
        error(send(alice, "/api/rooms/attic/members/", {"name": name}), 404, "not_found")
    error(send(alice, "/api/rooms/attic/members/", {}), 422, "invalid", "name")
    error(send(alice, "/api/rooms/nowhere/members/", {"name": "bob"}), 404, "not_found")
    error(alice.delete(f"/api/rooms/attic/members/{team.alice.pk}/"), 409, "conflict")
    Room.objects.filter(pk=team.kitchen.pk).update(owner=team.alice)
    error(send(alice, "/api/rooms/kitchen/members/", {"name": "bob"}), 409, "conflict")


@pytest.mark.parametrize("user_id", ["0", "99999", "9" * 18, "9" * 19, "9" * 40])
def test_a_member_that_is_not_there(team: Team, browser: Any, user_id: str) -> None:
    error(browser(team.alice).delete(f"/api/rooms/attic/members/{user_id}/"), 404, "not_found")


def test_two_people_of_one_name_are_told_apart_by_their_user_names(team: Team, browser: Any) -> None:
    type(team.charlie).objects.create_user("charlie2", name="Charlie B")
    type(team.charlie).objects.filter(username__startswith="charlie").update(name="Chris")
    alice = browser(team.alice)
    error(send(alice, "/api/rooms/attic/members/", {"name": "Chris"}), 409, "conflict")
    assert send(alice, "/api/rooms/attic/members/", {"name": "charlie2"}).status_code == 201


def test_other_methods_are_refused(team: Team, browser: Any) -> None:
    client = browser(team.alice)
    for path in ("/api/status/", "/api/rooms/", "/api/rooms/attic/messages/", "/api/rooms/attic/members/"):
        error(client.put(path), 405, "method_not_allowed")
    error(client.get(f"/api/rooms/attic/members/{team.bob.pk}/"), 405, "method_not_allowed")


def test_lists_take_as_many_queries_for_many_rooms_and_members_as_for_few(
    team: Team, browser: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        room = Room.objects.create(slug=f"room-{number}", name="x", owner=team.alice)
        Membership.objects.create(room=team.attic, user=type(team.bob).objects.create_user(f"user-{number}"))
        store.apply([says(room, team.bob)])
    client = browser(team.alice)
    with django_assert_max_num_queries(7):  # session, user, rooms, their numbers, marks, who has none, unread messages
        assert len(client.get("/api/rooms/").json()["rooms"]) == 23
    with django_assert_max_num_queries(5):
        assert len(client.get("/api/rooms/attic/members/").json()["members"]) == 22
