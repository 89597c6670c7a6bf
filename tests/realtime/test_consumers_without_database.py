"""Sockets while the database is away: commands get `busy`, and new sockets are told when to come back."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from django.db import InterfaceError, InternalError, OperationalError

from harness.client import eventually
from realtime.consumers import SocketConsumer
from realtime.delivery.hub import Hub
from realtime.storage.database import condition
from realtime.wire.protocol import Command
from tests.realtime.fakes import ConsumerClient
from tests.realtime.scripted_consumer import ADA, hub, hub_of_this_loop, journal

__all__ = ["hub", "hub_of_this_loop", "journal"]

AWAY = [OperationalError("no route"), InterfaceError("closed"), InternalError("terminating: idle in transaction")]


class Ask(Command, tag="ask"):
    later: bool = False


class Counter(SocketConsumer):
    """Asks a database that raises what `error` says, at the beginning or for each command."""

    commands = Ask
    error: Exception
    at_once = False

    async def opened(self) -> None:
        if self.at_once:
            raise self.error

    async def on_ask(self, command: Ask) -> None:
        if not command.later:
            raise self.error
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        written.set_exception(self.error)
        self.answer_when(command, written, lambda nothing: {"type": "ok"})


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
async def test_a_command_is_told_busy_and_when_to_come_back(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, later: bool
) -> None:
    monkeypatch.setattr(Counter, "error", error, raising=False)
    client = ConsumerClient(Counter, ADA)
    await client.open()
    await client.send_command(type="ask", ref="r1", later=later)
    answer = await client.assert_next(type="error", code="busy", ref="r1")
    assert answer["retry_after"] > 0
    assert answer["detail"].startswith("The database does not answer.")
    assert "Traceback" not in caplog.text
    await client.close()


async def test_one_that_cannot_begin_is_told_and_closed(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counter, "error", OperationalError("no route"), raising=False)
    monkeypatch.setattr(Counter, "at_once", True)
    client = ConsumerClient(Counter, ADA)
    await client.open()
    assert (await client.assert_next(type="notice", code="away"))["retry_after"] > 0
    await client.assert_closed(1013)


async def test_who_it_is_could_not_be_looked_up(hub: Hub) -> None:
    client = ConsumerClient(Counter, None, unknown=OperationalError("no route"))
    await client.connect()
    await client.assert_next(type="notice", code="away", detail="The database does not answer.")
    await client.assert_closed(1013)


@pytest.fixture
def away(hub: Hub) -> Iterator[None]:
    condition.away = "The database does not answer."
    hub.link.others_answered_at = time.monotonic()
    yield
    condition.away = ""


async def test_while_others_have_a_database_all_are_sent_there(hub: Hub) -> None:
    clients = [ConsumerClient(Counter, ADA) for _ in range(3)]
    for client in clients:
        await client.open()
    await hub.send_away("The database does not answer.")
    waits = {(await client.assert_next(type="notice", code="away"))["retry_after"] for client in clients}
    assert len(waits) == 3, "they do not come back all at once"
    for client in clients:
        await client.assert_closed(1013)
    await eventually(lambda: not hub.connections)


async def test_a_new_one_is_not_accepted_so_that_the_proxy_asks_another_process(hub: Hub, away: None) -> None:
    client = ConsumerClient(Counter, ADA)
    with pytest.raises(AssertionError, match="not accepted"):
        await client.connect()
    await client.close()
    assert not hub.connections
    assert not client.events, "nothing but the close, which is a 503 then"
