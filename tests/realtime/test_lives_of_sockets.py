"""What ends a socket, closes it, keeps it alive: the base consumer without a server between, and the echo."""

import asyncio
import json
from typing import Any

import pytest

from harness.client import eventually
from realtime import consumers
from realtime.consumers import beat_between
from realtime.echo import EchoConsumer
from realtime.hub import Hub
from realtime.protocol import Close, Ping, Refused
from realtime.publish import Delivery, Publication, publish
from realtime.routing import UnknownEndpointConsumer
from tests.realtime.fakes import Line, Person, ShakyLayer, settle
from tests.realtime.scripted_consumer import (
    ADA,
    BOB,
    ScriptedConsumer,
    assert_ended,
    hub,
    hub_of_this_loop,
    journal,
    tell,
)

__all__ = ["hub", "hub_of_this_loop", "journal"]


# Connections of one user


async def test_one_connection_too_many_replaces_the_oldest(settings: Any, hub: Hub) -> None:
    settings.CONNECTIONS_PER_USER = 20
    lines = [Line(ScriptedConsumer, ADA) for _ in range(20)]
    other = Line(ScriptedConsumer, BOB)
    for line in [*lines[:10], other, *lines[10:]]:
        await line.open()
    newest = [Line(ScriptedConsumer, ADA), Line(ScriptedConsumer, ADA)]
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
    lines = [Line(ScriptedConsumer, ADA) for _ in range(4)]
    for line in lines:
        await line.open()
    for line in lines[:2]:
        await line.assert_closed(4409, "conflict")
    for line in lines[2:]:
        await line.assert_silence()
        await line.leave()


# Control


async def test_control_reaches_the_sockets_of_its_person() -> None:
    ada, bob = Line(ScriptedConsumer, ADA), Line(ScriptedConsumer, BOB)
    await ada.open()
    await bob.open()
    await tell(ADA, do="tell")
    assert await ada.event() == {"type": "told", "topic": "user.1"}
    await bob.assert_silence()
    await ada.leave()
    await bob.leave()


async def test_who_signs_out_is_closed_wherever_that_session_is_open() -> None:
    this, that, token = (Line(ScriptedConsumer, ADA, session_hash=name) for name in ("this", "that", None))
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
    line = Line(ScriptedConsumer, ADA)
    await line.open()
    await tell(ADA, do="banned")
    await settle()
    line.command(type="ping")
    await line.assert_closed(4403, "forbidden")
    assert_ended(hub, journal)


@pytest.mark.parametrize("text", ['{"do":"of another version"}', "{}", "[]", "nonsense"])
async def test_control_that_cannot_be_read_hurts_nobody(text: str, layer: ShakyLayer) -> None:
    one, other = Line(ScriptedConsumer, ADA), Line(ScriptedConsumer, ADA)
    await one.open()
    await other.open()
    await publish([Publication("user.1", Delivery.CONTROL, text)])
    await tell(ADA, do="tell")
    for line in (one, other):
        await line.assert_event(type="told")
        await line.leave()


async def test_control_under_way_ends_with_its_socket(journal: list[str]) -> None:
    line = Line(ScriptedConsumer, ADA)
    await line.open()
    await tell(ADA, do="wait")
    await eventually(lambda: "control waits" in journal)
    await line.leave()
    await eventually(lambda: "control ended" in journal)


async def test_what_a_client_sends_after_its_close_is_not_done(journal: list[str]) -> None:
    line = Line(ScriptedConsumer, ADA)
    await line.open()
    await tell(ADA, do="banned")
    await line.assert_event(type="error", code="forbidden")
    line.command(type="do", what="note")
    line.send(bytes=b"")
    await line.assert_closed(4403)
    assert "noted" not in journal


# The end


async def test_cleaning_up_runs_when_the_client_goes(hub: Hub, journal: list[str]) -> None:
    line = Line(ScriptedConsumer, ADA)
    await line.open()
    await line.leave()
    assert_ended(hub, journal)


@pytest.mark.parametrize("busy", [False, True])
async def test_cleaning_up_runs_when_the_server_cancels(hub: Hub, journal: list[str], busy: bool) -> None:
    line = Line(ScriptedConsumer, ADA)
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
    monkeypatch.setattr(ScriptedConsumer, "opening", RuntimeError("oh no"))
    line = Line(ScriptedConsumer, ADA)
    await line.open()
    await line.assert_closed(1011, "internal")
    assert "A socket failed" in caplog.text
    assert_ended(hub, journal)


async def test_a_socket_may_be_refused_while_it_opens(
    hub: Hub, journal: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedConsumer, "opening", Refused(Close.NOT_FOUND, "not_found", "No such thing."))
    line = Line(ScriptedConsumer, ADA)
    await line.open()
    await line.assert_closed(4404, "not_found")
    assert_ended(hub, journal)


async def test_cleaning_up_that_fails_is_logged(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(self: ScriptedConsumer) -> None:
        raise RuntimeError("oh no")

    monkeypatch.setattr(ScriptedConsumer, "closed", fail)
    line = Line(ScriptedConsumer, ADA)
    await line.open()
    await line.leave()
    assert "The end of a socket failed" in caplog.text
    assert hub.connections == set()


async def test_who_has_gone_is_subscribed_to_nothing_more(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is still under way for a socket when it ends must not put it back into the hub."""

    async def subscribe_late(self: ScriptedConsumer) -> None:
        await self.hub.subscribe("site.news", self.connection)

    monkeypatch.setattr(ScriptedConsumer, "closed", subscribe_late)
    line = Line(ScriptedConsumer, ADA)
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
    line = Line(ScriptedConsumer, ADA)
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
    lines = [Line(ScriptedConsumer, Person(number)) for number in range(3)]
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
    line = Line(ScriptedConsumer, ADA)
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
    for consumer in (ScriptedConsumer, EchoConsumer, UnknownEndpointConsumer):
        assert consumer._parser.parse(json.dumps({"type": "ping", "ref": "1"})) == Ping(ref="1")
