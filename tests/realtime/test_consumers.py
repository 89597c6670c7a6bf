"""The base consumer and the echo, each socket with a consumer of its own and no server between."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from realtime import consumers, process
from realtime.consumers import EchoConsumer, SocketConsumer, beat_between
from realtime.hub import Hub, current_hub
from realtime.limits import Bucket
from realtime.protocol import Close, Command, CommandError, Ping, Refused, encode
from realtime.publish import Delivery, Publication, publish
from realtime.routing import UnknownEndpointConsumer
from tests.realtime.support import OUR_HOST, OUR_ORIGIN, Line, Person, ShakyLayer, settle
from tests.support import eventually

ADA, BOB = Person(1), Person(2, "Bob")


class Say(Command, tag="room.say"):
    body: str = ""


class Do(Command, tag="do"):
    what: str


class Desk(SocketConsumer):
    """Does as it is told. `journal` has what happened to all of them."""

    commands = Say | Do
    journal: list[str] = []
    opening: Exception | None = None

    async def opened(self) -> None:
        self.journal.append("opened")
        if self.opening:
            raise self.opening

    async def closed(self) -> None:
        await asyncio.sleep(0)
        self.journal.append("closed")

    async def on_room_say(self, command: Say) -> dict[str, Any]:
        return {"type": "said", "body": command.body}

    async def on_do(self, command: Do) -> Any:
        match command.what:
            case "nothing":
                return None
            case "conflict":
                raise CommandError("conflict", "Not now.", 1.5)
            case "refuse":
                raise Refused(Close.FORBIDDEN, "forbidden", "Out.")
            case "fail":
                raise RuntimeError("oh no")
            case "wait":
                await asyncio.Event().wait()
            case "note":
                self.journal.append("noted")
            case "later" | "later conflict" | "later fail" | "later never":
                return self._later(command.what)
        return {"type": "done", "ref": "its own"}

    def _later(self, what: str) -> "asyncio.Future[dict[str, Any]]":
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        outcomes: dict[str, Any] = {
            "later": lambda: future.set_result({"type": "done"}),
            "later conflict": lambda: future.set_exception(CommandError("conflict", "Not now.")),
            "later fail": lambda: future.set_exception(RuntimeError("oh no")),
            "later never": lambda: future.cancel(),
        }
        asyncio.get_running_loop().call_later(0.01, outcomes[what])
        return future

    async def control(self, topic: str, payload: dict[str, Any]) -> None:
        match payload["do"]:
            case "tell":
                self.connection.send({"type": "told", "topic": topic})
            case "wait":
                self.journal.append("control waits")
                try:
                    await asyncio.Event().wait()
                finally:
                    self.journal.append("control ended")
            case _:
                await super().control(topic, payload)


class OpenDesk(Desk):
    signed_in = False
    any_origin = True


@pytest.fixture(autouse=True)
async def hub_of_this_loop(layer: ShakyLayer) -> AsyncIterator[Hub]:
    hub = current_hub()
    yield hub
    await hub.close()


@pytest.fixture(autouse=True)
def journal() -> list[str]:
    Desk.journal.clear()
    return Desk.journal


@pytest.fixture
def hub(hub_of_this_loop: Hub) -> Hub:
    return hub_of_this_loop


async def tell(person: Person, **payload: Any) -> None:
    await publish([Publication(f"user.{person.pk}", Delivery.CONTROL, encode(payload))])


def assert_ended(hub: Hub, journal: list[str]) -> None:
    """One socket has opened and ended, and the hub has forgotten it."""
    assert journal == ["opened", "closed"]
    assert (hub.connections, hub.connections_of, hub.topics) == (set(), {}, {})


# The gate


async def test_hello_says_who_and_where_one_is(settings: Any) -> None:
    line = Line(Desk, ADA)
    hello = await line.open()
    assert hello.pop("now").endswith("Z")
    assert hello == {
        "type": "hello",
        "protocol": 1,
        "user": {"id": 1, "name": "Ada", "guest": False},
        "process": process.PROCESS_ID,
        "build": process.build(),
        "heartbeat": settings.HEARTBEAT,
    }
    await line.leave()


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.example",
        f"https://{OUR_HOST}",  # another scheme than ours
        f"{OUR_ORIGIN}:8080",
        f"{OUR_ORIGIN}.evil.example",
        "http://[",
        "\xff\xfe",
    ],
)
async def test_a_foreign_page_is_told_so_and_closed(origin: str | None, hub: Hub, journal: list[str]) -> None:
    line = Line(Desk, ADA, origin)
    await line.connect()
    await line.assert_closed(4403, "forbidden")
    assert (hub.connections, hub.connections_of, hub.topics) == (set(), {}, {})
    assert "opened" not in journal


@pytest.mark.parametrize("origin", [OUR_ORIGIN, f"{OUR_ORIGIN}:80", "https://pages.example.org"])
async def test_our_pages_and_those_in_the_settings_come_in(settings: Any, origin: str) -> None:
    settings.ALLOWED_ORIGINS = ["https://pages.example.org"]
    line = Line(Desk, ADA, origin)
    assert (await line.open())["type"] == "hello"
    await line.leave()


@pytest.mark.parametrize(
    ("https", "forwarded", "fits"), [(True, b"https", True), (True, b"http", False), (False, b"https", False)]
)
async def test_the_scheme_is_what_the_proxy_says(settings: Any, https: bool, forwarded: bytes, fits: bool) -> None:
    settings.HTTPS = https
    line = Line(Desk, ADA, f"https://{OUR_HOST}")
    line.scope["headers"] = [*line.scope["headers"], (b"x-forwarded-proto", forwarded)]
    assert (await line.open())["type"] == ("hello" if fits else "error")
    await line.leave()


async def test_nobody_is_asked_to_sign_in(journal: list[str]) -> None:
    line = Line(Desk)
    await line.connect()
    await line.assert_closed(4401, "forbidden")
    assert "opened" not in journal


async def test_a_token_needs_no_origin() -> None:
    line = Line(Desk, ADA, None, bearer=True)
    assert (await line.open())["user"]["id"] == 1
    await line.leave()


async def test_an_open_endpoint_takes_anybody_from_anywhere() -> None:
    line = Line(OpenDesk, None, "https://evil.example")
    assert (await line.open())["user"] is None
    await line.leave()


async def test_an_unknown_path_is_said_to_be_so() -> None:
    line = Line(UnknownEndpointConsumer, None, None)
    assert (await line.open())["type"] == "hello"
    await line.assert_closed(4404, "not_found")


async def test_whoever_goes_before_the_handshake_leaves_nothing(hub: Hub) -> None:
    line = Line(Desk, ADA)
    line.app = asyncio.create_task(Desk.as_asgi()(line.scope, line.input.get, line.output.put))
    await line.leave()
    assert line.output.empty()
    assert hub.connections == set()


# Commands


async def test_a_command_is_answered_with_its_ref() -> None:
    line = Line(Desk, ADA)
    await line.open()
    line.command(type="room.say", ref="r1", body="Hi")
    assert await line.event() == {"type": "said", "ref": "r1", "body": "Hi"}
    line.command(type="room.say", body="Hi")
    assert await line.event() == {"type": "said", "body": "Hi"}
    line.command(type="do", what="nothing", ref="r2")
    line.command(type="ping", ref="r3")
    pong = await line.assert_event(type="pong", ref="r3")
    assert pong["at"].endswith("Z")
    await line.leave()


@pytest.mark.parametrize(
    ("text", "code", "ref"),
    [
        ('{"type":"nope","ref":"r"}', "unknown_type", "r"),
        ('{"type":"room.say","ref":"r","body":5}', "bad_message", "r"),
        ("{", "bad_message", None),
        ("", "bad_message", None),
        ("[" * 60_000, "bad_message", None),
        ('{"type":"ping","x":' + "[" * 450 + '"\\u0000"' + "]" * 450 + "}", "bad_message", None),
        ('{"type":"ping","ref":"\udcff"}', "bad_message", None),
        ("\udcff" * 65_536, "bad_message", None),
        ("\ud800" * 20_000, "bad_message", None),
        ("x" * 65_537, "too_long", None),
        ("é" * 32_769, "too_long", None),
        ("\udcff" * 65_537, "too_long", None),
    ],
)
async def test_a_faulty_frame_is_answered_and_the_socket_lives(text: str, code: str, ref: str | None) -> None:
    line = Line(Desk, ADA)
    await line.open()
    line.send(text)
    await line.assert_event(type="error", code=code, ref=ref)
    await line.assert_silence()
    await line.leave()


async def test_a_frame_may_be_as_long_as_the_limit(settings: Any) -> None:
    line = Line(EchoConsumer, None, None)
    await line.open()
    for text in ("x" * settings.FRAME_BYTES, "👍" * (settings.FRAME_BYTES // 4)):
        line.send(text)
        assert (await line.assert_event(type="echo"))["text"] == text
    await line.leave()


async def test_a_binary_frame_closes(hub: Hub, journal: list[str]) -> None:
    line = Line(Desk, ADA)
    await line.open()
    line.send(bytes=b"\x00")
    line.command(type="ping")
    await line.assert_closed(4400, "bad_message")
    assert_ended(hub, journal)


async def test_a_refused_command_is_answered_with_its_reason() -> None:
    line = Line(Desk, ADA)
    await line.open()
    line.command(type="do", what="conflict", ref="r1")
    assert await line.event() == {
        "type": "error",
        "ref": "r1",
        "code": "conflict",
        "detail": "Not now.",
        "retry_after": 1.5,
    }
    await line.assert_silence()
    await line.leave()


async def test_our_own_mistake_is_logged_and_the_socket_lives(caplog: pytest.LogCaptureFixture) -> None:
    line = Line(Desk, ADA)
    await line.open()
    line.command(type="do", what="fail", ref="r1")
    error = await line.assert_event(type="error", code="internal", ref="r1")
    assert "oh no" not in error["detail"]
    assert "The command do failed" in caplog.text
    assert "RuntimeError: oh no" in caplog.text
    await line.assert_silence()
    await line.leave()


async def test_a_command_may_close_its_socket(hub: Hub, journal: list[str]) -> None:
    line = Line(Desk, ADA)
    await line.open()
    line.command(type="do", what="refuse", ref="r1")
    await line.assert_closed(4403, "forbidden")
    assert_ended(hub, journal)


async def test_answers_that_take_time_hold_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    line = Line(Desk, ADA)
    await line.open()
    for number, what in enumerate(["later", "later conflict", "later fail", "later never"]):
        line.command(type="do", what=what, ref=f"r{number}")
    line.command(type="ping", ref="next")
    await line.assert_event(type="pong", ref="next")
    await line.assert_event(type="done", ref="r0")
    await line.assert_event(type="error", code="conflict", ref="r1")
    await line.assert_event(type="error", code="internal", ref="r2")
    assert "RuntimeError: oh no" in caplog.text
    await line.assert_silence()
    await line.leave()


async def test_an_answer_that_comes_too_late_is_dropped() -> None:
    line = Line(Desk, ADA)
    await line.open()
    line.command(type="do", what="later")
    await line.leave()
    await asyncio.sleep(0.02)
    assert line.output.empty()


# Limits


async def test_a_burst_passes_then_one_waits(settings: Any) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 5, 20
    line = Line(Desk, ADA)
    await line.open()
    for number in range(6):
        line.command(type="ping", ref=str(number))
    for number in range(5):
        await line.assert_event(type="pong", ref=str(number))
    error = await line.assert_event(type="error", code="rate_limited", ref="5")
    assert 0 < error["retry_after"] <= 0.05
    await asyncio.sleep(error["retry_after"])
    await line.assert_silence()
    await line.leave()


async def test_faulty_commands_count_too(settings: Any) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 3, 1
    line = Line(Desk, ADA)
    await line.open()
    for text in ("{", '{"type":"nope"}', "x" * 70_000, '{"type":"ping"}'):
        line.send(text)
    codes = [(await line.event())["code"] for _ in range(4)]
    assert codes == ["bad_message", "unknown_type", "too_long", "rate_limited"]
    await line.leave()


async def test_a_flood_closes(settings: Any, hub: Hub, journal: list[str]) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 1, 1
    line = Line(Desk, ADA)
    await line.open()
    for _ in range(consumers.FLOOD + 20):
        line.command(type="ping")
    await line.assert_event(type="pong")
    for _ in range(consumers.FLOOD):
        await line.assert_event(type="error", code="rate_limited")
    await line.assert_closed(4429, "rate_limited")
    assert_ended(hub, journal)


def test_a_steady_flood_closes_though_some_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred a second for ever: every fifth passes, and that forgives not all of the others."""
    clock = itertools.count()
    monkeypatch.setattr("realtime.consumers.time", SimpleNamespace(monotonic=lambda: next(clock) / 100))
    desk = Desk()
    desk._bucket, desk._patience = Bucket(60, 20, 0), Bucket(consumers.FLOOD, 20, 0)
    outcomes = []
    for _ in range(2000):
        try:
            desk._limit('{"type":"ping"}')
            outcomes.append("passed")
        except CommandError:
            outcomes.append("limited")
        except Refused:
            break
    assert 200 < len(outcomes) < 1000
    assert outcomes[60:].count("passed") > 40


