"""Limits of one person over all of their sockets, and of strangers."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import consumers, echo
from realtime.consumers import beat_between
from realtime.delivery.hub import Hub
from realtime.echo import EchoConsumer
from realtime.limits import quotas
from realtime.limits.quotas import GUESTS, MANY, Payer, Quota, payer_of
from tests.realtime.fakes import ConsumerClient, Person
from tests.realtime.scripted_consumer import ADA, BOB, ScriptedConsumer, hub, hub_of_this_loop, journal

__all__ = ["hub", "hub_of_this_loop", "journal"]


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that shows only the time `at`, which a test sets."""
    clock = SimpleNamespace(at=0.0)
    monkeypatch.setattr(quotas, "time", SimpleNamespace(monotonic=lambda: clock.at))
    return clock


async def test_all_sockets_of_a_person_share_what_it_may_do(settings: Any, still: SimpleNamespace) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 5, 1
    clients = [ConsumerClient(ScriptedConsumer, ADA) for _ in range(5)]
    for client in clients:
        await client.open()
    answers = []
    for client in clients * 3:
        await client.send_command(type="ping")
        answers.append((await client.next())["type"])
    assert answers == ["pong"] * 5 + ["error"] * 10
    other = ConsumerClient(ScriptedConsumer, BOB)
    await other.open()
    await other.send_command(type="ping")
    await other.assert_next(type="pong")
    for client in [*clients, other]:
        await client.close()


def test_who_pays() -> None:
    bot = Person(7)
    bot.is_bot = True
    assert payer_of(ADA, "192.0.2.1") == Payer("user.1", 1)
    assert payer_of(bot, "192.0.2.1") == Payer("user.7", MANY)
    assert payer_of(None, "2001:db8::1") == payer_of(None, "2001:db8::2") == Payer("address.2001:db8::/64", MANY)
    guest = Person(8)
    guest.is_guest = True
    assert payer_of(guest, "192.0.2.1").along == Payer("guests.192.0.2.1", GUESTS)
    assert payer_of(None, "192.0.2.1").is_stranger
    assert not payer_of(ADA, "192.0.2.1").is_stranger


def test_many_guests_of_one_address_get_less_than_so_many_people(settings: Any, still: SimpleNamespace) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 2, 1
    guests = [Person(number) for number in range(100, 150)]
    for guest in guests:
        guest.is_guest = True
    here = [payer_of(guest, "192.0.2.1") for guest in guests]
    assert sum(not quotas.commands.pay(payer) for payer in here * 3) == GUESTS * 2
    assert quotas.commands.pay(payer_of(guests[-1], "192.0.2.2")) == 0, "it has its own still, and is elsewhere now"
    assert quotas.commands.pay(payer_of(ADA, "192.0.2.1")) == 0, "who has an account does not pay for guests"


def test_what_was_read_too_much_must_come_back_first(still: SimpleNamespace) -> None:
    quota = Quota("test", lambda: (1000, 100))
    quotas.QUOTAS.remove(quota)
    payer = Payer("user.1")
    assert quota.wait(payer) == 0
    quota.spend(payer, 1500)
    assert quota.wait(payer) == pytest.approx(5.01)
    still.at = 5.1
    assert quota.wait(payer) == 0


class World:
    """Several processes, each with its own quota, and a fake of the buckets in Redis."""

    def __init__(self, processes: int, burst: int, rate: int) -> None:
        self.quotas = [Quota("test", lambda: (burst, rate)) for _ in range(processes)]
        for quota in self.quotas:
            quotas.QUOTAS.remove(quota)
        self.burst, self.rate = burst, rate
        self.tokens, self.at = float(burst), 0.0

    def share(self, quota: Quota, now: float) -> None:
        for spent in quota.take_spent():
            self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate) - spent.tokens
            self.at = now
            quota.set_left({spent.name: self.tokens})


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 5)), max_size=80))
def test_processes_together_give_no_more_than_is_said(processes: int, steps: list[tuple[int, int, int]]) -> None:
    burst, rate, every = 10, 20, 0.1
    world, payer = World(processes, burst, rate), Payer("user.1")
    now, given_out, shared = 0.0, 0, 0.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quotas, "time", SimpleNamespace(monotonic=lambda: now))
        for who, tries, pause in steps:
            given_out += sum(not world.quotas[who % processes].pay(payer) for _ in range(tries))
            now += pause / 50
            if now - shared >= every:
                shared = now
                for quota in world.quotas:
                    world.share(quota, now)
            assert given_out <= processes * burst + (now + every) * rate


# Sockets that nobody has signed in to


async def test_strangers_of_one_address_get_a_few_sockets_and_then_a_reason(settings: Any, hub: Hub) -> None:
    settings.STRANGERS_PER_ADDRESS, settings.STRANGERS = 2, 3
    one, other, third = ("192.0.2.1", 1), ("192.0.2.2", 1), ("192.0.2.3", 1)
    clients = [ConsumerClient(EchoConsumer, client=client) for client in (one, one, one, other, third)]
    for client in (clients[0], clients[1], clients[3]):
        assert (await client.open())["type"] == "hello"
    for client in (clients[2], clients[4]):
        await client.connect()
        await client.assert_closed(4429, "rate_limited")
    ada = ConsumerClient(ScriptedConsumer, ADA, client=one)
    assert (await ada.open())["type"] == "hello", "who is signed in gets in"
    await clients[0].close()
    again = ConsumerClient(EchoConsumer, client=one)
    assert (await again.open())["type"] == "hello"
    for client in (clients[1], clients[3], ada, again):
        await client.close()
    assert hub.strangers == {}


async def test_who_opens_sockets_all_the_time_must_wait(settings: Any, still: SimpleNamespace, hub: Hub) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 3, 1
    for _ in range(3):
        client = ConsumerClient(ScriptedConsumer, ADA)
        assert (await client.open())["type"] == "hello"
        await client.close()
    client = ConsumerClient(ScriptedConsumer, ADA)
    await client.connect()
    await client.assert_closed(4429, "rate_limited")
    other = ConsumerClient(ScriptedConsumer, BOB)
    assert (await other.open())["type"] == "hello"
    await other.close()


async def test_who_is_turned_away_pays_for_the_socket_too(settings: Any, still: SimpleNamespace, hub: Hub) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 1, 1
    for code, error in [(4401, "forbidden")] * MANY + [(4429, "rate_limited")]:
        client = ConsumerClient(ScriptedConsumer)
        await client.connect()
        await client.assert_closed(code, error)


async def test_an_echo_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch, hub: Hub) -> None:
    clock = SimpleNamespace(at=1000.0)
    for module in (consumers, echo):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.at, time=lambda: clock.at))
    quiet, lively = ConsumerClient(EchoConsumer), ConsumerClient(EchoConsumer)
    for client in (quiet, lively):
        await client.open()
    clock.at += echo.IDLE - 1
    await lively.send_text("here")
    await lively.assert_next(type="echo", text="here")
    clock.at += 1
    beat_between(clock.at - 3600, clock.at)
    await lively.assert_next(type="heartbeat")
    await quiet.assert_closed(1000)
    await lively.close()
