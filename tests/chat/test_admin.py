"""Rooms and messages in the admin; sockets hear of its changes."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import AsyncClient

from accounts.models import User
from chat.log import pages, store
from chat.models import Membership, Message, Room, RoomKind
from realtime.storage.database import in_database
from tests.team import Connect, Team, says, signed_in


@pytest.fixture
async def boss(team: Team) -> AsyncClient:
    return await signed_in(await User.objects.acreate(username="boss", name="Boss", is_staff=True, is_superuser=True))


async def act(boss: AsyncClient, model: str, action: str, *objects: Any) -> None:
    fields = {"action": action, "_selected_action": [each.pk for each in objects]}
    assert (await boss.post(f"/admin/chat/{model}/", fields)).status_code == 302


async def test_every_list_and_form_opens(team: Team, hub: Any, boss: AsyncClient) -> None:
    await in_database(store.apply)([says(team.kitchen, team.alice, "hello")])
    for model in ("room", "message"):
        assert (await boss.get(f"/admin/chat/{model}/")).status_code == 200
    for room in (team.kitchen, team.attic):
        assert (await boss.get(f"/admin/chat/room/{room.pk}/change/")).status_code == 200
    assert (await boss.get("/admin/chat/room/add/")).status_code == 200


async def test_a_room_is_made_archived_and_opened_again(team: Team, connect: Connect, boss: AsyncClient) -> None:
    gast = await connect(team.gast)
    await gast.assert_event("heads")
    fields = {"slug": "garden", "name": "Garden", "topic": "", "kind": "public", "guests": "on"}
    assert (await boss.post("/admin/chat/room/add/", fields)).status_code == 302
    assert "garden" in (await gast.assert_event("heads"))["rooms"]
    room = await Room.objects.aget(slug="garden")
    await gast.call("join", room="garden")
    await act(boss, "room", "archive", room)
    assert (await gast.assert_event("left"))["reason"] == "archived"
    await act(boss, "room", "unarchive", room)
    await gast.call("join", room="garden")
    await gast.say("garden")


async def test_changing_a_rooms_name_does_not_take_back_its_numbers(team: Team, hub: Any, boss: AsyncClient) -> None:
    form = (await boss.get(f"/admin/chat/room/{team.kitchen.pk}/change/")).context
    assert form
    await in_database(store.apply)([says(team.kitchen, team.alice) for _ in range(3)])
    fields = {"name": "Kitchenette", "topic": ""}
    assert (await boss.post(f"/admin/chat/room/{team.kitchen.pk}/change/", fields)).status_code == 302
    room = await Room.objects.aget(pk=team.kitchen.pk)
    assert (room.name, room.rev, room.seq, room.kind) == ("Kitchenette", 3, 3, RoomKind.PUBLIC)


async def test_purging_deletes_the_text_and_tells_everybody(team: Team, connect: Connect, boss: AsyncClient) -> None:
    await in_database(store.apply)([says(team.attic, team.alice, f"secret {number}") for number in range(3)])
    bob = await connect(team.bob)
    await bob.call("join", room="attic")
    await act(boss, "room", "purge", team.attic)
    for seq in (1, 2, 3):
        event = await bob.assert_event("message", seq=seq)
        assert (event["deleted"], event["body"]) == (True, "")
    assert "secret" not in str([row async for row in Message.objects.values()])


async def test_a_message_is_deleted_through_the_log(team: Team, connect: Connect, boss: AsyncClient) -> None:
    await in_database(store.apply)([says(team.attic, team.alice, "secret")])
    bob = await connect(team.bob)
    await bob.call("join", room="attic")
    await act(boss, "message", "delete_messages", await Message.objects.aget())
    assert (await bob.assert_event("message", rev=2))["deleted"] is True
    page = await in_database(pages.newest)(team.attic.pk, 5)
    assert (page.rev, page.seq) == (2, 1)


async def test_members_are_added_and_removed_and_hear_of_it(team: Team, connect: Connect, boss: AsyncClient) -> None:
    bob, charlie = await connect(team.bob), await connect(team.charlie)
    await bob.call("join", room="attic")
    await charlie.assert_event("heads")
    rows = [row async for row in Membership.objects.order_by("pk")]
    fields: dict[str, Any] = {"name": "attic", "topic": "", "owner": team.alice.pk}
    fields |= {"memberships-TOTAL_FORMS": 3, "memberships-INITIAL_FORMS": 2, "memberships-MAX_NUM_FORMS": 1000}
    for number, row in enumerate(rows):
        fields |= {f"memberships-{number}-id": row.pk, f"memberships-{number}-room": team.attic.pk}
        fields |= {f"memberships-{number}-user": row.user_id}
    fields |= {"memberships-1-DELETE": "on"}
    fields |= {"memberships-2-room": team.attic.pk, "memberships-2-user": team.charlie.pk}
    response = await boss.post(f"/admin/chat/room/{team.attic.pk}/change/", fields)
    assert response.status_code == 302, response.context["errors"]
    assert (await bob.assert_event("left"))["reason"] == "removed"
    assert "attic" in (await charlie.assert_event("heads"))["rooms"]


async def test_nothing_with_history_is_deleted_or_written_past_the_log(team: Team, hub: Any, boss: AsyncClient) -> None:
    await in_database(store.apply)([says(team.kitchen, team.alice)])
    message = await Message.objects.aget()
    assert (await boss.get(f"/admin/chat/room/{team.kitchen.pk}/delete/")).status_code == 403
    assert (await boss.get(f"/admin/chat/message/{message.pk}/delete/")).status_code == 403
    assert (await boss.get("/admin/chat/message/add/")).status_code == 403
    assert (await boss.post(f"/admin/chat/message/{message.pk}/change/", {"body": "forged"})).status_code == 403
    for model in ("room", "message"):
        assert "delete_selected" not in (await boss.get(f"/admin/chat/{model}/")).content.decode()


async def test_staff_see_and_do_what_they_were_given_a_right_to(team: Team, hub: Any) -> None:
    """The right to see is not the right to purge; and staff need a right to read members-only rooms."""
    await in_database(store.apply)([says(team.attic, team.alice, "secret")])
    message = await Message.objects.aget()
    clerk = await User.objects.acreate(username="clerk", name="Clerk", is_staff=True)
    browser = await signed_in(clerk)

    async def give(*names: str) -> None:
        await clerk.user_permissions.aset([each async for each in Permission.objects.filter(codename__in=names)])

    for model, row in (("room", team.attic), ("message", message)):
        assert (await browser.get(f"/admin/chat/{model}/")).status_code == 403
        assert (await browser.get(f"/admin/chat/{model}/{row.pk}/change/")).status_code == 403
    await give("view_room", "view_message")
    for model, action, row in (
        ("room", "archive", team.attic),
        ("room", "purge", team.attic),
        ("message", "delete_messages", message),
    ):
        assert (await browser.get(f"/admin/chat/{model}/")).status_code == 200
        await browser.post(f"/admin/chat/{model}/", {"action": action, "_selected_action": [row.pk]})
    for row in (team.attic, message):
        await row.arefresh_from_db()
    assert (team.attic.archived_at, message.body) == (None, "secret")
    await give("view_message", "delete_message", "change_room")
    await act(browser, "room", "archive", team.attic)
    await act(browser, "message", "delete_messages", message)
    for row in (team.attic, message):
        await row.arefresh_from_db()
    assert team.attic.archived_at is not None
    assert message.body == ""
