import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chat import public
from chat.log import messages, store
from chat.models import Membership, Message, Presence, Room
from chat.presence.connections import current_presence
from chat.rooms.members import revoke
from chat.rooms.rooms import archive
from realtime.storage.database import in_database
from realtime.wire.protocol import CommandError
from tests.team import Connect, Team, says, signed_in

CARD = uuid.uuid4()


def alert(version: int = 1, **fields: Any) -> dict[str, Any]:
    return {"version": version, "title": "Processor", "value": 97, "until": None, **fields}


async def put(room: str = "kitchen", version: int = 1, **fields: Any) -> None:
    await public.put_card(room, CARD, f"Processor, *{version}*", alert(version, **fields))


async def card() -> Message:
    return await Message.objects.select_related("room", "sender").aget()


# Numbers


async def test_people_online_count_once_however_many_rooms_they_are_in(team: Team, hub: Any) -> None:
    assert await public.people_online() == 0
    for room in (team.kitchen, team.lobby):
        current_presence().arrive(room.pk, team.alice.pk)
    current_presence().arrive(team.attic.pk, team.bob.pk)
    await current_presence().flush()
    await Presence.objects.acreate(process="dead", room=team.lobby, user=team.gast, connections=1)
    assert await public.people_online() == 2


async def test_messages_of_the_last_minute(team: Team, hub: Any) -> None:
    await in_database(store.apply)([says(team.kitchen, team.alice) for _ in range(5)])
    await Message.objects.filter(seq__lte=2).aupdate(at=timezone.now() - timedelta(seconds=70))
    assert await public.messages_last_minute() == 3


# Cards


async def test_a_card_is_posted_once_and_then_brought_up_to_date(team: Team, connect: Connect) -> None:
    bob = await connect(team.bob)
    await bob.call("join", room="kitchen")
    await put()
    first = await bob.assert_event("message")
    assert (first["kind"], first["sender"]["name"], first["html"]) == (
        "alert",
        "alerts",
        '<p dir="auto">Processor, <em>1</em></p>',
    )
    assert first["alert"] == alert(state="firing", acknowledged=None)
    await put()
    await bob.assert_silence("message")
    await put(version=2, value=99)
    second = await bob.assert_event("message")
    assert (second["seq"], second["rev"], second["id"]) == (first["seq"], first["rev"] + 1, first["id"])
    assert (second["alert"]["value"], second["edited_at"]) == (99, None)
    await put(version=1)
    await bob.assert_silence("message")
    assert (await card()).alert == second["alert"]


async def test_somebody_acknowledges_and_that_stands_until_it_is_over(team: Team, connect: Connect) -> None:
    alice, bob = await connect(team.alice), await connect(team.bob)
    for socket in (alice, bob):
        await socket.call("join", room="kitchen")
    await put()
    await bob.assert_event("message")
    reply = await bob.call("acknowledge", room="kitchen", seq=1)
    told = await alice.assert_event("message", rev=reply["rev"])
    assert told["alert"]["state"] == "acknowledged"
    assert told["alert"]["acknowledged"]["user"] == team.bob.on_wire()
    assert (await alice.call("acknowledge", room="kitchen", seq=1))["rev"] == reply["rev"], "twice is once"
    await put(version=2, value=98)
    assert (await alice.assert_event("message", rev=3))["alert"]["state"] == "acknowledged"
    await put(version=3, until="2026-11-21T09:00:00.000Z")
    resolved = (await alice.assert_event("message", rev=4))["alert"]
    assert (resolved["state"], resolved["acknowledged"]["user"]["name"]) == ("resolved", "Bob")


async def test_what_cannot_be_acknowledged(team: Team, connect: Connect) -> None:
    bob, charlie = await connect(team.bob), await connect(team.charlie)
    for socket in (bob, charlie):
        await socket.call("join", room="kitchen")
    await bob.say("kitchen")
    await bob.assert_error("conflict", "acknowledge", room="kitchen", seq=1)
    await bob.assert_error("not_found", "acknowledge", room="kitchen", seq=2)
    await bob.assert_error("not_joined", "acknowledge", room="attic", seq=1)
    await bob.assert_error("bad_message", "acknowledge", room="kitchen", seq="x")
    await put(until="2026-11-21T09:00:00.000Z")
    await bob.assert_error("conflict", "acknowledge", room="kitchen", seq=2)


async def test_a_card_that_staff_deleted_stays_deleted(team: Team, connect: Connect) -> None:
    bob = await connect(team.bob)
    await bob.call("join", room="kitchen")
    await put()
    await bob.assert_event("message")
    await in_database(messages.write)(messages.delete(team.kitchen.pk, team.charlie, 1, as_staff=True))
    gone = await bob.assert_event("message", deleted=True)
    assert "alert" not in gone
    await put(version=2)
    await bob.assert_silence("message")
    await bob.assert_error("not_found", "acknowledge", room="kitchen", seq=1)


async def test_an_alert_is_acknowledged_by_http(team: Team, hub: Any) -> None:
    await put()
    path = "/api/rooms/kitchen/messages/1/acknowledge/"
    gast = await signed_in(team.gast)
    first, again = await gast.post(path), await gast.post(path)
    assert (first.status_code, first.json()) == (200, {"room": "kitchen", "seq": 1, "rev": 2, "duplicate": False})
    assert again.json() == {"room": "kitchen", "seq": 1, "rev": 2, "duplicate": True}
    assert (await gast.get(path)).status_code == 405
    assert (await gast.post(path.replace("/1/", f"/{10**30}/"))).status_code == 404
    assert (await gast.post("/api/rooms/attic/messages/1/acknowledge/")).status_code == 403


async def test_rooms_that_take_no_card_say_so(team: Team, hub: Any) -> None:
    for room, code in (("nowhere", "not_found"), ("lobby", "forbidden"), ("attic", "forbidden")):
        with pytest.raises(CommandError) as raised:
            await put(room)
        assert raised.value.code == code, room
    await put()
    await in_database(archive)(team.kitchen)
    await put()
    with pytest.raises(CommandError, match="archived"):
        await put(version=2)


async def test_a_members_only_room_lets_the_bot_in_until_its_owner_does_not(team: Team, hub: Any) -> None:
    for _ in range(2):
        await in_database(public.let_cards_in)("attic")
    await put("attic")
    bot = await User.objects.aget(username=public.BOT)
    assert not bot.has_usable_password()
    await in_database(revoke)(team.alice, "attic", bot.pk)
    with pytest.raises(CommandError, match="not a member"):
        await put("attic", version=2)
    await in_database(public.let_cards_in)("kitchen")
    await in_database(public.let_cards_in)("nowhere")
    assert not await Membership.objects.filter(user=bot).aexists()


def test_rooms_for_cards_are_those_that_are_open_and_where_bots_talk(team: Team) -> None:
    Room.objects.create(slug="old", name="old", archived_at=timezone.now())
    Room.objects.create(slug="r-1", name="talk", kind="roulette")
    assert public.rooms_for_cards() == [("attic", "attic"), ("kitchen", "kitchen")]
