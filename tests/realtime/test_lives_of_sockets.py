"""The life and the end of sockets: the base consumer, without a server, and the echo."""

import asyncio
import json
from typing import Any

import pytest

from harness.client import eventually
from realtime import consumers
from realtime.consumers import beat_between
from realtime.delivery.hub import Hub
from realtime.delivery.publish import Delivery, Publication, publish
from realtime.echo import EchoConsumer
from realtime.routing import UnknownEndpointConsumer
from realtime.wire.protocol import Close, Ping, Refused
from tests.realtime.fakes import ConsumerClient, Person, ShakyLayer, settle
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
    clients = [ConsumerClient(ScriptedConsumer, ADA) for _ in range(20)]
    other = ConsumerClient(ScriptedConsumer, BOB)
    for client in [*clients[:10], other, *clients[10:]]:
        await client.open()
    newest = [ConsumerClient(ScriptedConsumer, ADA), ConsumerClient(ScriptedConsumer, ADA)]
    assert (await newest[0].open())["type"] == "hello"
    await clients[0].assert_closed(4409, "conflict")
    assert (await newest[1].open())["type"] == "hello"
    await clients[1].assert_closed(4409, "conflict")
    for client in [other, *clients[2:], *newest]:
        await client.assert_pong()
        await client.close()
    assert hub.connections == set()


async def test_the_replaced_need_not_have_gone_for_the_next_to_be_replaced(settings: Any) -> None:
    settings.CONNECTIONS_PER_USER = 2
    clients = [ConsumerClient(ScriptedConsumer, ADA) for _ in range(4)]
    for client in clients:
        await client.open()
    for client in clients[:2]:
        await client.assert_closed(4409, "conflict")
    for client in clients[2:]:
        await client.assert_pong()
        await client.close()


# Control


async def test_control_reaches_the_sockets_of_its_person() -> None:
    ada, bob = ConsumerClient(ScriptedConsumer, ADA), ConsumerClient(ScriptedConsumer, BOB)
    await ada.open()
    await bob.open()
    await tell(ADA, do="tell")
    assert await ada.next() == {"type": "told", "topic": "user.1"}
    await bob.assert_pong()
    await ada.close()
    await bob.close()


async def test_who_signs_out_is_closed_wherever_that_session_is_open() -> None:
    this, that, token = (ConsumerClient(ScriptedConsumer, ADA, session_hash=name) for name in ("this", "that", None))
    for client in (this, that, token):
        await client.open()
    await tell(ADA, do="signed_out", session="this")
    await this.assert_closed(4401, "forbidden")
    for client in (that, token):
        await client.assert_pong()
    await tell(ADA, do="signed_out", session=None)
    for client in (that, token):
        await client.assert_closed(4401, "forbidden")


async def test_who_is_banned_is_closed_everywhere(hub: Hub, journal: list[str]) -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await tell(ADA, do="banned")
    await settle()
    await client.send_command(type="ping")
    await client.assert_closed(4403, "forbidden")
    assert_ended(hub, journal)


@pytest.mark.parametrize("text", ['{"do":"of another version"}', "{}", "[]", "nonsense"])
async def test_control_that_cannot_be_read_hurts_nobody(text: str, layer: ShakyLayer) -> None:
    one, other = ConsumerClient(ScriptedConsumer, ADA), ConsumerClient(ScriptedConsumer, ADA)
    await one.open()
    await other.open()
    await publish([Publication("user.1", Delivery.CONTROL, text)])
    await tell(ADA, do="tell")
    for client in (one, other):
        await client.assert_next(type="told")
        await client.close()


async def test_control_under_way_ends_with_its_socket(journal: list[str]) -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await tell(ADA, do="wait")
    await eventually(lambda: "control waits" in journal)
    await client.close()
    await eventually(lambda: "control ended" in journal)


async def test_what_a_client_sends_after_its_close_is_not_done(journal: list[str]) -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await tell(ADA, do="banned")
    await client.assert_next(type="error", code="forbidden")
    await client.send_command(type="do", what="note")
    await client.send_text(b"")
    await client.assert_closed(4403)
    assert "noted" not in journal


# The end


