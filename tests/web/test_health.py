"""The health checks of proxies and monitoring."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import AsyncClient

from realtime import process
from realtime.delivery.hub import Hub, current_hub
from realtime.process import Lease
from realtime.storage.database import condition
from tests.realtime.fakes import Reader, ShakyLayer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser() -> AsyncClient:
    return AsyncClient()


@pytest.fixture(autouse=True)
async def hub(layer: ShakyLayer) -> Any:
    hub = current_hub()
    yield hub
    await hub.close()


@pytest.fixture(autouse=True)
def lease(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A lease that was renewed just now."""
    monkeypatch.setattr(process, "lease", Lease(beat_at=time.monotonic()))
    yield
    condition.away = condition.unwritable = ""


async def test_a_process_that_answers_is_healthy(browser: AsyncClient) -> None:
    response = await browser.get("/healthz")
    assert (response.status_code, response.json()) == (
        200,
        {"ok": True, "process": process.PROCESS_ID, "build": process.build()},
    )


async def test_a_process_is_ready_for_clients(browser: AsyncClient) -> None:
    response = await browser.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ok": True})


async def test_a_draining_process_wants_no_more(browser: AsyncClient, hub: Hub) -> None:
    hub.draining = True
    response = await browser.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"ok": False, "process": "draining"})
    assert (await browser.get("/healthz")).status_code == 200


async def test_a_deaf_process_says_so(browser: AsyncClient, hub: Hub) -> None:
    hub.sick = True
    response = await browser.get("/readyz")
    assert response.status_code == 503
    assert response.json().keys() == {"ok", "layer"}


@pytest.mark.parametrize("kind", ["away", "unwritable"])
async def test_a_process_without_its_database_says_so(browser: AsyncClient, kind: str) -> None:
    setattr(condition, kind, "It is full.")
    response = await browser.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"ok": False, "database": "It is full."})
    assert (await browser.get("/healthz")).status_code == 200


@pytest.mark.parametrize("beat_at", [None, -1e9])
async def test_a_process_that_has_not_written_lately_is_not_ready(browser: AsyncClient, beat_at: float | None) -> None:
    process.lease.beat_at = beat_at
    response = await browser.get("/readyz")
    assert response.status_code == 503
    assert response.json().keys() == {"ok", "database"}


async def test_metrics_count_what_there_is(browser: AsyncClient, hub: Hub) -> None:
    hub.connections.update([object(), object()])
    await hub.subscribe("site.news", Reader())
    hub.heals = 7
    response = await browser.get("/metrics")
    hub.connections.clear()
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = response.content.decode().splitlines()
    assert "switchboard_connections 2" in lines
    assert "switchboard_topics 1" in lines
    assert "switchboard_heals_total 7" in lines
    assert "switchboard_layer_sick 0" in lines
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert [line.split()[0] for line in lines if not line.startswith("#")] == names
