"""Fixtures: a layer that can fail, stores that can be read back, and a hub with short pauses."""

from collections.abc import AsyncIterator, Iterator

import pytest
from channels.layers import channel_layers

from realtime.delivery import hub as hub_module
from realtime.delivery import layer_link
from realtime.delivery.hub import Hub, register_source
from realtime.delivery.publish import Delivery
from tests.realtime.fakes import ShakyLayer, Store


@pytest.fixture
async def layer() -> AsyncIterator[ShakyLayer]:
    """The channel layer during a test."""
    shaky = ShakyLayer()
    before = channel_layers.set("default", shaky)
    yield shaky
    if before is None:
        del channel_layers.backends["default"]
    else:
        channel_layers.set("default", before)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the hub's pauses to hundredths of seconds."""
    monkeypatch.setattr(hub_module, "CHECK_EVERY", 3600.0)
    monkeypatch.setattr(hub_module, "CHECK_SICK", 0.02)
    monkeypatch.setattr(hub_module, "CHECK_NEW", 0.02)
    monkeypatch.setattr(layer_link, "PAUSE", 0.02)
    monkeypatch.setattr(layer_link, "CANARY_EVERY", 0.05)
    monkeypatch.setattr(layer_link, "CANARY_PATIENCE", 0.4)
    monkeypatch.setattr(layer_link, "JOIN_PATIENCE", 0.3)


def _registered(kind: str, delivery: Delivery) -> Iterator[Store]:
    store = Store(delivery)
    register_source(kind, store)
    yield store
    del hub_module.sources[kind]


@pytest.fixture
def logs() -> Iterator[Store]:
    """The store of topics `log.…`."""
    yield from _registered("log", Delivery.LOG)


@pytest.fixture
def values() -> Iterator[Store]:
    """The store of topics `value.…`."""
    yield from _registered("value", Delivery.LATEST)


@pytest.fixture
async def hub(layer: ShakyLayer, quick: None) -> AsyncIterator[Hub]:
    hub = Hub()
    yield hub
    await hub.close()
