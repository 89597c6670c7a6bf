"""The watch in two workers at once, up to the card in the room."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from alerts import incidents
from alerts.models import AlertDuty, AlertRule, Incident, RuleState
from alerts.watching import watch_rules
from chat import public
from chat.log.writer import current_writer
from chat.models import Message, Room
from harness.client import eventually
from realtime.wire.protocol import CommandError
from streams import leases, store
from streams.models import Stream
from streams.pushed import Pushed
from tests.streams_and_boards import in_thread, pushed_stream

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def quick(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> AsyncIterator[None]:
    monkeypatch.setattr(leases, "RENEW", 0.03)
    monkeypatch.setattr(incidents, "LAG", timedelta())
    monkeypatch.setattr(incidents, "RETRY", timedelta(seconds=0.1))
    yield
    await current_writer().flush()


@asynccontextmanager
async def watching(workers: int = 1) -> AsyncIterator[list["asyncio.Task[None]"]]:
    tasks = [asyncio.create_task(watch_rules()) for _ in range(workers)]
    yield tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def prepare() -> Stream:
    Room.objects.create(slug="kitchen", name="kitchen")
    stream = pushed_stream("cpu", label="Processor", unit="%")
    AlertRule.objects.create(stream=stream, limit=90, hold=0, settle=0, room="kitchen", severity="crit")
    return stream


def push(stream: Stream, value: float) -> None:
    with transaction.atomic():
        store.push(stream, [Pushed(value, timezone.now())])


async def state() -> list[Any]:
    """Return the state of each card in the room, in order."""
    return [message.alert["state"] async for message in Message.objects.order_by("seq") if message.alert]


async def test_of_two_workers_each_incident_has_one_card(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = await in_thread(prepare)
    async with watching(workers=2):
        for number in range(1, 4):
            await in_thread(push, stream, 97)
            await eventually(_cards(["resolved"] * (number - 1) + ["firing"]))
            await in_thread(push, stream, 20)
            await eventually(_cards(["resolved"] * number))
    assert await Incident.objects.acount() == 3
    assert (await AlertDuty.objects.aget()).holder == "", "given up at the end"


async def test_a_worker_that_dies_before_it_notes_what_it_told_repeats_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = await in_thread(prepare)
    noted: list[int] = []

    def die(incident: Incident) -> None:
        noted.append(incident.version)
        raise SystemError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(incidents, "note_told", die)
        async with watching():
            await in_thread(push, stream, 97)
            await eventually(lambda: len(noted) >= 3)
    async with watching():
        await eventually(_told)
    assert await state() == ["firing"]
    assert (await Room.objects.aget()).rev == 1


async def test_a_card_comes_when_its_room_takes_it_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = await in_thread(prepare)
    await Room.objects.aupdate(archived_at=timezone.now())
    async with watching():
        await in_thread(push, stream, 97)
        await eventually(_trouble("archived"))
        await Room.objects.aupdate(archived_at=None, slug="elsewhere")
        await eventually(_trouble("no such room"))
        await Room.objects.aupdate(slug="kitchen", people_only=True)
        await eventually(_trouble("Only people"))
        await Room.objects.aupdate(people_only=False)
        await eventually(_told)
    assert await state() == ["firing"]


def let_a_minute_go_by() -> None:
    """Make everything in the database a minute older."""
    minute = timedelta(minutes=1)
    Stream.objects.update(at=F("at") - minute)
    RuleState.objects.update(at=F("at") - minute, bad_since=F("bad_since") - minute)
    marks = ("watched_since", "watched_until", "taking_since", "taking_until", "expires_at")
    AlertDuty.objects.update(**{mark: F(mark) - minute for mark in marks})


async def test_a_worker_that_was_away_calls_nothing_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = await in_thread(prepare)
    await AlertRule.objects.aupdate(condition="silent", limit=None, hold=30)
    await in_thread(push, stream, 1)

    async def has_watched() -> bool:
        since = timezone.now() - timedelta(seconds=30)
        return await AlertDuty.objects.filter(watched_until__gt=since).aexists() and await RuleState.objects.aexists()

    async with watching():
        await eventually(has_watched)
    await in_thread(let_a_minute_go_by)
    assert not await has_watched()
    async with watching():
        await eventually(has_watched)
    assert not await Incident.objects.aexists()
    duty = await AlertDuty.objects.aget()
    assert duty.watched_since is not None
    assert duty.watched_since > timezone.now() - timedelta(seconds=30), "it counts from now on"


async def test_what_goes_wrong_once_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = await in_thread(prepare)
    attempts: list[str] = []

    async def put_card(*arguments: Any) -> None:
        attempts.append("")
        if len(attempts) == 1:
            raise RuntimeError("a bug")
        raise CommandError("busy", "Too much to write at once: try again soon.")

    monkeypatch.setattr(public, "put_card", put_card)
    async with watching():
        await in_thread(push, stream, 97)
        await eventually(lambda: len(attempts) >= 3)
        await eventually(_trouble("Too much"))


def _cards(expected: list[str]) -> Any:
    async def fits() -> bool:
        return await state() == expected

    return fits


def _trouble(text: str) -> Any:
    async def fits() -> bool:
        return await Incident.objects.filter(trouble__contains=text).aexists()

    return fits


async def _told() -> bool:
    return await Incident.objects.filter(told=1, trouble="").aexists()
