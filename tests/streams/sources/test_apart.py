"""Sources are stopped near their limit, wherever they hang, and do not delay others."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from streams.sources import apart, fetching
from streams.sources.fetching import FetchFailed, HttpValue
from streams.sources.querying import SqlValue
from streams.sources.results import QueryFailed
from streams.values import Kind

#: SQLite checks no clock while it searches for a text in another: this takes minutes.
IN_C = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
    " SELECT sum(instr(printf('%.*c', 900000 + i, 'a'), printf('%.*c', 450000, 'a') || 'b')) FROM n"
)


@pytest.fixture(autouse=True)
def shop(settings: Any, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "shop.sqlite3").close()
    settings.SQL_SOURCES = {"shop": f"sqlite:///{tmp_path / 'shop.sqlite3'}"}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What the web answers, by address."""
    found: dict[str, bytes] = {}

    async def fetch(url: str, *_: object) -> bytes:
        return found[url]

    monkeypatch.setattr(fetching, "fetch", fetch)
    return found


def ask(query: str, patience: float = 5) -> Any:
    return SqlValue("shop", query, "number", patience)(None)


async def test_a_query_that_hangs_in_c_is_stopped_near_its_limit_and_others_go_on() -> None:
    ask("SELECT 1")  # one child is warm
    began = time.monotonic()
    slow = asyncio.create_task(asyncio.to_thread(ask, IN_C, 1.0))
    others = 0
    while not slow.done():
        assert await asyncio.to_thread(ask, "SELECT 42") == 42
        others += 1
    with pytest.raises(QueryFailed, match=r"took more than 1 s and was stopped"):
        await slow
    assert 1 <= time.monotonic() - began < 30  # left alone it takes minutes
    assert others


def test_a_pattern_that_explodes_is_stopped(answers: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "READING", 0.3)
    answers["https://example.org/"] = b'["' + b"a" * 60 + b'"]'
    began = time.monotonic()
    with pytest.raises(FetchFailed, match=r"took more than 0\.3 s and was stopped"):
        HttpValue("https://example.org/", "json", "$[?search(@, '(a|a)*c')]", Kind.TEXT, 5)(None)
    assert time.monotonic() - began < 30  # left alone it takes years


def test_a_feed_is_read_apart(answers: dict[str, bytes]) -> None:
    answers["https://example.org/"] = b"<rss><item><title>One</title></item></rss>"
    assert HttpValue("https://example.org/", "feed", "", Kind.NUMBER, 5)(None) == 1


def test_children_know_no_secret_of_ours_and_end_with_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "only ours")
    monkeypatch.setattr(apart, "pool", apart.Pool())
    assert ask("SELECT 1") == 1
    (child,) = apart.pool.idle
    assert b"only ours" not in Path(f"/proc/{child.process.pid}/environ").read_bytes()
    apart.pool.end()
    assert child.process.returncode is not None


def test_a_child_that_has_ended_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "pool", apart.Pool())
    assert ask("SELECT 1") == 1
    (child,) = apart.pool.idle
    child.process.send_signal(signal.SIGKILL)
    child.process.wait()
    assert ask("SELECT 2") == 2
    apart.pool.end()


def test_more_sources_than_may_run_wait_and_then_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = apart.Pool()
    monkeypatch.setattr(apart, "pool", pool)
    for _ in range(apart.MOST):
        assert pool.slots.acquire(blocking=False)
    with pytest.raises(QueryFailed, match="sources run at once"):
        ask("SELECT 1", 0.1)
    pool.slots.release()
    assert ask("SELECT 1") == 1
    pool.end()


def test_an_answer_is_bounded_before_it_is_unpacked(answers: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "ANSWER_BYTES", 100)
    answers["https://example.org/"] = b'"' + b"x" * 500 + b'"'
    with pytest.raises(FetchFailed, match="was stopped"):
        HttpValue("https://example.org/", "json", "$", Kind.TEXT, 5)(None)


def test_a_child_starts_without_django() -> None:
    code = "import sys, streams.sources.child; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=settings.BASE_DIR).returncode == 0