# Connections of one user


async def test_one_connection_too_many_replaces_the_oldest(settings: Any, hub: Hub) -> None:
    settings.CONNECTIONS_PER_USER = 20
    lines = [Line(Desk, ADA) for _ in range(20)]
    other = Line(Desk, BOB)
    for line in [*lines[:10], other, *lines[10:]]:
        await line.open()
    newest = [Line(Desk, ADA), Line(Desk, ADA)]
    assert (await newest[0].open())["type"] == "hello"
    await lines[0].assert_closed(4409, "conflict")
    assert (await newest[1].open())["type"] == "hello"
    await lines[1].assert_closed(4409, "conflict")
    for line in [other, *lines[2:], *newest]:
        await line.assert_silence()
        await line.leave()
    assert hub.connections == set()


async def test_the_replaced_need_not_have_gone_for_the_next_to_be_replaced(settings: Any) -> None:
    settings.CONNECTIONS_PER_USER = 2
    lines = [Line(Desk, ADA) for _ in range(4)]
    for line in lines:
        await line.open()
    for line in lines[:2]:
        await line.assert_closed(4409, "conflict")
    for line in lines[2:]:
        await line.assert_silence()
        await line.leave()


# Control


async def test_control_reaches_the_sockets_of_its_person() -> None:
    ada, bob = Line(Desk, ADA), Line(Desk, BOB)
    await ada.open()
    await bob.open()
    await tell(ADA, do="tell")
    assert await ada.event() == {"type": "told", "topic": "user.1"}
    await bob.assert_silence()
    await ada.leave()
    await bob.leave()


