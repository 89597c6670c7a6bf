"""Every command that changes something: its events lead to the stored state, with a fixed number of queries.

A command of docs/protocol.md without an entry here fails `test_every_command_has_an_entry`.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, get_args

import pytest
from django.test import AsyncClient

from accounts.models import User
from accounts.people.accounts import ban
from chat import public
from chat.log import messages, store
from chat.models import Membership, Room
from chat.presence import connections
from chat.rooms.rooms import archive, create_room, unarchive
from harness.asgi_client import AsgiClient
from harness.client import Event, eventually
from harness.launcher import ROOT
from realtime import process
from realtime.storage.database import in_database
from roulette import consumers, pairing
from roulette.consumers import RouletteConsumer
from roulette.models import Seat
from tests.chat.query_counter import QueryCounter, counted
from tests.team import Connect, Team, says, signed_in

#: They change nothing that lasts.
EXCLUDED: Final = {"typing"}
#: What belongs to people and chat; boards and screens have tests of their own.
CALLS: Final = r"^\| `((?:POST|PUT|PATCH|DELETE) /api/(?!boards/|streams/|screens/)[^`?]+)`"
ROOMS: Final = ("attic", "kitchen")


# What a client makes of what it is told


class View:
    """What one client knows: docs/protocol.md, applied."""

    def __init__(self, user: User, socket: AsgiClient) -> None:
        self.user = user
        self.socket = socket
        self.heads: dict[str, Any] = {}
        self.rooms: dict[str, dict[str, Any]] = {}
        self.seat: Any = None

    @property
    def state(self) -> Any:
        if self.socket.close_code is not None:
            return "closed"
        return {"heads": self.heads, "rooms": self.rooms, "seat": self.seat}

    async def join(self, room: str) -> None:
        self.apply(await self.socket.call("join", room=room, limit=200))

    async def leave(self, room: str) -> None:
        await self.socket.call("leave", room=room)
        await self.catch_up()  # with what came before the reply
        del self.rooms[room]

    async def catch_up(self) -> None:
        await asyncio.sleep(0)
        events, self.socket.events[:] = list(self.socket.events), []
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        match event:
            case {"type": "heads"}:
                self.heads |= {slug: (head["rev"], head["seq"]) for slug, head in event["rooms"].items()}
            case {"type": "joined"}:
                self.rooms[event["room"]] = {
                    "messages": {message["seq"]: message for message in event["messages"]},
                    "online": {user["id"]: user for user in event["online"]},
                    "read": event["read"],
                }
            case {"type": "message"}:
                self.rooms[event["room"]]["messages"][event["seq"]] = event
            case {"type": "presence"}:
                online = self.rooms[event["room"]]["online"]
                online.update({user["id"]: user for user in event["joined"]})
                for user in event["left"]:
                    online.pop(user, None)
                assert event["count"] in (len(online), len(online) - 1), "one's own arrival may not be written yet"
            case {"type": "read"}:
                self.rooms[event["room"]]["read"] = event["seq"]
            case {"type": "left"}:
                del self.rooms[event["room"]]
                self.heads.pop(event["room"], None)
            case {"type": "roulette.waiting"}:
                self.seat = "waiting"
            case {"type": "roulette.paired"}:
                self.seat = event["room"]
            case {"type": "roulette.ended"}:  # which takes the socket out of the room, too
                self.seat = None
                self.rooms.pop(event["room"], None)


@dataclass
class World:
    """Two sockets of Alice, one each of Bob, Charlie and Gast. Alice's second, her `tab`, gives the commands."""

    team: Team
    connect: Connect
    browsers: dict[int, AsyncClient] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)

    async def arrive(self, user: User, *rooms: str) -> View:
        if user.pk not in self.browsers:
            self.browsers[user.pk] = await signed_in(user)
        view = View(user, await self.connect(self.browsers[user.pk]))
        for room in rooms:
            await view.join(room)
        return view

    async def open(self) -> "World":
        team = self.team
        everybody = ((team.alice, ROOMS), (team.alice, ROOMS), (team.bob, ROOMS), (team.charlie, ()), (team.gast, ()))
        self.views = [await self.arrive(user, *rooms, *(["kitchen"] if not rooms else [])) for user, rooms in everybody]
        return self

    @property
    def tab(self) -> View:
        return self.views[1]

    @property
    def gast(self) -> View:
        return self.views[4]

    async def call(self, type: str, **fields: Any) -> Event:
        return await self.tab.socket.call(type, **fields)

    async def http(self, method: str, path: str, *, status: int = 200, **body: Any) -> None:
        browser = self.browsers[self.team.alice.pk]
        answer = await browser.generic(method, path, data=json.dumps(body), content_type="application/json")
        assert answer.status_code == status, answer.content

    async def fresh(self, view: View) -> Any:
        """Return what a new socket knows after it joins the same rooms."""
        new = View(view.user, await self.connect(self.browsers[view.user.pk]))
        if new.socket.events[0]["type"] == "error":
            return "closed"
        new.apply(await new.socket.assert_event("heads"))
        for room in view.rooms:
            try:
                await new.join(room)
            except AssertionError as error:
                return error
        new.seat = await in_database(_seat_of)(view.user)
        state = new.state
        await new.socket.close()
        return state

    async def assert_everybody_knows(self) -> None:
        for view in self.views:

            async def knows(view: View = view) -> bool:
                fresh = await self.fresh(view)
                await view.catch_up()
                if isinstance(fresh, dict) and view.user == self.team.alice and view is not self.tab:
                    fresh["seat"] = None  # one socket hears of roulette
                return bool(view.state == fresh)

            await eventually(knows)


