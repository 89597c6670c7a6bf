"""On a wall every value can be read from five metres, for any number and state of tiles."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.screens.fake_wall import FakeWall, Json, now, place

SIZES = {"1080p": (1920, 1080), "4K": (3840, 2160), "upright": (1080, 1920)}
HISTORY = 40
VERSIONS = itertools.count(1)


def number(value: float, unit: str = "", label: str = "") -> Json:
    return {"kind": "number", "value": value, "unit": unit, "label": label}


def status(level: str, text: str = "", label: str = "") -> Json:
    return {"kind": "status", "value": {"level": level, "text": text} if text else level, "label": label}


ROWS = {f"server-{n}.example.org": {"cpu": 7.5 * n, "memory": 1_000_000 * n, "load": n / 3} for n in range(1, 13)}
LOADS = [number(12.5 * n, "%", f"Processor {n} of the database") for n in range(1, 7)]
CHECKS = [
    status("ok", label="Shop"),
    status("warn", "a replica is 40 s behind", "Database and its replicas"),
    status("crit", "no answer", "Payments"),
    status("ok", "all 12 are there", "Workers"),
]
#: Type, title, options, streams: a tile of each kind, with little in it and with much.
SAMPLES: list[tuple[str, str, Json, list[Json]]] = [
    ("number", "Orders", {"warn": 200, "crit": 300, "note": "by telephone"}, [number(128, "/min")]),
    ("number", "Revenue of the whole year", {"target": 2_000_000, "note": "all shops"}, [number(1_234_567.89, "€")]),
    ("number", "Queue depth", {"warn": 200, "crit": 500}, [number(742, "jobs")]),
    ("gauge", "Disk of db-1", {"warn": 80, "crit": 90, "min": 0, "max": 100}, [number(86, "%")]),
    ("gauge", "Requests", {"crit": 100_000}, [number(123_456.7, "/min")]),
    ("status", "Backup", {}, [status("crit", "the line to Bergen is down")]),
    ("status", "Checks", {}, CHECKS),
    ("list", "Processors", {"warn": 50, "crit": 70}, LOADS),
    ("list", "Best servers", {"sort": "-cpu", "rows": 10}, [{"kind": "table", "value": ROWS, "unit": "%"}]),
    ("table", "Servers", {"key": "Server"}, [{"kind": "table", "value": ROWS}]),
    ("line", "Processor and memory", {}, [number(41, "%", "CPU"), number(63, "%", "Memory")]),
    ("text", "On call", {}, [{"kind": "text", "value": "Ada Lovelace"}]),
    (
        "text",
        "News",
        {},
        [{"kind": "text", "value": "The release of Thursday goes out at three, after the tests. " * 2}],
    ),
    ("clock", "", {"zone": "Asia/Tokyo"}, []),
    ("room", "", {"room": "lobby"}, []),
    ("line", "Four lines", {}, [number(1234.5 * n, "ms", f"Shop {n} in Norway") for n in range(1, 5)]),
    ("text", "Welcome", {"body": "x"}, []),
]


def told(stream: Json, state: str) -> Json:
    """Return a stream in the form of a snapshot."""
    at = datetime.now(UTC) - timedelta(seconds=840 if state == "old" else 2)
    unix = at.timestamp() * 1000
    value = stream["value"] if stream["kind"] == "number" else None
    history = [[unix - 2000 * n, value * (1 + 0.01 * (n % 7))] for n in range(HISTORY, 0, -1)] if value else []
    fails = {"error": "could not connect to server: connection refused", "state": "error", "retry_at": None}
    more = fails if state == "failing" else {"error": None, "state": "ok"}
    known = {"unit": "", "label": "A label", "stale_after": 60, "kept": 3600, "at": at.isoformat(), "seq": 1}
    return known | more | {"history": history} | stream


def board_of(rows: int, width: int, state: str, height: int = 1) -> tuple[Json, Json]:
    """Return a board with `rows` rows of tiles of this width, and its streams."""
    widgets: list[Json] = []
    streams: Json = {}
    for n in range(rows // height * (12 // width)):
        kind, title, options, shown = SAMPLES[n % len(SAMPLES)]
        slugs = [f"s{n}-{place}" for place in range(len(shown))]
        streams |= {slug: told(stream, state) for slug, stream in zip(slugs, shown, strict=True)}
        size = {"width": width, "height": height}
        html = "<p>Welcome to the <b>workshop</b>.</p>" if "body" in options else None
        widgets.append(
            {"id": n + 1, "type": kind, "title": title, "streams": slugs, "options": options, "html": html, **size}
        )
    return {"slug": "one", "title": "Operations", "zone": "", "version": next(VERSIONS), "widgets": widgets}, streams


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=SIZES)
async def wall(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[FakeWall]:
    width, height = SIZES[request.param]
    wall = await FakeWall.open(browser, place(), viewport={"width": width, "height": height})
    yield wall
    await wall.close()


async def faults_of(wall: FakeWall) -> list[str]:
    faults = []
    for page in range(await wall.page.evaluate("measures.pages()")):
        found = await wall.page.evaluate("page => measures.faultsOfPage(page)", page)
        faults += [f"page {page + 1}: {fault}" for fault in found]
    return faults


@pytest.mark.parametrize("rows", [4, 8, 12, 20])
async def test_every_value_can_be_read_on_a_wall(wall: FakeWall, rows: int) -> None:
    faults = []
    for width in (3, 2) if wall.page.viewport_size == {"width": 1920, "height": 1080} else (3,):
        for state in ("old", "failing", "fresh"):
            await wall.show(board_of(rows, width, state))
            faults += [f"{state}, {fault}" for fault in await faults_of(wall)]
        faults += await wall.page.evaluate("measures.disagreements()") if width == 3 else []
        await wall.cut()
        faults += [f"cut off, {fault}" for fault in await faults_of(wall)]
        await wall.mend()
    assert faults == []


def unwell_board() -> tuple[Json, Json]:
    """Return a board of four rows: a status tile, a list and a table with rows that are fresh, old and failing."""
    checks = [
        told(status("crit", "no answer", "Payments"), "fresh"),
        told(status("ok", label="Shop"), "old"),
        told(status("ok", label="Workers"), "failing"),
    ]
    loads = [told(number(12.5 * n, "%", f"Processor {n}"), "old" if n % 2 else "failing") for n in range(1, 5)]
    table = {"kind": "table", "value": {name: {"cpu": 1.5} for name in list(ROWS)[:5]}}
    shown = [("status", checks), ("list", loads), ("table", [told(table, "old")])]
    widgets: list[Json] = []
    streams: Json = {}
    for n in range(12):
        kind, values = shown[n % 3]
        slugs = [f"u{n}-{place}" for place in range(len(values))]
        streams |= dict(zip(slugs, values, strict=True))
        size = {"width": 4, "height": 1}
        widgets.append(
            {"id": n + 1, "type": kind, "title": kind, "streams": slugs, "options": {}, "html": None, **size}
        )
    return {"slug": "one", "title": "Operations", "zone": "", "version": next(VERSIONS), "widgets": widgets}, streams


async def test_a_reason_gives_way_before_a_row(wall: FakeWall) -> None:
    await wall.show(unwell_board())
    assert await faults_of(wall) == []
    assert await wall.page.evaluate("measures.reasonsBesideCutRows()") == []


async def test_a_wall_without_rooms_says_so_in_a_low_tile(wall: FakeWall) -> None:
    for rows in (8, 12):
        await wall.show(board_of(rows, 3, "fresh"))
        wall.say({"type": "wall", "name": "Wall", "rooms": False, "boards": wall.places})
        told_so = wall.page.locator("board-tile:not([hidden])[data-type=room] .tile__note").first
        await expect(told_so).to_be_visible()
        await wall.page.evaluate("measures.drawn()")
        assert await told_so.evaluate("note => measures.isBegun(note)")
        wall.plan(*wall.places)


async def test_the_newest_message_stays_in_sight_whatever_size_a_tile_had_between_two_frames(
    wall: FakeWall,
) -> None:
    """The browser lays out and scrolls a page while only some of its tiles are up to date."""
    await wall.show(board_of(8, 3, "fresh"))
    left = await wall.page.locator("board-tile:not([hidden])[data-type=room]").first.evaluate(
        """async (tile) => {
            const talk = tile.querySelector(".talk");
            for (const [change, undo] of [
                [() => tile.style.setProperty("height", "1500px"), () => tile.style.removeProperty("height")],
                [() => (tile.hidden = true), () => (tile.hidden = false)],
            ]) {
                change();
                talk.closest("room-tile").requestUpdate();
                await talk.closest("room-tile").updateComplete; // it looks at its size
                undo();
                await measures.drawn();
            }
            return [...tile.querySelectorAll(".talk li")].at(-1).getBoundingClientRect().bottom
                - talk.getBoundingClientRect().bottom;
        }"""
    )
    assert left < 2


def tall_board() -> tuple[Json, Json]:
    """Return a board of twenty rows, each a number of its own."""
    streams = {f"n{n}": told(number(n, label=f"Number {n}"), "fresh") for n in range(1, 21)}
    widgets = [
        {
            "id": n,
            "type": "number",
            "title": "",
            "streams": [f"n{n}"],
            "options": {"crit": 500},
            "width": 12,
            "height": 1,
        }
        for n in range(1, 21)
    ]
    return {"slug": "one", "title": "Twenty", "zone": "", "version": 1, "widgets": widgets}, streams


@pytest.mark.parametrize("name", ["wall", "board_full"])
async def test_a_board_that_is_too_high_is_shown_in_pages(browser: Browser, name: str) -> None:
    places = [place(dwell=24)] if name == "wall" else []
    wall = await FakeWall.open(browser, *places, page=name, viewport={"width": 1920, "height": 1080})
    page, shown, told_page = wall.page, wall.page.locator("board-tile:not([hidden])"), wall.page.locator("[data-page]")
    await page.clock.install()
    await wall.show(tall_board())
    await page.clock.run_for(1_000)
    await expect(told_page).to_have_text("page 1 / 3")
    await expect(shown).to_have_count(7)
    await page.clock.run_for(8_000)
    await expect(told_page).to_have_text("page 2 / 3")
    await expect(page.get_by_role("region", name="Number 8")).to_be_visible()
    await expect(page.get_by_role("region", name="Number 7", exact=True)).not_to_be_visible()
    await page.keyboard.press("ArrowRight")
    await expect(told_page).to_have_text("page 3 / 3")
    await expect(shown).to_have_count(6)
    await page.keyboard.press("ArrowLeft")
    await expect(told_page).to_have_text("page 2 / 3")
    wall.say(
        {"type": "update", "streams": {"n20": {"seq": 2, "value": 900, "at": now(), "state": "ok", "error": None}}}
    )
    await expect(page.get_by_role("region", name="Number 20")).to_contain_text("900")
    await page.clock.run_for(1_000)
    await expect(told_page).to_have_text("page 3 / 3")
    await expect(page.get_by_role("region", name="Number 20")).to_be_visible()
    await wall.close()


async def test_a_page_is_turned_without_motion_where_nobody_wants_any(browser: Browser) -> None:
    for motion, animation in (("reduce", "none"), ("no-preference", "page-turned")):
        wall = await FakeWall.open(browser, place(), reduced_motion=motion, viewport={"width": 1280, "height": 720})
        await wall.show(tall_board())
        style = "tile => getComputedStyle(tile).animationName"
        assert await wall.page.locator("board-tile").first.evaluate(style) == animation
        await wall.close()