async def test_who_signs_out_is_closed_wherever_that_session_is_open() -> None:
    this, that, token = (Line(Desk, ADA, session_hash=name) for name in ("this", "that", None))
    for line in (this, that, token):
        await line.open()
    await tell(ADA, do="signed_out", session="this")
    await this.assert_closed(4401, "forbidden")
    for line in (that, token):
        await line.assert_silence()
    await tell(ADA, do="signed_out", session=None)
    for line in (that, token):
        await line.assert_closed(4401, "forbidden")


async def test_who_is_banned_is_closed_everywhere(hub: Hub, journal: list[str]) -> None:
    line = Line(Desk, ADA)
    await line.open()
    await tell(ADA, do="banned")
    await settle()
    line.command(type="ping")
    await line.assert_closed(4403, "forbidden")
    assert_ended(hub, journal)


@pytest.mark.parametrize("text", ['{"do":"of another version"}', "{}", "[]", "nonsense"])
async def test_control_that_cannot_be_read_hurts_nobody(text: str, layer: ShakyLayer) -> None:
    one, other = Line(Desk, ADA), Line(Desk, ADA)
    await one.open()
    await other.open()
    await publish([Publication("user.1", Delivery.CONTROL, text)])
    await tell(ADA, do="tell")
    for line in (one, other):
        await line.assert_event(type="told")
        await line.leave()


