"""Streams, boards and readings to test with."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.models import Board, ProducerLease, Stream
from dashboard.producers import registry
from dashboard.producers.registry import Producer
from dashboard.store import Reading
from realtime.publish import Publication

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def seconds(number: float) -> datetime:
    """Return the time so many seconds after the start."""
    return START + timedelta(seconds=number)


def pushed_stream(slug: str = "orders", **fields: Any) -> Stream:
    return Stream.objects.create(slug=slug, **fields)


def produced_stream(slug: str = "cpu", **fields: Any) -> Stream:
    """Return a stream whose producer's lease is free."""
    stream = Stream.objects.create(slug=slug, state="unknown", **fields)
    ProducerLease.objects.create(stream=stream, expires_at=START)
    return stream


def board_of(*streams: Stream, slug: str = "ops", type: str = "number", **fields: Any) -> Board:
    """Return a board with a tile for each of `streams`."""
    board = Board.objects.create(slug=slug, title=slug.title())
    for position, stream in enumerate(streams):
        board.widgets.create(type=type, position=position, **fields).streams.add(stream)
    return board


def reading(stream: Stream, value: Any = None, at: float = 0, token: int = 0, **fields: Any) -> Reading:
    return Reading(stream.pk, token, stream.kind, seconds(at), value, **fields)


@pytest.fixture
def no_producers() -> Iterator[dict[str, Producer]]:
    """The registry, empty for the length of a test."""
    registry.all_producers()
    kept = dict(registry._producers)
    registry._producers.clear()
    yield registry._producers
    registry._producers.clear()
    registry._producers.update(kept)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Publication]:
    """What the worker and its writer publish; it goes nowhere else."""
    heard: list[Publication] = []

    async def hear(publications: Any) -> bool:
        heard.extend(publications)
        return True

    for module in ("worker", "writer"):
        monkeypatch.setattr(f"dashboard.{module}.publish", hear)
    return heard


Make = Callable[..., Any]
