"""Boards stay live while the browser translates the page, which replaces text nodes."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser.screens.fake_wall import FakeWall, Json, now, place

#: Slug → kind, value, and the value that comes later, with what is to be seen then.
VALUES: dict[str, tuple[str, Any, Any, str]] = {
    "number": ("number", 1, 742, "742"),
    "gauge": ("number", 2, 86, "86"),
    "status": ("status", "ok", {"level": "crit", "text": "the line is down"}, "the line is down"),
    "statuses": ("status", "ok", "warn", "warning"),
    "text": ("text", "before", "after", "after"),
    "listed": ("number", 3, 4321, "4 321"),
    "line": ("number", 5, 55, "55"),
}
TYPES = {"statuses": "status", "listed": "list"}


def board(title: str = "Orders", version: int = 1) -> tuple[Json, Json]:
    def tile(number: int, kind: str, streams: list[str], **more: Any) -> Json:
        own = {"title": f"{title} {kind}", "options": {}, "width": 4, "height": 2}
        return {"id": number, "type": kind, "streams": streams} | own | more

    def stream(slug: str) -> Json:
        kind, value, _, _ = VALUES.get(slug, ("status", "ok", "", ""))
        at = datetime.now(UTC) - timedelta(seconds=3)
        known = {"label": slug, "unit": "", "stale_after": 6, "kept": 60, "seq": 1, "state": "ok", "error": None}
        return known | {"kind": kind, "value": value, "at": at.isoformat(), "history": []}

    several = {"statuses": ["statuses", "other"], "listed": ["listed", "other"]}
    shown = {slug: several.get(slug, [slug]) for slug in VALUES}
    widgets = [tile(n, TYPES.get(slug, slug), slugs) for n, (slug, slugs) in enumerate(shown.items(), 1)]
    widgets += [tile(20, "clock", []), tile(21, "room", [], options={"room": "lobby"})]
    widgets += [tile(22, "text", [], title="Own", html="<p>Welcome.</p>")]
    about = {"slug": "one", "title": title, "zone": "", "version": version, "widgets": widgets}
    return about, {slug: stream(slug) for slug in [*VALUES, "other"]}


@pytest.mark.parametrize("name", ["board", "board_full", "wall"])
async def test_values_ages_states_clocks_and_titles_go_on_while_the_page_is_translated(
    browser: Browser, name: str
) -> None:
    places = [place()] if name == "wall" else []
    wall = await FakeWall.open(browser, *places, page=name, viewport={"width": 1920, "height": 1080})
    page = wall.page
    await wall.show(board())
    await page.evaluate("measures.drawn()")
    translated = await page.evaluate("measures.translate()")
    if name == "board":
        assert translated > 5  # titles, and a text of the board's own
        await expect(page.locator(".prose").last).to_have_text("[Welcome.]")
    else:
        assert translated == 0  # nobody reads a wall alone
    clock = page.locator(".clock")
    time = await clock.inner_text()
    streams = {
        slug: {"seq": 2, "value": later, "at": now(), "state": "ok"} for slug, (_, _, later, _) in VALUES.items()
    }
    wall.say({"type": "update", "streams": {slug: each | {"error": None} for slug, each in streams.items()}})
    for number, (slug, (_, _, _, seen)) in enumerate(VALUES.items(), 1):
        shown = page.locator("board-tile .tile").nth(number - 1)
        await expect(shown, slug).to_contain_text(re.compile(re.escape(seen).replace(r"\ ", r"\s")))
    message = {"type": "message", "room": "lobby", "seq": 9, "rev": 9, "sender": {"name": "Bo"}, "at": now()}
    if name == "wall":
        wall.say(message | {"html": "<p>hello wall</p>", "deleted": False})
        await expect(page.locator(".talk li").last).to_contain_text("hello wall")
    await expect(clock).not_to_have_text(time)
    await expect(page.locator(".connection")).to_contain_text(re.compile(r"Live · \d\d?:\d\d:\d\d"))
    number_tile = page.locator("board-tile .tile").first
    await expect(number_tile.locator(".tile__age")).to_contain_text("old", timeout=15_000)
    failing = {"seq": 3, "value": 742, "at": now(), "state": "error", "error": "connection refused", "retry_at": None}
    wall.say({"type": "update", "streams": {"number": failing}})
    await expect(number_tile).to_contain_text("connection refused")
    wall.say({"type": "snapshot", "board": board("Sales", 2)[0], "streams": board()[1]})
    await expect(number_tile.locator("h2")).to_have_text("Sales number")
    await expect(page.locator("h1").first).to_have_text("Sales")
    await wall.close()