async def test_control_under_way_ends_with_its_socket(journal: list[str]) -> None:
    line = Line(Desk, ADA)
    await line.open()
    await tell(ADA, do="wait")
    await eventually(lambda: "control waits" in journal)
    await line.leave()
    await eventually(lambda: "control ended" in journal)


async def test_what_a_client_sends_after_its_close_is_not_done(journal: list[str]) -> None:
    line = Line(Desk, ADA)
    await line.open()
    await tell(ADA, do="banned")
    await line.assert_event(type="error", code="forbidden")
    line.command(type="do", what="note")
    line.send(bytes=b"")
    await line.assert_closed(4403)
    assert "noted" not in journal


# The end


async def test_cleaning_up_runs_when_the_client_goes(hub: Hub, journal: list[str]) -> None:
    line = Line(Desk, ADA)
    await line.open()
    await line.leave()
    assert_ended(hub, journal)


@pytest.mark.parametrize("busy", [False, True])
async def test_cleaning_up_runs_when_the_server_cancels(hub: Hub, journal: list[str], busy: bool) -> None:
    line = Line(Desk, ADA)
    await line.open()
    if busy:
        line.command(type="do", what="wait")
        await eventually(line.input.empty)
    assert line.app
    line.app.cancel()
    await asyncio.gather(line.app, return_exceptions=True)
    await eventually(lambda: "closed" in journal)
    assert_ended(hub, journal)


