"""Rooms on walls: public rooms with a tile, if the wall allows it, and read-only."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from boards import boards
from boards.models import Board
from chat import public
from chat.log import messages
from chat.log.writer import current_writer
from chat.models import Room, RoomKind
from chat.presence.connections import alive_rows
from chat.rooms import rooms as chat_rooms
from chat.rooms.access import Seen
from chat.topics import room_topic
from realtime.delivery.hub import current_hub
from tests.streams_and_boards import Viewer, in_thread
from tests.team import Team, make_team, says
from tests.walls.samples import wall_of
from tests.walls.test_screens import Seat, assert_refused, opened
from walls import links
from walls import screen_sockets as screen_sockets
from walls.models import ScreenLink, Wall

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team() -> Team:
    return make_team()


def tiles_of(*rooms: str, slug: str = "ops") -> None:
    """Put a tile for each room on a board."""
    board = Board.objects.get(slug=slug)
    for room in rooms:
        board.widgets.create(type="room", options={"room": room})


def link_with(*rooms: str, shows_rooms: bool = True) -> str:
    """Return a token for a wall of one board with these rooms."""
    wall = wall_of("ops")
    Wall.objects.update(shows_rooms=shows_rooms)
    tiles_of(*rooms)
    return links.issue_link(wall)


async def say(room: Room, user: User, body: str = "hello") -> None:
    await current_writer().submit(says(room, user, body))


async def screen_with(viewer: Seat, *rooms: str, **options: Any) -> Viewer:
    screen = await opened(viewer, await in_thread(link_with, *rooms, **options))
    await screen.assert_next(type="wall")
    return screen


async def joined(screen: Viewer, room: str = "kitchen") -> dict[str, Any]:
    await screen.send_command(type="join", room=room, ref="j")
    return await screen.assert_next(type="joined")


async def assert_forbidden(screen: Viewer, room: str, code: str = "forbidden") -> str:
    """Joining is refused; return the sentence."""
    await screen.send_command(type="join", room=room, ref="j")
    error = await screen.assert_next(type="error")
    assert (error["code"], error["ref"]) == (code, "j")
    return str(error["detail"])


async def test_a_wall_that_may_shows_a_public_room_live(team: Team, viewer: Seat) -> None:
    for body in ("one", "two"):
        await say(team.kitchen, team.alice, body)
    screen = await opened(viewer, await in_thread(link_with, "kitchen"))
    assert (await screen.assert_next(type="wall"))["rooms"] is True
    page = await joined(screen)
    assert [message["body"] for message in page["messages"]] == ["one", "two"]
    assert (page["ref"], page["rev"], page["complete"]) == ("j", 2, True)
    await say(team.kitchen, team.bob, "three")
    assert (await screen.assert_next(type="message"))["body"] == "three"
    await current_writer().submit(messages.delete(team.kitchen.pk, team.alice, 1))
    assert (await screen.assert_next(type="message"))["deleted"] is True


async def test_a_wall_is_not_told_who_is_there_and_is_nobody_there_itself(team: Team, viewer: Seat) -> None:
    screen = await screen_with(viewer, "kitchen")
    told = await joined(screen)
    assert told.keys() == {"type", "ref", "room", "messages", "rev", "seq", "complete"}
    assert not await in_thread(alive_rows().exists)


async def test_a_wall_is_not_told_who_types(team: Team, viewer: Seat) -> None:
    screen = await screen_with(viewer, "kitchen")
    await joined(screen)
    await messages.tell_typing(team.alice, Seen(team.kitchen.pk, "kitchen", "public"))
    await say(team.kitchen, team.alice, "there it is")
    assert (await screen.assert_next(type="message"))["body"] == "there it is"


async def test_a_wall_shows_no_rooms_unless_somebody_has_said_so(team: Team, viewer: Seat) -> None:
    assert not Wall(name="x").shows_rooms
    screen = await opened(viewer, await in_thread(link_with, "kitchen", shows_rooms=False))
    assert (await screen.assert_next(type="wall"))["rooms"] is False
    await assert_forbidden(screen, "kitchen")
    await say(team.kitchen, team.alice)
    await screen.assert_silence()


async def test_a_wall_can_join_no_other_room(team: Team, viewer: Seat) -> None:
    screen = await screen_with(viewer, "kitchen")
    for room in ("lobby", "attic", "nowhere", ""):
        assert await assert_forbidden(screen, room) == "This wall does not show this room."
    await say(team.lobby, team.alice)
    await say(team.attic, team.alice)
    await screen.assert_silence()


async def test_a_tile_of_another_walls_board_opens_no_room(team: Team, viewer: Seat) -> None:
    screen = await screen_with(viewer, "kitchen")
    await in_thread(wall_of, "sales", name="Other")
    await in_thread(lambda: Wall.objects.update(shows_rooms=True))
    await in_thread(tiles_of, "lobby", slug="sales")
    await assert_forbidden(screen, "lobby")


async def test_a_wall_never_sees_a_room_that_is_not_public(team: Team, viewer: Seat) -> None:
    def make() -> None:
        Room.objects.create(slug="r-talk", name="talk", kind=RoomKind.ROULETTE)

    await in_thread(make)
    screen = await screen_with(viewer, "attic", "r-talk")
    assert await assert_forbidden(screen, "attic") == "Only public rooms are shown here."
    await assert_forbidden(screen, "r-talk", "not_found")
    await say(team.attic, team.alice)
    await screen.assert_silence()
    assert not [topic for topic in current_hub().topics if topic.startswith("room.")]


@pytest.mark.parametrize(
    "command",
    [
        {"type": "send", "room": "kitchen", "id": str(uuid4()), "body": "x"},
        {"type": "edit", "room": "kitchen", "seq": 1, "body": "x"},
        {"type": "delete", "room": "kitchen", "seq": 1},
        {"type": "react", "room": "kitchen", "seq": 1, "emoji": "👍", "on": True},
        {"type": "acknowledge", "room": "kitchen", "seq": 1},
        {"type": "read", "room": "kitchen", "seq": 1},
        {"type": "typing", "room": "kitchen"},
    ],
    ids=lambda command: str(command["type"]),
)
async def test_a_wall_can_say_and_change_nothing(team: Team, viewer: Seat, command: dict[str, Any]) -> None:
    await say(team.kitchen, team.alice)
    screen = await screen_with(viewer, "kitchen")
    await joined(screen)
    await screen.send_command(**command)
    assert (await screen.assert_next(type="error"))["code"] == "unknown_type"
    assert (await in_thread(Room.objects.get, slug="kitchen")).rev == 1


async def test_the_link_opens_nothing_else_of_chat(team: Team, viewer: Seat) -> None:
    token = await in_thread(link_with, "kitchen")
    chat = await viewer("")
    assert (await chat.open_path("/ws/chat/", token))["type"] == "error"
    await chat.assert_closed(4401)
    board = await opened(viewer, token, "/ws/boards/ops/")
    await board.assert_next(type="snapshot")
    await board.send_command(type="join", room="kitchen")
    assert (await board.assert_next(type="error"))["code"] == "unknown_type"
    headers = {"Authorization": f"Bearer {token}"}
    answer = await in_thread(Client().get, "/api/rooms/kitchen/messages/", headers=headers)
    assert answer.status_code == 401


async def test_who_is_signed_in_joins_rooms_elsewhere(team: Team, viewer: Seat) -> None:
    ada = await viewer("Ada")
    await ada.open_path("/ws/boards/")
    assert "/ws/chat/" in await assert_forbidden(ada, "kitchen")


def switch_off() -> None:
    Wall.objects.update(shows_rooms=False)
    links.wall_changed(Wall.objects.get())


def take_the_tile_away() -> None:
    board = Board.objects.get(slug="ops")
    board.widgets.filter(type="room").delete()
    boards.board_changed(board)


def take_the_board_away() -> None:
    wall = Wall.objects.get()
    wall.places.all().delete()
    links.wall_changed(wall)


def archive() -> None:
    chat_rooms.archive(Room.objects.get(slug="kitchen"))


@pytest.mark.parametrize("end", [switch_off, take_the_tile_away, take_the_board_away, archive])
async def test_a_room_that_is_not_to_be_shown_any_more_is_left_at_once(
    team: Team, viewer: Seat, end: Callable[[], None]
) -> None:
    screen = await screen_with(viewer, "kitchen")
    await screen.send_command(type="watch", boards=["ops"])
    await screen.assert_next(type="snapshot")
    await screen.assert_next(type="ok")
    await joined(screen)
    await in_thread(end)
    events = [await screen.next()]
    while events[-1]["type"] in ("wall", "snapshot"):
        events.append(await screen.next())
    reason = "archived" if end is archive else "removed"
    assert events[-1] == {"type": "left", "room": "kitchen", "reason": reason}
    await assert_no_more_of(screen, team)


async def assert_no_more_of(screen: Viewer, team: Team) -> None:
    assert room_topic(team.kitchen.pk) not in current_hub().topics
    await in_thread(lambda: Room.objects.update(archived_at=None))
    await say(team.kitchen, team.alice)
    await screen.assert_silence()


@pytest.mark.parametrize("end", ["wall", "room"])
async def test_an_end_that_no_wire_tells_is_found(team: Team, viewer: Seat, end: str) -> None:
    screen = await screen_with(viewer, "kitchen")
    await joined(screen)
    if end == "wall":
        await in_thread(lambda: Wall.objects.update(shows_rooms=False))
    else:
        await in_thread(lambda: Room.objects.update(archived_at=timezone.now()))
    await screen.assert_silence()
    await screen_sockets.recheck_links(list(current_hub().connections))
    if end == "wall":
        await screen.assert_next(type="wall")
    assert (await screen.assert_next(type="left"))["room"] == "kitchen"
    await assert_no_more_of(screen, team)


async def test_with_the_link_its_rooms_end(team: Team, viewer: Seat) -> None:
    screen = await screen_with(viewer, "kitchen")
    await joined(screen)
    await in_thread(links.revoke_link, await in_thread(ScreenLink.objects.get))
    await assert_refused(screen)
    await say(team.kitchen, team.alice)
    await screen.assert_silence()


@pytest.mark.parametrize("end", [switch_off, archive])
async def test_a_room_that_ends_while_it_is_joined_is_not_shown(
    team: Team, viewer: Seat, monkeypatch: pytest.MonkeyPatch, end: Callable[[], None]
) -> None:
    screen = await screen_with(viewer, "kitchen")
    read = public.newest_messages

    async def slowly(window: Any, limit: int) -> Any:
        page = await read(window, limit)
        await in_thread(end)
        await asyncio.sleep(0.2)  # the word of it comes
        return page

    monkeypatch.setattr(public, "newest_messages", slowly)
    await screen.send_command(type="join", room="kitchen")
    events = [(await screen.next())["type"] for _ in range(2 if end is archive else 3)]
    assert sorted(events) == ["error", "left", *(["wall"] if end is switch_off else [])]
    await assert_no_more_of(screen, team)


async def test_a_new_tile_opens_its_room(team: Team, viewer: Seat) -> None:
    screen = await screen_with(viewer)
    await assert_forbidden(screen, "kitchen")
    await in_thread(tiles_of, "kitchen")
    await joined(screen)


async def test_a_room_is_left_and_joined_again(team: Team, viewer: Seat) -> None:
    screen = await screen_with(viewer, "kitchen", "lobby")
    await joined(screen)
    await joined(screen, "lobby")
    await screen.send_command(type="leave", room="kitchen", ref="l")
    assert await screen.assert_next(type="ok") == {"type": "ok", "ref": "l"}
    await say(team.kitchen, team.alice)
    await screen.assert_silence()
    await say(team.lobby, team.alice)
    assert (await screen.assert_next(type="message"))["room"] == "lobby"
    assert (await joined(screen))["seq"] == 1
    await joined(screen)  # twice is no harm
    await say(team.kitchen, team.alice)
    assert (await screen.assert_next(type="message"))["seq"] == 2
    await screen.assert_silence()
