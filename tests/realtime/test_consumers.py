"""The base consumer, without a server: who gets in, how commands are answered, and limits."""

import asyncio
import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from realtime import consumers, process
from realtime.delivery.hub import Hub
from realtime.echo import EchoConsumer
from realtime.limits import quotas
from realtime.limits.buckets import Bucket
from realtime.routing import UnknownEndpointConsumer
from realtime.wire.protocol import CommandError, Refused
from tests.realtime.fakes import OUR_HOST, OUR_ORIGIN, ConsumerClient
from tests.realtime.scripted_consumer import (
    ADA,
    OpenScriptedConsumer,
    ScriptedConsumer,
    assert_ended,
    hub,
    hub_of_this_loop,
    journal,
)

__all__ = ["hub", "hub_of_this_loop", "journal"]


# The gate


async def test_hello_says_who_and_where_one_is(settings: Any) -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    hello = await client.open()
    assert hello.pop("now").endswith("Z")
    assert hello == {
        "type": "hello",
        "protocol": 1,
        "user": {"id": 1, "name": "Ada", "guest": False},
        "process": process.PROCESS_ID,
        "build": process.build(),
        "heartbeat": settings.HEARTBEAT,
    }
    await client.close()


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
    client = ConsumerClient(ScriptedConsumer, ADA, origin)
    await client.connect()
    await client.assert_closed(4403, "forbidden")
    assert (hub.connections, hub.connections_of, hub.topics) == (set(), {}, {})
    assert "opened" not in journal


@pytest.mark.parametrize("origin", [OUR_ORIGIN, f"{OUR_ORIGIN}:80", "https://pages.example.org"])
async def test_our_pages_and_those_in_the_settings_come_in(settings: Any, origin: str) -> None:
    settings.ALLOWED_ORIGINS = ["https://pages.example.org"]
    client = ConsumerClient(ScriptedConsumer, ADA, origin)
    assert (await client.open())["type"] == "hello"
    await client.close()


@pytest.mark.parametrize(
    ("https", "forwarded", "fits"), [(True, b"https", True), (True, b"http", False), (False, b"https", False)]
)
async def test_the_scheme_is_what_the_proxy_says(settings: Any, https: bool, forwarded: bytes, fits: bool) -> None:
    settings.HTTPS = https
    client = ConsumerClient(ScriptedConsumer, ADA, f"https://{OUR_HOST}")
    client.scope["headers"] = [*client.scope["headers"], (b"x-forwarded-proto", forwarded)]
    assert (await client.open())["type"] == ("hello" if fits else "error")
    await client.close()


async def test_nobody_is_asked_to_sign_in(journal: list[str]) -> None:
    client = ConsumerClient(ScriptedConsumer)
    await client.connect()
    await client.assert_closed(4401, "forbidden")
    assert "opened" not in journal


async def test_a_token_needs_no_origin() -> None:
    client = ConsumerClient(ScriptedConsumer, ADA, None, bearer=True)
    assert (await client.open())["user"]["id"] == 1
    await client.close()


async def test_an_open_endpoint_takes_anybody_from_anywhere() -> None:
    client = ConsumerClient(OpenScriptedConsumer, None, "https://evil.example")
    assert (await client.open())["user"] is None
    await client.close()


async def test_an_unknown_path_is_said_to_be_so() -> None:
    client = ConsumerClient(UnknownEndpointConsumer, None, None)
    assert (await client.open())["type"] == "hello"
    await client.assert_closed(4404, "not_found")


async def test_a_client_that_goes_before_the_handshake_leaves_nothing(hub: Hub) -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    client.start()
    await client.close()
    assert not client.events
    assert hub.connections == set()


# Commands


async def test_a_command_is_answered_with_its_ref() -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.send_command(type="room.say", ref="r1", body="Hi")
    assert await client.next() == {"type": "said", "ref": "r1", "body": "Hi"}
    await client.send_text('{"type": "room.say", "body": "Hi"}')
    assert await client.next() == {"type": "said", "body": "Hi"}
    await client.send_command(type="do", what="nothing", ref="r2")
    await client.send_command(type="ping", ref="r3")
    pong = await client.assert_next(type="pong", ref="r3")
    assert pong["at"].endswith("Z")
    await client.close()


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
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.send_text(text)
    await client.assert_next(type="error", code=code, ref=ref)
    await client.assert_pong()
    await client.close()