def _seat_of(user: User) -> Any:
    seat = Seat.objects.filter(user=user).exclude(state="ended").select_related("room").first()
    return None if seat is None else seat.room.slug if seat.room else "waiting"


# The commands

Act = Callable[[World], Awaitable[Any]]


async def _nothing(world: World) -> None:
    pass


@dataclass(frozen=True)
class Entry:
    """`act` gives the command, and makes `queries` queries; `before` prepares it."""

    act: Act
    queries: int
    before: Act = _nothing


def commands(type: str, **fields: Any) -> Act:
    return lambda world: world.call(type, **fields)


def sends(**fields: Any) -> Act:
    return lambda world: world.call("send", room="attic", id=str(uuid.uuid4()), body="Hello *there*", **fields)


async def wait(world: World) -> None:
    await world.call("roulette.enter")
    await world.tab.socket.next(lambda event: event["type"] == "roulette.waiting")
    world.tab.seat = "waiting"


async def talk(world: World) -> None:
    await wait(world)
    await world.gast.socket.call("roulette.enter")
    for view in (world.tab, world.gast):
        view.apply(await view.socket.assert_event("roulette.paired"))
        await view.join(view.seat)


async def leave_queue(world: World) -> None:
    await world.call("roulette.leave")
    world.tab.seat = None


async def leave_talk(world: World) -> None:
    room = world.tab.seat
    await world.call("roulette.leave")
    await world.tab.catch_up()  # with what came before the reply
    world.tab.seat = None
    world.tab.rooms.pop(room, None)


def ends_talk(type: str, **fields: Any) -> Act:
    async def act(world: World) -> None:
        await world.call(type, **fields)
        for view in (world.tab, world.gast):
            ended = await view.socket.assert_event("roulette.ended")
            await view.catch_up()
            view.rooms.pop(ended["room"], None)
            view.seat = None
        if type == "roulette.next":
            world.tab.apply(await world.tab.socket.assert_event("roulette.waiting"))

    return act


async def reads(world: World) -> None:
    await world.call("ping")  # it has no reply of its own, but commands are taken in order
    await world.tab.socket.send_command("read", room="attic", seq=2)
    await world.call("ping")
    world.tab.rooms["attic"]["read"] = 2


async def alarm(world: World) -> None:
    await public.put_card("room-x", uuid.uuid4(), "It burns", {"version": 1, "until": None})
    await world.tab.join("room-x")


async def enters_as_guest(world: World) -> None:
    answer = await AsyncClient().post("/api/session/", {"name": "New"}, "application/json")
    assert answer.status_code == 201


async def signs_out(world: World) -> None:
    await world.http("DELETE", "/api/session/", status=204)


def in_service(work: Callable[[Team], Any]) -> Act:
    return lambda world: in_database(work)(world.team)


def member_path(team: Team) -> str:
    return f"/api/rooms/attic/members/{team.bob.pk}/"


