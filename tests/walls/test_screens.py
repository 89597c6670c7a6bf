"""Walls: links that show boards without anybody signed in, and the screens that they open."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from boards import boards
from boards.models import Board
from realtime import process
from realtime.delivery.hub import Hub, current_hub
from realtime.delivery.publish import publish
from realtime.storage import clock
from streams import store
from streams.models import Stream
from tests.streams_and_boards import Viewer, board_of, in_thread, produced_stream, reading
from tests.walls.samples import link_to, wall_of
from walls import links, screens
from walls import screen_sockets as screen_sockets
from walls.models import Screen, ScreenLink, Wall
from walls.screen_sockets import RowKeeper

pytestmark = pytest.mark.django_db(transaction=True)

Seat = Callable[..., Awaitable[Viewer]]


async def say(slug: str, value: float, at: float = 1) -> None:
    """Give the stream a value, as the worker does."""
    stream = await in_thread(Stream.objects.get, slug=slug)
    await publish((await in_thread(store.record, [reading(stream, value, at=at)])).publications)


async def opened(seat: Seat, token: str, path: str = "/ws/boards/", id: str = "") -> Viewer:
    """Open a screen with the link; return it after its hello."""
    screen = await seat("")
    hello = await screen.open_path(path + (f"?id={id}" if id else ""), token)
    assert hello["type"] == "hello", hello
    assert hello["user"] is None
    return screen


async def shown(seat: Seat, token: str, *slugs: str, id: str = "") -> Viewer:
    """Open a screen and have it watch these boards; return it when all their snapshots have come."""
    screen = await opened(seat, token, id=id)
    await screen.assert_next(type="wall")
    await screen.send_command(type="watch", boards=list(slugs))
    for _ in slugs:
        await screen.assert_next(type="snapshot")
    await screen.assert_next(type="ok")
    return screen


async def assert_refused(screen: Viewer, code: int = 4403) -> None:
    assert (await screen.assert_next(type="error"))["code"] == {4403: "forbidden", 4404: "not_found"}[code]
    await screen.assert_closed(code)


# The link


async def test_a_link_shows_its_boards_live_without_signing_in(viewer: Seat) -> None:
    token = await in_thread(link_to, "ops", "sales")
    screen = await opened(viewer, token)
    plan = await screen.assert_next(type="wall")
    assert plan["name"] == "Lobby"
    assert [(slot["board"], slot["dwell"], slot["from"]) for slot in plan["boards"]] == [
        ("ops", 30, None),
        ("sales", 30, None),
    ]
    await screen.send_command(type="watch", boards=["ops", "sales"])
    assert {(await screen.assert_next(type="snapshot"))["board"]["slug"] for _ in range(2)} == {"ops", "sales"}
    await screen.assert_next(type="ok")
    await say("sales", 7)
    update = await screen.assert_next(type="update")
    assert update["streams"]["sales"]["value"] == 7


async def test_a_link_shows_one_board_by_its_own_socket_too(viewer: Seat) -> None:
    token = await in_thread(link_to, "ops")
    screen = await opened(viewer, token, "/ws/boards/ops/")
    await screen.assert_next(type="snapshot")
    await say("ops", 7)
    assert (await screen.assert_next(type="update"))["streams"]["ops"]["value"] == 7


async def test_a_link_shows_no_other_board(viewer: Seat) -> None:
    token = await in_thread(link_to, "ops")
    await in_thread(board_of, await in_thread(produced_stream, "secret"), slug="secret")
    screen = await opened(viewer, token)
    await screen.assert_next(type="wall")
    await screen.send_command(type="watch", boards=["secret"], ref="1")
    assert (await screen.assert_next(type="error"))["code"] == "not_found"
    await say("secret", 1)
    await screen.assert_silence()
    await assert_refused(await opened(viewer, token, "/ws/boards/secret/"), 4404)


async def test_wrong_revoked_and_expired_links_say_the_same_and_nothing_else(viewer: Seat) -> None:
    revoked, expired = await in_thread(link_to, "ops"), ""
    wall = await in_thread(Wall.objects.get)
    await in_thread(links.revoke_link, await in_thread(ScreenLink.objects.get))
    expired = await in_thread(links.issue_link, wall, days=0)
    said = []
    for token in (revoked, expired, "screen_wrong", ""):
        for path in ("/ws/boards/", "/ws/boards/ops/", "/ws/boards/nowhere/"):
            screen = await viewer("")
            said.append(await screen.open_path(path, token))
            await screen.assert_closed(4403 if token else 4401)
    assert {each["type"] for each in said} == {"error"}
    assert len({each["detail"] for each in said[:9]}) == 1


async def test_a_program_sends_its_token_as_bearer_and_no_token_is_taken_from_the_address(viewer: Seat) -> None:
    token = await in_thread(link_to, "ops")
    program = await viewer("")
    assert (await program.open_path("/ws/boards/", bearer=token))["type"] == "hello"
    assert (await program.next())["type"] == "wall"
    late = await viewer("")
    assert (await late.open_path(f"/ws/boards/?screen={token}"))["code"] == "forbidden"
    await late.assert_closed(4403)  # upon which a wall's page loads itself again


async def test_the_token_is_stored_hashed_only() -> None:
    token = await in_thread(link_to, "ops")
    link = await in_thread(ScreenLink.objects.get)
    assert token not in str(vars(link))
    assert len(link.token_hash) == 64


async def test_a_screen_is_nobody_even_where_somebody_is_signed_in(viewer: Seat) -> None:
    token = await in_thread(link_to, "ops")
    ada = await viewer("Ada")
    assert (await ada.open_path("/ws/boards/", token))["user"] is None
    assert not current_hub().connections_of


async def test_revoking_ends_live_screens_and_nothing_follows(viewer: Seat) -> None:
    token = await in_thread(link_to, "ops")
    other = await in_thread(links.issue_link, await in_thread(Wall.objects.get))
    screen, neighbour = await shown(viewer, token, "ops"), await shown(viewer, other, "ops")
    single = await opened(viewer, token, "/ws/boards/ops/")
    await single.assert_next(type="snapshot")
    link = await in_thread(ScreenLink.objects.earliest, "made_at")
    await in_thread(links.revoke_link, link)
    for each in (screen, single):
        await assert_refused(each)
    await say("ops", 7)
    await screen.assert_silence()
    assert (await neighbour.assert_next(type="update"))["streams"]["ops"]["value"] == 7


async def test_a_revocation_that_no_wire_tells_is_found(viewer: Seat) -> None:
    token = await in_thread(link_to, "ops")
    screen = await shown(viewer, token, "ops")
    await in_thread(lambda: ScreenLink.objects.update(revoked_at=timezone.now()))
    await screen.assert_silence()
    await screen_sockets.recheck_links(list(current_hub().connections))
    await assert_refused(screen)


async def test_a_link_ends_when_it_expires(viewer: Seat) -> None:
    token = await in_thread(link_to, "ops", days=1)
    await in_thread(lambda: ScreenLink.objects.update(expires_at=timezone.now() + timedelta(seconds=1)))
    screen = await shown(viewer, token, "ops")
    await asyncio.sleep(1)
    await assert_refused(screen)


async def test_a_link_ends_by_the_clock_of_the_database(
    viewer: Seat, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "ahead", -45.0)  # this machine's is ahead
    token = await in_thread(link_to, "ops", days=1)
    await in_thread(lambda: ScreenLink.objects.update(expires_at=clock.now() + timedelta(seconds=100)))
    await shown(viewer, token, "ops")
    [socket] = hub.connections
    # private: the timer is the only sign before it fires
    assert 90 < socket._expiry.when() - asyncio.get_running_loop().time() < 101


async def test_another_plan_reaches_live_screens(viewer: Seat) -> None:
    token = await in_thread(link_to, "ops", "sales")
    screen = await shown(viewer, token, "ops", "sales")
    wall = await in_thread(Wall.objects.get)

    def change() -> None:
        wall.places.filter(board__slug="sales").delete()
        links.wall_changed(wall)

    await in_thread(change)
    assert [slot["board"] for slot in (await screen.assert_next(type="wall"))["boards"]] == ["ops"]
    await say("sales", 7)
    await screen.assert_silence()
    await say("ops", 8)
    await screen.assert_next(type="update")


async def test_a_board_that_is_deleted_leaves_the_plan(viewer: Seat) -> None:
    token = await in_thread(link_to, "ops", "sales")
    screen = await shown(viewer, token, "ops", "sales")
    await in_thread(boards.delete_board, await in_thread(Board.objects.get, slug="sales"))
    assert [slot["board"] for slot in (await screen.assert_next(type="wall"))["boards"]] == ["ops"]


async def test_too_many_screens_of_one_link_wait(viewer: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_sockets, "SCREENS_PER_LINK", 1)
    token = await in_thread(link_to, "ops")
    await opened(viewer, token)
    second = await viewer("")
    assert (await second.open_path("/ws/boards/", token))["code"] == "rate_limited"
    await second.assert_closed(4429)


def test_the_snapshot_over_http_takes_the_link_as_bearer(client: Client) -> None:
    token = link_to("ops")
    board_of(produced_stream("secret"), slug="secret")
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/boards/ops/", headers=headers).json()["board"]["slug"] == "ops"
    assert client.get("/api/boards/secret/", headers=headers).status_code == 404
    assert client.get("/api/boards/ops/?at=2026-11-21T09:00:00Z", headers=headers).status_code == 401
    assert client.put("/api/boards/ops/", {}, "application/json", headers=headers).status_code == 401
    links.revoke_link(ScreenLink.objects.get())
    assert client.get("/api/boards/ops/", headers=headers).status_code == 401


# Screens over all processes


async def test_connected_screens_have_rows_with_what_they_show(viewer: Seat, hub: Hub) -> None:
    token = await in_thread(link_to, "ops", "sales")
    keeper = RowKeeper()
    screen = await shown(viewer, token, "ops", id="tv-1")
    await screen.send_command(type="report", board="sales", build="b1", painted=2, ref="1")
    await screen.send_command(type="ping")
    await screen.assert_next(type="pong")
    await keeper.flush()
    row = await in_thread(Screen.objects.get)
    assert (row.key, row.board, row.build, row.process) == ("tv-1", "sales", "b1", process.PROCESS_ID)
    assert timedelta(seconds=1) < row.seen_at - row.painted_at < timedelta(seconds=10)
    await in_thread(screens.rename, row, "Kitchen")
    await screen.close()
    await keeper.flush()
    assert await in_thread(screens.all_screens)  # it has a name
    row = await in_thread(Screen.objects.get)
    assert (row.process, row.name) == ("", "Kitchen")
    await shown(viewer, token, "ops", id="tv-1")
    await keeper.flush()
    row = await in_thread(Screen.objects.get)
    assert (row.process, row.name) == (process.PROCESS_ID, "Kitchen")


async def test_only_screens_of_living_processes_are_connected(viewer: Seat, hub: Hub) -> None:
    token = await in_thread(link_to, "ops")
    await opened(viewer, token, id="here")
    await RowKeeper().flush()

    def elsewhere() -> None:
        process.renew(1)
        for name, seconds in (("alive", 0), ("dead", 60)):
            seen_at = timezone.now() - timedelta(seconds=seconds)
            process.alive().model.objects.create(
                id=name, host="other", pid=1, started_at=seen_at, seen_at=seen_at, build="b"
            )
            link = ScreenLink.objects.get()
            now = timezone.now()
            Screen.objects.create(link=link, key=name, process=name, connection=name, opened_at=now, seen_at=now)

    await in_thread(elsewhere)
    assert {row.key for row in await in_thread(lambda: list(screens.connected()))} == {"here", "alive"}


async def test_a_screen_is_identified_and_reloaded_alone(viewer: Seat, hub: Hub) -> None:
    token = await in_thread(link_to, "ops")
    first, second = await shown(viewer, token, "ops", id="one"), await shown(viewer, token, "ops", id="two")
    await RowKeeper().flush()
    row = await in_thread(Screen.objects.select_related("link__wall").get, key="one")
    await in_thread(screens.identify, row)
    assert (await first.assert_next(type="identify"))["name"] == "Screen one"
    await in_thread(screens.reload, row)
    assert (await first.assert_next(type="reload"))["build"] == process.build()
    await second.assert_silence()


async def test_only_screens_report(viewer: Seat) -> None:
    ada = await viewer("Ada")
    await ada.open_path("/ws/boards/")
    await ada.send_command(type="report", board="ops")
    assert (await ada.assert_next(type="error"))["code"] == "forbidden"


# Full screens of people


async def full_screen(seat: Seat, name: str = "Ada", slug: str = "ops") -> Viewer:
    """Show a board full screen to a signed-in person; only such a page reports."""
    await in_thread(process.renew, 1)
    person = await seat(name)
    await person.open_path(f"/ws/boards/{slug}/?id=tab")
    await person.assert_next(type="snapshot")
    await person.send_command(type="report", board="elsewhere", build="b1", painted=2)
    await person.send_command(type="ping")
    await person.assert_next(type="pong")
    return person


async def test_boards_that_people_show_full_screen_are_listed_while_they_do(viewer: Seat, hub: Hub) -> None:
    await in_thread(wall_of, "ops")
    keeper = RowKeeper()
    framed = await viewer("Cy")
    await framed.show("ops")  # in the frame of the site: such a page does not report
    ada = await full_screen(viewer)
    await keeper.flush()
    (told,) = await in_thread(screens.all_screens)
    assert (told["name"], told["user"]["name"], told["wall"], told["link"]) == ("Ada", "Ada", None, None)
    assert (told["board"], told["build"], told["connected"]) == ("ops", "b1", True)  # the one it has opened
    await ada.close()
    await keeper.flush()
    assert await in_thread(screens.all_screens) == []
    back = await viewer("")
    back.user = ada.user
    await back.open_path("/ws/boards/ops/?id=tab")
    await back.assert_next(type="snapshot")
    await back.send_command(type="report")
    await back.send_command(type="ping")
    await back.assert_next(type="pong")
    await keeper.flush()
    assert [each["id"] for each in await in_thread(screens.all_screens)] == [told["id"]]


async def test_a_full_screen_is_identified_and_reloaded_alone(viewer: Seat, hub: Hub) -> None:
    await in_thread(wall_of, "ops")
    ada, bo = await full_screen(viewer), await full_screen(viewer, "Bo")
    await RowKeeper().flush()
    row = await in_thread(Screen.objects.select_related("user", "link").get, user__name="Ada")
    await in_thread(screens.identify, row)
    assert (await ada.assert_next(type="identify"))["name"] == "Ada"
    await in_thread(screens.reload, row)
    assert (await ada.assert_next(type="reload"))["build"] == process.build()
    await bo.assert_silence()


async def test_one_person_may_show_boards_on_several_screens(viewer: Seat, hub: Hub) -> None:
    await in_thread(wall_of, "ops", "sales")
    ada = await full_screen(viewer)
    other = await viewer("")
    other.user = ada.user
    await other.show("sales")
    await other.send_command(type="report")
    await other.send_command(type="ping")
    await other.assert_next(type="pong")
    await RowKeeper().flush()
    assert {each["board"] for each in await in_thread(screens.all_screens)} == {"ops", "sales"}


async def test_rows_of_people_and_links_that_are_gone_are_not_written() -> None:
    now = timezone.now()
    shown = screens.Shown(None, 4711, "a", "ops", "b", now, now), screens.Shown(4711, None, "b", "ops", "b", now, now)
    await in_thread(screens.write, {"one": shown[0], "two": shown[1]}, set())
    assert not await in_thread(Screen.objects.exists)


def test_screens_without_a_name_are_forgotten_after_a_day() -> None:
    link_to("ops")
    link = ScreenLink.objects.get()
    for key, name, hours in (("old", "", 25), ("young", "", 1), ("named", "Kitchen", 25)):
        at = timezone.now() - timedelta(hours=hours)
        Screen.objects.create(link=link, key=key, name=name, connection=key, opened_at=at, seen_at=at)
    screens.forget_the_old()
    assert set(Screen.objects.values_list("key", flat=True)) == {"young", "named"}
