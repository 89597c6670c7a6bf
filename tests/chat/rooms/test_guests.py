"""Rooms that are open to guests, and those that are not."""

import uuid
from typing import Any

from chat.models import Room
from chat.recheck import recheck_memberships
from chat.rooms.rooms import create_room, let_guests_in
from realtime.delivery.hub import Hub
from realtime.storage.database import in_database
from tests.team import Connect, Team, signed_in

JSON: Any = {"content_type": "application/json"}


async def close(room: Room) -> None:
    """Close a room to guests, behind everybody's back."""
    await Room.objects.filter(pk=room.pk).aupdate(guests=False)


async def test_a_new_room_is_open_to_guests_only_if_its_owner_says_so(team: Team, hub: Hub) -> None:
    closed = await in_database(create_room)(team.alice, "Shed")
    opened = await in_database(create_room)(team.alice, "Garden", guests=True)
    assert (closed.guests, opened.guests) == (False, True)


async def test_a_guest_finds_nothing_of_a_room_that_is_not_open(team: Team, connect: Connect, hub: Hub) -> None:
    await close(team.kitchen)
    socket, browser, account = await connect(team.gast), await signed_in(team.gast), await signed_in(team.charlie)
    heads = await socket.assert_event("heads")
    assert heads["rooms"].keys() == {"lobby"}
    await socket.assert_error("forbidden", "join", room="kitchen")
    assert [room["slug"] for room in (await browser.get("/api/rooms/")).json()["rooms"]] == ["lobby"]
    assert [room["slug"] for room in (await account.get("/api/rooms/")).json()["rooms"]] == ["kitchen", "lobby"]
    assert (await browser.get("/api/rooms/kitchen/messages/")).status_code == 403
    sent = await browser.post("/api/rooms/kitchen/messages/", {"id": str(uuid.uuid4()), "body": "hi"}, **JSON)
    assert sent.status_code == 403
    assert (await browser.get("/rooms/kitchen/")).status_code == 403
    for path in ("/", "/boards/", "/roulette/"):
        assert "kitchen" not in (await browser.get(path)).content.decode()
    for asker, rooms in ((browser, {"lobby"}), (account, {"kitchen", "lobby"}), (type(browser)(), {"lobby"})):
        assert (await asker.get("/api/status/")).json()["rooms"].keys() == rooms


async def test_accounts_and_bots_are_no_guests(team: Team, connect: Connect, hub: Hub) -> None:
    await close(team.kitchen)
    for who in (team.charlie, team.token):
        socket = await connect(who)
        await socket.call("join", room="kitchen")
        await socket.say("kitchen", "hello")


async def test_a_guest_in_a_room_leaves_when_it_is_closed_to_guests(team: Team, connect: Connect, hub: Hub) -> None:
    gast, bob = await connect(team.gast), await connect(team.bob)
    for socket in (gast, bob):
        await socket.call("join", room="kitchen")
    await in_database(let_guests_in)(team.kitchen, False)
    assert await gast.assert_event("left") == {"type": "left", "room": "kitchen", "reason": "removed"}
    await bob.say("kitchen", "between us")
    await gast.assert_silence("message")
    await bob.assert_silence("left")
    # Open again: it is in the list of guests who are there.
    await in_database(let_guests_in)(team.kitchen, True)
    assert (await gast.call("join", room="kitchen"))["type"] == "joined"


async def test_what_a_guest_writes_is_refused_even_before_it_is_told(team: Team, connect: Connect, hub: Hub) -> None:
    gast = await connect(team.gast)
    await gast.call("join", room="kitchen")
    await close(team.kitchen)
    await gast.assert_error("forbidden", "send", room="kitchen", id=str(uuid.uuid4()), body="hi")


async def test_a_guest_whom_the_wire_did_not_tell_leaves_later(team: Team, connect: Connect, hub: Hub) -> None:
    gast = await connect(team.gast)
    await gast.call("join", room="kitchen")
    await gast.call("join", room="lobby")
    await close(team.kitchen)
    await recheck_memberships(hub.connections)
    assert (await gast.assert_event("left"))["room"] == "kitchen"
    await gast.assert_silence("left")


async def test_the_owner_opens_and_closes_a_room_by_the_api(team: Team, hub: Hub) -> None:
    room = await in_database(create_room)(team.alice, "Shed")
    path = f"/api/rooms/{room.slug}/"
    owner, other = await signed_in(team.alice), await signed_in(team.bob)
    assert (await owner.patch(path, {"guests": True}, **JSON)).json()["room"]["guests"] is True
    await room.arefresh_from_db()
    assert room.guests
    wrong: list[tuple[Any, str, dict[str, Any], int]] = [
        (other, path, {"guests": False}, 403),
        (owner, path, {"guests": "no"}, 422),
        (owner, path, {}, 422),
        (owner, "/api/rooms/attic/", {"guests": True}, 409),
        (owner, "/api/rooms/nowhere/", {"guests": True}, 404),
    ]
    for browser, address, body, status in wrong:
        assert (await browser.patch(address, body, **JSON)).status_code == status
    assert (await owner.put(path)).status_code == 405
    await room.arefresh_from_db()
    assert room.guests


async def test_staff_open_and_close_rooms_in_the_admin(team: Team, connect: Connect, hub: Hub) -> None:
    gast = await connect(team.gast)
    await gast.call("join", room="kitchen")
    team.charlie.is_staff = team.charlie.is_superuser = True
    await team.charlie.asave()
    boss = await signed_in(team.charlie)
    address = f"/admin/chat/room/{team.kitchen.pk}/change/"
    fields = {"name": "kitchen", "topic": ""}
    assert (await boss.post(address, fields)).status_code == 302
    assert (await gast.assert_event("left"))["room"] == "kitchen"
    assert (await boss.post(address, fields | {"guests": "on"})).status_code == 302
    assert (await gast.call("join", room="kitchen"))["type"] == "joined"


async def test_a_guest_who_may_see_nothing_is_told_so(team: Team, hub: Hub) -> None:
    for room in (team.kitchen, team.lobby):
        await close(room)
    page = (await (await signed_in(team.gast)).get("/")).content.decode()
    assert "No room is open to guests" in page
    assert "No board is open to guests" in page


async def test_guests_talk_in_roulette_all_the_same(team: Team, connect: Connect, hub: Hub) -> None:
    gast, bob = await connect(team.gast), await connect(team.bob)
    for socket in (gast, bob):
        await socket.call("roulette.enter")
    room = (await gast.assert_event("roulette.paired"))["room"]
    await gast.say(room, "hello")
    assert (await bob.assert_event("message"))["body"] == "hello"
