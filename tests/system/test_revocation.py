"""People who lost access get nothing more, on sockets of any process, and not by reconnecting either."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from harness.client import Client
from harness.cluster import Cluster

#: Makes a room for each case, with its owner, and a member with two sessions.
SET_UP = """
import json
from django.conf import settings
from django.test import Client
from accounts.models import User
from chat.models import Membership, Room, RoomKind

def session(user):
    browser = Client()
    browser.force_login(user)
    return browser.cookies[settings.SESSION_COOKIE_NAME].value

made = {{}}
for case in {cases!r}:
    people = [User.objects.create_user(case + "-" + name) for name in ("owner", "member")]
    room = Room.objects.create(slug=case, name=case, kind=RoomKind.MEMBERS, owner=people[0])
    for user in people:
        Membership.objects.create(room=room, user=user)
    made[case] = [settings.SESSION_COOKIE_NAME, people[1].pk, [session(people[0]), session(people[1])]]
print(json.dumps(made))
"""
#: By case: what ends the access, in the owner's or the member's browser, or by staff (in another process).
SIGN_OUT, REMOVAL = "sign-out", "removal"
BY_STAFF = {
    "everywhere": "from accounts.people.accounts import *; sign_out_everywhere(user)",
    # Like `manage.py changepassword`, without an event; the admin publishes one.
    "password": "user.set_password('a new one'); user.save()",
    "ban": "from accounts.people.accounts import *; ban(user)",
    "archive": "from chat.models import *; from chat.rooms.rooms import *; archive(Room.objects.get(slug='archive'))",
    # A session that runs out by itself: nobody signs out.
    "expiry": (
        "from datetime import *; from django.contrib.sessions.models import *; from django.utils import timezone;"
        "Session.objects.filter(pk='{session}').update(expire_date=timezone.now() + timedelta(seconds=2))"
    ),
}
#: Seconds that an event may take on a busy machine; mostly less than the time to the next check of the database.
AT_ONCE = 5.0
#: Seconds until a change without an event is found in the database, with some for a busy machine.
RECHECK = 15.0 + 10.0


class Case:
    """A room with its owner, who stays, and a member with one socket in each process."""

    def __init__(self, name: str, member: int, session: str, owner: Client, sockets: list[Client]) -> None:
        self.name = name
        self.member = member
        self.session = session
        self.owner = owner
        self.sockets = sockets

    async def assert_shut_out(self) -> None:
        """Assert that new messages reach no socket of the member."""
        ack = await self.owner.say(self.name, "Between us")
        await self.owner.assert_event("message", room=self.name, id=ack["id"])
        for socket in self.sockets:
            assert not [event for event in socket.events if event.get("id") == ack["id"]]

    async def assert_closed(self, code: int, seconds: float = AT_ONCE) -> None:
        """Assert that all sockets are closed with `code`, and that neither session can open another."""
        for socket in self.sockets:
            await socket.assert_closed(code, seconds=seconds)
        await self.assert_shut_out()
        for socket in self.sockets:
            assert (await socket.connect())["type"] == "error"
            await socket.assert_closed(4401)

    async def assert_left(self, reason: str, *, readable: bool = False) -> None:
        """Assert that all sockets got `left`, stay open, and get nothing of the room (a resume only if `readable`)."""
        for socket in self.sockets:
            await socket.assert_event("left", AT_ONCE, room=self.name, reason=reason)
        if readable:
            for socket in self.sockets:
                await socket.call("join", room=self.name, after=0)
            return
        await self.assert_shut_out()
        for socket in self.sockets:
            await socket.assert_silence("message", "typing", "left", seconds=0.3)
            await socket.assert_error("forbidden", "join", room=self.name, after=0)


@pytest.fixture(scope="module")
def made(cluster: Cluster) -> dict[str, Any]:
    cases = [SIGN_OUT, REMOVAL, *BY_STAFF]
    found: dict[str, Any] = json.loads(cluster.web[0].shell(SET_UP.format(cases=cases)).splitlines()[-1])
    return found


@pytest.fixture
async def case(cluster: Cluster, made: dict[str, Any]) -> AsyncIterator[Callable[[str], Any]]:
    """Opens the sockets of a case."""
    async with AsyncExitStack() as stack:

        async def connected(cookie: str, session: str, other_than: str = "") -> Client:
            client = await stack.enter_async_context(Client(cluster.nginx.address, cluster.nginx.tls))
            client.http.cookies.set(cookie, session, domain="localhost.local")
            for _ in range(40):
                if (await client.connect())["process"] != other_than:
                    return client
            raise AssertionError("nginx gave all sockets to one process")

        async def open_case(name: str) -> Case:
            cookie, member, (owners, members) = made[name]
            owner = await connected(cookie, owners)
            first = await connected(cookie, members)
            second = await connected(cookie, members, first.hello["process"])
            for client in (owner, first, second):
                await client.call("join", room=name)
            case = Case(name, member, members, owner, [first, second])
            ack = await owner.say(name, "Hello")
            for client in (owner, *case.sockets):
                await client.assert_event("message", id=ack["id"])
            return case

        yield open_case


Open = Callable[[str], Any]


def by_staff(cluster: Cluster, case: Case) -> None:
    code = BY_STAFF[case.name].format(session=case.session)
    cluster.web[0].shell(f"from accounts.models import User; user = User.objects.get(pk={case.member}); {code}")


async def call(client: Client, method: str, path: str) -> None:
    token = "x" * 32
    client.http.cookies.set("csrftoken", token, domain="localhost.local")
    headers = {"X-CSRFToken": token, "Origin": client.address, "Referer": f"{client.address}/"}
    answer = await client.http.request(method, path, headers=headers)
    assert answer.status_code == 204, answer.text


async def test_a_sign_out_closes_the_sockets_of_the_session_in_all_processes(case: Open) -> None:
    here = await case(SIGN_OUT)
    await call(here.sockets[0], "DELETE", "/api/session/")
    await here.assert_closed(4401)


async def test_a_sign_out_everywhere_closes_all_sockets(case: Open, cluster: Cluster) -> None:
    here = await case("everywhere")
    by_staff(cluster, here)
    await here.assert_closed(4401)


async def test_a_ban_closes_all_sockets(case: Open, cluster: Cluster) -> None:
    here = await case("ban")
    by_staff(cluster, here)
    await here.assert_closed(4403)


async def test_a_removed_member_is_told_and_then_nothing_more(case: Open) -> None:
    here = await case(REMOVAL)
    await call(here.owner, "DELETE", f"/api/rooms/{REMOVAL}/members/{here.member}/")
    await here.assert_left("removed")


async def test_an_archived_room_is_left_and_takes_nothing_more(case: Open, cluster: Cluster) -> None:
    here = await case("archive")
    by_staff(cluster, here)
    await here.assert_left("archived", readable=True)
    for client in (here.owner, *here.sockets):
        await client.call("join", room="archive")
        ref = await client.send_command("send", room="archive", id="6b0e0c3a-8f0a-4a62-9a40-3a0d7f0c2f11", body="more")
        await client.assert_failed(ref, "forbidden")
        await client.assert_silence("message", seconds=0.2)


async def test_what_no_wire_tells_is_noticed(case: Open, cluster: Cluster) -> None:
    password, expiry = await case("password"), await case("expiry")
    for each in (password, expiry):
        by_staff(cluster, each)
    for each in (password, expiry):
        await each.assert_closed(4401, seconds=RECHECK)