async def test_cleaning_up_runs_when_opening_fails(
    hub: Hub, journal: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Desk, "opening", RuntimeError("oh no"))
    line = Line(Desk, ADA)
    await line.open()
    await line.assert_closed(1011, "internal")
    assert "A socket failed" in caplog.text
    assert_ended(hub, journal)


async def test_a_socket_may_be_refused_while_it_opens(
    hub: Hub, journal: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Desk, "opening", Refused(Close.NOT_FOUND, "not_found", "No such thing."))
    line = Line(Desk, ADA)
    await line.open()
    await line.assert_closed(4404, "not_found")
    assert_ended(hub, journal)


async def test_cleaning_up_that_fails_is_logged(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(self: Desk) -> None:
        raise RuntimeError("oh no")

    monkeypatch.setattr(Desk, "closed", fail)
    line = Line(Desk, ADA)
    await line.open()
    await line.leave()
    assert "A socket did not end well" in caplog.text
    assert hub.connections == set()


async def test_who_has_gone_is_subscribed_to_nothing_more(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is still under way for a socket when it ends must not put it back into the hub."""

    async def subscribe_late(self: Desk) -> None:
        await self.hub.subscribe("site.news", self.connection)

    monkeypatch.setattr(Desk, "closed", subscribe_late)
    line = Line(Desk, ADA)
    await line.open()
    await line.leave()
    assert hub.topics == {}


# Heartbeats


async def heartbeats(line: Line) -> int:
    """Return how many came before the answer to a ping."""
    line.command(type="ping")
    count = 0
    while (await line.event())["type"] == "heartbeat":
        count += 1
    return count


async def test_a_heartbeat_comes_every_so_often_also_when_the_loop_was_late(hub: Hub, settings: Any) -> None:
    settings.HEARTBEAT = 25
    line = Line(Desk, ADA)
    await line.open()
    (desk,) = hub.connections
    for before, moment, due in [
        (-3.0, 0.5, 0),  # it is new
        (0.5, 24.9, 0),
        (24.9, 25.9, 1),
        (25.9, 26.9, 0),
        (26.9, 49.9, 0),
        (49.9, 54.3, 1),  # somebody held up the loop for four seconds
        (54.3, 74.9, 0),
        (74.9, 75.0, 1),
        (75.0, 140.0, 1),  # one is enough
    ]:
        beat_between(desk.since + before, desk.since + moment)
        assert await heartbeats(line) == due, (before, moment)
    await line.leave()


async def test_a_heartbeat_that_fails_stops_no_other(hub: Hub, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    lines = [Line(Desk, Person(number)) for number in range(3)]
    for line in lines:
        await line.open()

    def fail(frame: object) -> None:
        raise RuntimeError("oh no")

    broken = next(desk for desk in hub.connections if desk.user.pk == 1)
    broken.heartbeat = fail
    beat_between(broken.since, broken.since + settings.HEARTBEAT + 1)
    assert [await heartbeats(line) for line in lines] == [1, 0, 1]
    assert "A heartbeat failed" in caplog.text
    for line in lines:
        await line.leave()


async def test_hearts_beat_by_themselves(settings: Any) -> None:
    settings.HEARTBEAT = 1
    line = Line(Desk, ADA)
    await line.open()
    beating = asyncio.create_task(consumers.beat())
    event = await line.assert_event(type="heartbeat")
    assert event["now"].endswith("Z")
    beating.cancel()
    await line.leave()


# The echo


async def test_the_echo_sends_back_what_it_gets() -> None:
    line = Line(EchoConsumer, None, None)
    assert (await line.open())["user"] is None
    for text in ("hello", "", "{", '{"type":"ping"}', "\0", "👍"):
        line.send(text)
        echo = await line.assert_event(type="echo", text=text)
        assert echo["at"].endswith("Z")
    line.send("\udcff")
    await line.assert_event(type="error", code="bad_message")
    line.send("still here")
    await line.assert_event(type="echo", text="still here")
    await line.leave()


def test_every_endpoint_knows_ping() -> None:
    for consumer in (Desk, EchoConsumer, UnknownEndpointConsumer):
        assert consumer._parser.parse(json.dumps({"type": "ping", "ref": "1"})) == Ping(ref="1")
