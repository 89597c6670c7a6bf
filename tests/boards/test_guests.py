"""Boards that are open to guests, and those that are not."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.test import AsyncClient

from accounts.models import User
from boards import boards
from boards.models import Board
from boards.showing import recheck_guests
from realtime.delivery.hub import Hub
from tests.streams_and_boards import Viewer, board_of, in_thread, produced_stream

pytestmark = pytest.mark.django_db(transaction=True)

Seat = Callable[..., Awaitable[Viewer]]


async def board(slug: str, guests: bool) -> None:
    await in_thread(board_of, await in_thread(produced_stream, f"of-{slug}"), slug=slug)
    await Board.objects.filter(slug=slug).aupdate(guests=guests)


async def browser(kind: str) -> AsyncClient:
    make = User.objects.create_guest if kind == "guest" else User.objects.create_user
    client = AsyncClient()
    await client.aforce_login(await in_thread(make, f"Some {kind}"))
    return client


async def test_a_board_is_closed_to_guests_unless_somebody_says_otherwise() -> None:
    assert not (await Board.objects.acreate(slug="new", title="New")).guests


@pytest.mark.parametrize(("kind", "status"), [("guest", 404), ("account", 200)])
async def test_a_guest_finds_nothing_of_a_board_that_is_not_open(kind: str, status: int) -> None:
    await board("closed", False)
    await board("open", True)
    client = await browser(kind)
    paths = ["/boards/{}/", "/boards/{}/full/", "/api/boards/{}/", "/api/boards/{}/?at=2026-11-21T09:00:00Z"]
    for path in paths:
        assert (await client.get(path.format("closed"))).status_code == status
        assert (await client.get(path.format("open"))).status_code == 200
    for path in ("/", "/boards/"):
        page = (await client.get(path)).content.decode()
        assert ("/boards/closed/" in page) == (status == 200)
        assert "/boards/open/" in page


async def test_sockets_of_guests_show_no_board_that_is_not_open(viewer: Seat) -> None:
    await board("closed", False)
    await board("open", True)
    one, many = await viewer("Ada"), await viewer("Bo")
    await one.open_path("/ws/boards/closed/")
    assert (await one.next())["code"] == "not_found"
    await one.assert_closed(4404)
    await many.open_path("/ws/boards/")
    await many.send_command(type="watch", ref="1", boards=["open", "closed"])
    assert (await many.assert_next(type="snapshot"))["board"]["slug"] == "open"
    assert (await many.assert_next(type="error"))["code"] == "not_found"


async def closes(behind: bool) -> None:
    await Board.objects.filter(slug="ops").aupdate(guests=False)
    if not behind:
        await in_thread(boards.board_changed, await Board.objects.aget(slug="ops"))


@pytest.mark.parametrize("behind", [False, True], ids=["told", "not told"])
async def test_a_board_that_is_closed_vanishes_from_screens_of_guests(viewer: Seat, hub: Hub, behind: bool) -> None:
    await board("ops", True)
    guest, account = await viewer("Ada"), await viewer("")
    account.user = await in_thread(User.objects.create_user, "carl")
    for each in (guest, account):
        await each.show("ops")
    await closes(behind)
    await recheck_guests(hub.connections)
    assert (await guest.assert_next(type="error"))["code"] == "not_found"
    await guest.assert_closed(4404)
    if behind:
        await account.assert_silence()
    else:
        await account.assert_next(type="snapshot")


async def test_staff_open_boards_in_the_admin(viewer: Seat) -> None:
    await board("ops", True)
    guest = await viewer("Ada")
    await guest.show("ops")
    boss = AsyncClient()
    await boss.aforce_login(await in_thread(User.objects.create_superuser, "boss", "x"))
    found = await Board.objects.aget(slug="ops")
    tile = await found.widgets.aget()
    fields: dict[str, Any] = {"title": "Ops", "slug": "ops", "position": 1, "widgets-TOTAL_FORMS": 1}
    fields |= {
        "widgets-INITIAL_FORMS": 1,
        "widgets-0-id": tile.pk,
        "widgets-0-board": found.pk,
        "widgets-0-type": "number",
    }
    fields |= {"widgets-0-position": 0, "widgets-0-width": 3, "widgets-0-height": 1, "widgets-0-options": "{}"}
    streams = [stream.pk async for stream in tile.streams.all()]
    answer = await boss.post(f"/admin/boards/board/{found.pk}/change/", fields | {"widgets-0-streams": streams})
    assert answer.status_code == 302, answer.content.decode()
    assert (await guest.assert_next(type="error"))["code"] == "not_found"