#: By socket (docs/protocol.md), by HTTP (likewise), and what staff do in the admin.
ENTRIES: Final[dict[str, Entry]] = {
    "join": Entry(lambda world: world.tab.join("room-x"), 6),
    "leave": Entry(lambda world: world.tab.leave("kitchen"), 0),
    "send": Entry(sends(reply_to=1), 9),  # 7, and for a reply: what it answers, and who said that
    "edit": Entry(commands("edit", room="attic", seq=1, body="Better *so*"), 8),
    "delete": Entry(commands("delete", room="attic", seq=1), 8),
    "react": Entry(commands("react", room="attic", seq=2, emoji="👍", on=True), 8),
    "acknowledge": Entry(lambda world: world.call("acknowledge", room="room-x", seq=1), 7, alarm),
    "read": Entry(reads, 7),
    "roulette.enter": Entry(wait, 5),
    "roulette.next": Entry(ends_talk("roulette.next"), 7, talk),
    "roulette.leave": Entry(leave_talk, 7, talk),
    "roulette.block": Entry(ends_talk("roulette.block"), 12, talk),
    "roulette.report": Entry(ends_talk("roulette.report", reason="rude"), 13, talk),
    "POST /api/session/": Entry(enters_as_guest, 8),
    "DELETE /api/session/": Entry(signs_out, 4),
    "POST /api/rooms/": Entry(lambda world: world.http("POST", "/api/rooms/", status=201, name="New room"), 6),
    "POST /api/direct/": Entry(
        lambda world: world.http("POST", "/api/direct/", status=201, people=[world.team.bob.pk]), 14
    ),
    "PATCH /api/rooms/<slug>/": Entry(
        lambda world: world.http("PATCH", "/api/rooms/shed/", guests=True),
        8,
        in_service(lambda team: create_room(team.alice, "Shed")),
    ),
    "POST /api/rooms/<slug>/messages/": Entry(
        lambda world: world.http(
            "POST", "/api/rooms/attic/messages/", status=201, id=str(uuid.uuid4()), body="By another way"
        ),
        11,
    ),
    "POST /api/rooms/<slug>/messages/<seq>/acknowledge/": Entry(
        lambda world: world.http("POST", "/api/rooms/room-x/messages/1/acknowledge/"), 10, alarm
    ),
    "POST /api/rooms/<slug>/members/": Entry(
        lambda world: world.http("POST", "/api/rooms/attic/members/", status=201, name="charlie"), 12
    ),
    "DELETE /api/rooms/<slug>/members/<id>/": Entry(
        lambda world: world.http("DELETE", member_path(world.team), status=204), 6
    ),
    "staff: archive": Entry(in_service(lambda team: archive(team.attic)), 3),
    "staff: unarchive": Entry(
        in_service(lambda team: unarchive(team.attic)),
        3,
        in_service(lambda team: archive(team.attic)),
    ),
    "staff: delete": Entry(
        in_service(lambda team: messages.write(messages.delete(team.attic.pk, team.charlie, 2, as_staff=True))), 8
    ),
    "staff: purge": Entry(in_service(lambda team: messages.purge(team.attic, team.charlie)), 9),
    "staff: ban": Entry(in_service(lambda team: ban(team.bob)), 4),
}


def documented_calls() -> set[str]:
    """Return the HTTP calls of docs/protocol.md that change something here."""
    text = (ROOT / "docs/protocol.md").read_text()
    return set(re.findall(CALLS, text, re.MULTILINE))


def test_every_command_has_an_entry() -> None:
    tags = {str(command.__struct_config__.tag) for command in get_args(RouletteConsumer.commands)} - EXCLUDED
    assert {name for name in ENTRIES if not name.startswith("staff: ")} == tags | documented_calls()
    assert documented_calls() >= {"POST /api/rooms/", "DELETE /api/rooms/<slug>/members/<id>/"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "GRACE", 0.0)
    monkeypatch.setattr(consumers, "LOOK_WAITING", 0.05)
    monkeypatch.setattr(pairing, "NOT_AGAIN", 60.0)
    monkeypatch.setattr(process, "may_bury", lambda: True)


def furnish(team: Team, size: int) -> None:
    """Put two messages into each room, and `size` more messages, people and rooms into the world."""
    for room in (team.attic, team.kitchen):
        store.apply([says(room, team.alice), says(room, team.bob), *(says(room, team.bob) for _ in range(size))])
    Room.objects.create(slug="room-x", name="x")
    for number in range(size):
        user = User.objects.create_user(f"user-{number}")
        Membership.objects.create(room=team.attic, user=user)
        Room.objects.create(slug=f"room-{number}", name="x")


@pytest.mark.parametrize("size", [0, 25])
@pytest.mark.parametrize("name", ENTRIES)
async def test_what_it_tells_makes_what_is_there_at_a_fixed_price(
    team: Team, connect: Connect, monkeypatch: pytest.MonkeyPatch, name: str, size: int
) -> None:
    entry = ENTRIES[name]
    await in_database(furnish)(team, size)
    counter = QueryCounter(monkeypatch)
    world = await World(team, connect).open()
    await entry.before(world)
    await world.assert_everybody_knows()
    counter.queries.clear()
    counted.set(True)
    await entry.act(world)
    counted.set(False)
    queries = list(counter.queries)
    await world.assert_everybody_knows()
    assert len(queries) == entry.queries, "\n".join(queries)
