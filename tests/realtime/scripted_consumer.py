"""A consumer that tests control, with its fixtures; import those that you need."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from realtime.consumers import SocketConsumer
from realtime.delivery.hub import Hub, current_hub
from realtime.delivery.publish import Delivery, Publication, publish
from realtime.wire.protocol import Close, Command, CommandError, Refused, encode
from tests.realtime.fakes import Person, ShakyLayer

ADA, BOB = Person(1), Person(2, "Bob")


class Say(Command, tag="room.say"):
    body: str = ""


class Do(Command, tag="do"):
    what: str


class ScriptedConsumer(SocketConsumer):
    """A consumer that does what its test says. `journal` records what happened to all instances."""

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

    async def on_room_say(self, command: Say) -> None:
        self.answer(command, {"type": "said", "body": command.body})

    async def on_do(self, command: Do) -> None:
        match command.what:
            case "nothing":
                return
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
                self.answer_when(command, self._later(command.what), lambda type: {"type": type})
                return
        self.answer(command, {"type": "done", "ref": "its own"})

    def _later(self, what: str) -> "asyncio.Future[str]":
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        outcomes: dict[str, Any] = {
            "later": lambda: future.set_result("done"),
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


class OpenScriptedConsumer(ScriptedConsumer):
    signed_in = False
    any_origin = True


@pytest.fixture(autouse=True)
async def hub_of_this_loop(layer: ShakyLayer) -> AsyncIterator[Hub]:
    hub = current_hub()
    yield hub
    await hub.close()


@pytest.fixture(autouse=True)
def journal() -> list[str]:
    ScriptedConsumer.journal.clear()
    return ScriptedConsumer.journal


@pytest.fixture
def hub(hub_of_this_loop: Hub) -> Hub:
    return hub_of_this_loop


async def tell(person: Person, **payload: Any) -> None:
    await publish([Publication(f"user.{person.pk}", Delivery.CONTROL, encode(payload))])


def assert_ended(hub: Hub, journal: list[str]) -> None:
    """One socket has opened and ended, and the hub has forgotten it."""
    assert journal == ["opened", "closed"]
    assert (hub.connections, hub.connections_of, hub.topics) == (set(), {}, {})