async def test_cleaning_up_runs_when_the_client_goes(hub: Hub, journal: list[str]) -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.close()
    assert_ended(hub, journal)


@pytest.mark.parametrize("busy", [False, True])
async def test_cleaning_up_runs_when_the_server_cancels(hub: Hub, journal: list[str], busy: bool) -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    if busy:
        await client.send_command(type="do", what="wait")
        await eventually(lambda: client.has_read_all)
    await client.cancel()
    await eventually(lambda: "closed" in journal)
    assert_ended(hub, journal)


async def test_cleaning_up_runs_when_opening_fails(
    hub: Hub, journal: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ScriptedConsumer, "opening", RuntimeError("oh no"))
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.assert_closed(1011, "internal")
    assert "A socket failed" in caplog.text
    assert_ended(hub, journal)


async def test_a_socket_may_be_refused_while_it_opens(
    hub: Hub, journal: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedConsumer, "opening", Refused(Close.NOT_FOUND, "not_found", "No such thing."))
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.assert_closed(4404, "not_found")
    assert_ended(hub, journal)


async def test_cleaning_up_that_fails_is_logged(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(self: ScriptedConsumer) -> None:
        raise RuntimeError("oh no")

    monkeypatch.setattr(ScriptedConsumer, "closed", fail)
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.close()
    assert "The end of a socket failed" in caplog.text
    assert hub.connections == set()


async def test_who_has_gone_is_subscribed_to_nothing_more(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that is still running when a socket ends must not put it back into the hub."""

    async def subscribe_late(self: ScriptedConsumer) -> None:
        await self.hub.subscribe("site.news", self.connection)

    monkeypatch.setattr(ScriptedConsumer, "closed", subscribe_late)
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.close()
    assert hub.topics == {}


# Heartbeats


async def heartbeats(client: ConsumerClient) -> int:
    """Return how many came before the answer to a ping."""
    await client.send_command(type="ping")
    count = 0
    while (await client.next())["type"] == "heartbeat":
        count += 1
    return count


async def test_a_heartbeat_comes_every_so_often_also_when_the_loop_was_late(hub: Hub, settings: Any) -> None:
    settings.HEARTBEAT = 25
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    (consumer,) = hub.connections
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
        beat_between(consumer.since + before, consumer.since + moment)
        assert await heartbeats(client) == due, (before, moment)
    await client.close()


async def test_a_heartbeat_that_fails_stops_no_other(hub: Hub, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    clients = [ConsumerClient(ScriptedConsumer, Person(number)) for number in range(3)]
    for client in clients:
        await client.open()

    def fail(frame: object) -> None:
        raise RuntimeError("oh no")

    broken = next(consumer for consumer in hub.connections if consumer.user.pk == 1)
    broken.heartbeat = fail
    beat_between(broken.since, broken.since + settings.HEARTBEAT + 1)
    assert [await heartbeats(client) for client in clients] == [1, 0, 1]
    assert "A heartbeat failed" in caplog.text
    for client in clients:
        await client.close()


async def test_hearts_beat_by_themselves(settings: Any) -> None:
    settings.HEARTBEAT = 1
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    beating = asyncio.create_task(consumers.beat())
    event = await client.assert_next(type="heartbeat")
    assert event["now"].endswith("Z")
    beating.cancel()
    await client.close()


# The echo


async def test_the_echo_sends_back_what_it_gets() -> None:
    client = ConsumerClient(EchoConsumer, None, None)
    assert (await client.open())["user"] is None
    for text in ("hello", "", "{", '{"type":"ping"}', "\0", "👍"):
        await client.send_text(text)
        echo = await client.assert_next(type="echo", text=text)
        assert echo["at"].endswith("Z")
    await client.send_text("\udcff")
    await client.assert_next(type="error", code="bad_message")
    await client.send_text("still here")
    await client.assert_next(type="echo", text="still here")
    await client.close()


def test_every_endpoint_knows_ping() -> None:
    for consumer in (ScriptedConsumer, EchoConsumer, UnknownEndpointConsumer):
        # private: some endpoints close before they could answer
        assert consumer._parser.parse(json.dumps({"type": "ping", "ref": "1"})) == Ping(ref="1")