async def test_a_frame_may_be_as_long_as_the_limit(settings: Any) -> None:
    client = ConsumerClient(EchoConsumer, None, None)
    await client.open()
    for text in ("x" * settings.FRAME_BYTES, "👍" * (settings.FRAME_BYTES // 4)):
        await client.send_text(text)
        assert (await client.assert_next(type="echo"))["text"] == text
    await client.close()


async def test_a_binary_frame_closes(hub: Hub, journal: list[str]) -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.send_text(b"\x00")
    await client.send_command(type="ping")
    await client.assert_closed(4400, "bad_message")
    assert_ended(hub, journal)


async def test_a_refused_command_is_answered_with_its_reason() -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.send_command(type="do", what="conflict", ref="r1")
    assert await client.next() == {
        "type": "error",
        "ref": "r1",
        "code": "conflict",
        "detail": "Not now.",
        "retry_after": 1.5,
    }
    await client.assert_pong()
    await client.close()


async def test_our_own_mistake_is_logged_and_the_socket_lives(caplog: pytest.LogCaptureFixture) -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.send_command(type="do", what="fail", ref="r1")
    error = await client.assert_next(type="error", code="internal", ref="r1")
    assert "oh no" not in error["detail"]
    assert "The command do failed" in caplog.text
    assert "RuntimeError: oh no" in caplog.text
    await client.assert_pong()
    await client.close()


async def test_a_command_may_close_its_socket(hub: Hub, journal: list[str]) -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.send_command(type="do", what="refuse", ref="r1")
    await client.assert_closed(4403, "forbidden")
    assert_ended(hub, journal)


async def test_answers_that_take_time_hold_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    for number, what in enumerate(["later", "later conflict", "later fail", "later never"]):
        await client.send_command(type="do", what=what, ref=f"r{number}")
    await client.send_command(type="ping", ref="next")
    await client.assert_next(type="pong", ref="next")
    await client.assert_next(type="done", ref="r0")
    await client.assert_next(type="error", code="conflict", ref="r1")
    await client.assert_next(type="error", code="internal", ref="r2")
    assert "RuntimeError: oh no" in caplog.text
    await client.assert_pong()
    await client.close()


async def test_an_answer_that_comes_too_late_is_dropped() -> None:
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    await client.send_command(type="do", what="later")
    await client.close()
    await asyncio.sleep(0.02)
    assert not client.events


# Limits


async def test_a_burst_passes_then_one_waits(settings: Any) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 5, 20
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    for number in range(6):
        await client.send_command(type="ping", ref=str(number))
    for number in range(5):
        await client.assert_next(type="pong", ref=str(number))
    error = await client.assert_next(type="error", code="rate_limited", ref="5")
    assert 0 < error["retry_after"] <= 0.05
    await asyncio.sleep(error["retry_after"])
    await client.assert_pong()
    await client.close()


async def test_faulty_commands_count_too(settings: Any) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 3, 1
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    for text in ("{", '{"type":"nope"}', "x" * 70_000, '{"type":"ping"}'):
        await client.send_text(text)
    codes = [(await client.next())["code"] for _ in range(4)]
    assert codes == ["bad_message", "unknown_type", "too_long", "rate_limited"]
    await client.close()


async def test_a_flood_closes(settings: Any, hub: Hub, journal: list[str]) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 1, 1
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.open()
    for _ in range(consumers.FLOOD + 20):
        await client.send_command(type="ping")
    await client.assert_next(type="pong")
    for _ in range(consumers.FLOOD):
        await client.assert_next(type="error", code="rate_limited")
    await client.assert_closed(4429, "rate_limited")
    assert_ended(hub, journal)


def test_a_steady_flood_closes_though_some_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred commands a second without end: every fifth is accepted, which does not make up for all the others."""
    clock = itertools.count()
    for module in (consumers, quotas):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock) / 200))
    consumer = ScriptedConsumer()
    # private: two thousand frames without a socket
    consumer.payer, consumer._patience = quotas.Payer("user.1"), Bucket(consumers.FLOOD, 20, 0)
    outcomes = []
    for _ in range(2000):
        try:
            # private: as above
            consumer._limit('{"type":"ping"}')
            outcomes.append("passed")
        except CommandError:
            outcomes.append("limited")
        except Refused:
            break
    assert 200 < len(outcomes) < 1000
    assert outcomes[60:].count("passed") > 40
