"""Boards on a screen: values that move; and age, producer and connection, each shown for itself."""

import contextlib
import json
import re
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, Locator, Page, expect

from harness.launcher import Launcher
from harness.servers import Serve, Web
from tests.browser.steps import NewPage, enter
from tests.browser.test_accessibility import faults, overflow


async def open_board(page: Page, slug: str, name: str = "Ada") -> None:
    await enter(page, name)
    await page.goto(f"/boards/{slug}/")
    await expect_live(page)


async def expect_live(page: Page) -> None:
    await expect(page.locator("board-connection .connection")).to_have_attribute("data-phase", "live", timeout=40_000)


def tile(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


async def number_of(found: Locator) -> int:
    return int(re.sub(r"\D", "", await found.inner_text()))


class Feed:
    """A new stream on a new board, with a client that pushes values into it."""

    def __init__(self, server: Serve, *options: str) -> None:
        self.server = server
        self.slug = f"test-{uuid.uuid4().hex[:8]}"
        printed = server.manage("createstream", self.slug, "--push", "--board", self.slug, *options)
        self.token = printed.splitlines()[-1]
        server.shell(f"from boards.models import Board; Board.objects.filter(slug={self.slug!r}).update(guests=True)")

    async def push(self, page: Page, value: object) -> None:
        answer = await page.context.request.post(
            f"/api/streams/{self.slug}/",
            data=json.dumps({"value": value}),
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert answer.status == 204, await answer.text()

    def change(self, **fields: object) -> None:
        """Set fields that only a producer sets."""
        self.server.shell(
            f"from streams.models import Stream; Stream.objects.filter(slug={self.slug!r}).update(**{fields!r})"
        )


async def test_the_counter_moves(new_page: NewPage) -> None:
    page = await new_page()
    await open_board(page, "counter")
    digits = tile(page, "Counter").locator(".figure__digits")
    first = await number_of(digits)
    await expect(digits).not_to_have_text(await digits.inner_text())
    assert await number_of(digits) > first
    await expect(tile(page, "Counter").locator(".tile__age")).to_have_text(re.compile(r"^updated \d s ago$"))
    await expect(page.locator("board-connection")).to_contain_text(re.compile(r"Live · \d\d:\d\d:\d\d"))
    await expect(page.locator("[data-summary]")).to_have_text("2 tiles · 1 stream")


async def test_the_hosts_numbers_have_charts_and_a_table_for_those_who_do_not_see_them(new_page: NewPage) -> None:
    page = await new_page()
    await open_board(page, "host")
    chart = tile(page, "Processor and memory")
    await expect(chart.locator("canvas")).to_be_visible()
    await expect(chart.locator(".legend")).to_contain_text("CPU")
    table = chart.get_by_role("table", name="Processor and memory")
    await expect(table.get_by_role("columnheader")).to_have_text(["Time", "CPU", "Memory"])
    await expect(table.get_by_role("row").nth(1)).to_contain_text("%")
    await expect(tile(page, "Health").locator(".status-list__name")).to_have_count(2)


async def test_the_blotter_is_loaded_by_http_and_then_its_rows_change(new_page: NewPage) -> None:
    page = await new_page()
    await enter(page, "Ada")
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
    async with page.expect_response("**/api/boards/blotter/") as answer:
        await page.goto("/boards/blotter/")
    assert len((await (await answer.value).json())["streams"]["blotter"]["value"]) == 12
    rows = tile(page, "Prices").locator("tbody tr")
    await expect(rows).to_have_count(12)
    await expect(rows.first.locator("th")).to_have_text("ARB")
    await expect(tile(page, "Prices").locator("td:is([data-mark=up], [data-mark=down])").first).to_be_visible()
    updates = [frame for frame in frames if '"type":"update"' in frame and "blotter" in frame]
    assert updates
    assert all(len(json.loads(frame)["streams"]["blotter"]["rows"]) == 1 for frame in updates)


async def test_a_pushed_value_appears_at_once_and_grows_old(live_switchboard: Serve, new_page: NewPage) -> None:
    feed = Feed(live_switchboard, "--label", "Orders", "--unit", "/min", "--stale-after", "3")
    page = await new_page()
    await open_board(page, feed.slug)
    orders = tile(page, "Orders")
    await expect(orders).to_contain_text("no value yet")
    await expect(orders.locator("code")).to_contain_text(f"/api/streams/{feed.slug}/")
    await feed.push(page, 1234)
    await expect(orders.locator(".figure")).to_have_text(re.compile(r"1\s234\s*/min"))
    await expect(orders).to_have_attribute("data-truth", "fresh")
    await expect(orders).to_have_attribute("data-truth", "old")
    await expect(orders.locator(".tile__age")).to_have_text(re.compile(r"\d+ s old"))
    await expect(orders).to_contain_text("expected within 3 s")
    await expect(page.locator(".board-banner")).to_have_count(0)
    await feed.push(page, 1235)
    await expect(orders).to_have_attribute("data-truth", "fresh")


async def test_a_failing_producer_keeps_its_value_and_says_why(live_switchboard: Serve, new_page: NewPage) -> None:
    feed = Feed(live_switchboard, "--label", "Payments", "--unit", "%")
    page = await new_page()
    await enter(page, "Ada")
    await feed.push(page, 99.2)
    feed.change(state="error", error="connection refused")
    await page.goto(f"/boards/{feed.slug}/")
    payments = tile(page, "Payments")
    await expect(payments).to_have_attribute("data-truth", "failing")
    await expect(payments.locator(".figure__digits")).to_have_text("99.2")
    await expect(payments).to_contain_text("producer failing: connection refused")
    feed.change(state="unknown", error="")
    await page.reload()
    await expect(payments).to_have_attribute("data-truth", "unknown")
    await expect(payments).to_contain_text("its producer is not running")


async def test_a_row_is_as_true_as_its_own_stream(live_switchboard: Serve, new_page: NewPage) -> None:
    fresh, old = (Feed(live_switchboard, "--kind", "status", "--label", label) for label in ("Mail", "Web"))
    page = await new_page()
    await enter(page, "Ada")
    for feed in (fresh, old):
        await feed.push(page, "crit")
    live_switchboard.shell(
        "from boards.models import Board; from streams.models import Stream\n"
        "from django.utils.timezone import now, timedelta\n"
        f"streams = Stream.objects.filter(slug__in={[fresh.slug, old.slug]!r})\n"
        f"streams.filter(slug={old.slug!r}).update(at=now() - timedelta(minutes=5))\n"
        f"board = Board.objects.get(slug={fresh.slug!r}); board.widgets.all().delete()\n"
        "board.widgets.create(type='status', title='Services').streams.set(streams)"
    )
    await page.goto(f"/boards/{fresh.slug}/")
    await expect_live(page)
    rows = tile(page, "Services").locator("li")
    mail, web = (rows.filter(has_text=label) for label in ("Mail", "Web"))
    color = "row => getComputedStyle(row.querySelector('.sign')).color"
    assert await mail.evaluate(color) == "rgb(194, 47, 47)", "it is as red as a critical is"
    assert await web.evaluate(color) == "rgb(109, 104, 97)", "it is grey"
    await expect(web).to_contain_text("5 min old")
    await expect(mail).not_to_contain_text("old")


async def test_a_frozen_server_takes_the_colours_away(live_switchboard: Serve, new_page: NewPage) -> None:
    feed = Feed(live_switchboard, "--label", "Orders")
    page = await new_page()
    await open_board(page, feed.slug)
    await page.evaluate("document.querySelector('board-view').screen.socket.heardAt -= 51_000")
    await expect(page.locator(".board")).to_have_css("filter", "grayscale(1)")
    await expect(page.locator(".board-banner")).to_contain_text("Not connected")
    await expect(page.locator("board-view")).to_have_attribute("data-cut-off", "")


async def test_text_is_text(live_switchboard: Serve, new_page: NewPage) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    feed = Feed(live_switchboard, "--kind", "text", "--label", f"{hostile} label")
    page = await new_page()
    await open_board(page, feed.slug)
    await feed.push(page, f"{hostile} value")
    await expect(page.locator(".words")).to_have_text(f"{hostile} value")
    await expect(page.locator(".tile__title")).to_have_text(f"{hostile} label")
    await expect(page.locator(".tile img")).to_have_count(0)


async def test_thumbnails_are_live(new_page: NewPage) -> None:
    page = await new_page()
    await enter(page, "Ada")
    for path in ("/boards/", "/"):
        await page.goto(path)
        value = page.locator("board-thumbnail[slug=counter] .value")
        await expect(value).to_be_visible()
        await expect(value).not_to_have_text(await value.inner_text())
        await expect(page.locator("board-thumbnail[slug=host]")).to_contain_text("CPU")
        # A browser that translates the page would freeze it.
        assert await page.locator("board-thumbnail").evaluate_all("all => all.every((each) => !each.translate)")
    await page.get_by_role("link", name="Counter", exact=True).click()
    await expect_live(page)


@pytest.mark.parametrize("board", ["counter", "host", "chat", "blotter"])
async def test_a_board_alone_fills_the_screen_and_no_more(new_page: NewPage, board: str) -> None:
    page = await new_page(viewport={"width": 1920, "height": 1080})
    await open_board(page, f"{board}/full")
    await expect(page.locator(".sidebar")).to_have_count(0)
    await expect(page.locator(".tile").first).to_be_visible()
    height = await page.evaluate("document.documentElement.scrollHeight - innerHeight")
    assert (await overflow(page), height) == (0, 0)
    bottoms = await page.locator("board-tile").evaluate_all("tiles => tiles.map(e => e.getBoundingClientRect().bottom)")
    assert 1000 < max(bottoms) <= 1080
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(re.compile(f"/boards/{board}/$"))


async def test_f_shows_the_board_alone(new_page: NewPage) -> None:
    page = await new_page()
    await open_board(page, "counter")
    await page.keyboard.press("f")
    await expect(page).to_have_url(re.compile("/boards/counter/full/$"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_on_boards(live_switchboard: Serve, new_page: NewPage, scheme: str) -> None:
    failing = Feed(live_switchboard, "--label", "Payments")
    failing.change(state="error", error="connection refused", value=99)
    page = await new_page(color_scheme=scheme, reduced_motion="reduce")  # a page that fades in has no contrast yet
    await enter(page, "Ada")
    for slug in ("host", "blotter", "chat", "counter/full", failing.slug):
        await page.goto(f"/boards/{slug}/")
        await expect(page.locator(".tile").first).to_be_visible()
        await expect_live(page)
        assert await faults(page) == [], slug


async def test_boards_fit_a_phone(live_switchboard: Serve, new_page: NewPage) -> None:
    empty = Feed(live_switchboard, "--label", "A label that is far too long for any phone there is")
    page = await new_page(viewport={"width": 360, "height": 740})
    await enter(page, "Ada")
    for slug in ("host", "blotter", "chat", "counter", "host/full", empty.slug):
        await page.goto(f"/boards/{slug}/")
        await expect(page.locator(".tile").first).to_be_visible()
        assert await overflow(page) <= 0, slug


@pytest.mark.parametrize("width", [360, 1280, 1920])
async def test_what_stands_under_a_number_is_whole_or_not_there(
    live_switchboard: Serve, new_page: NewPage, width: int
) -> None:
    feed = Feed(live_switchboard, "--label", "Orders", "--unit", "/min")
    live_switchboard.shell(
        f"from boards.models import Widget; Widget.objects.filter(board__slug={feed.slug!r})"
        ".update(width=3, options={'target': 120, 'note': 'by telephone and by letter'})"
    )
    page = await new_page(viewport={"width": width, "height": 860})
    await open_board(page, feed.slug)
    await feed.push(page, 90)
    await expect(tile(page, "Orders").locator(".foot__note--target")).to_be_in_viewport()
    seen = (
        await tile(page, "Orders")
        .locator(".tile__foot p")
        .evaluate(
            """foot => [...foot.children].filter((part) => part.offsetTop < foot.offsetTop + foot.clientHeight)
            .filter((part) => !part.matches(".visually-hidden"))
            .map((part) => [part.textContent, part.scrollWidth <= part.clientWidth])"""
        )
    )
    assert seen[0][0].replace("\u202f", " ") == "75 % of 120 /min"
    assert all(whole for _, whole in seen)
    assert len(seen) == (2 if width > 1280 else 1)


@pytest_asyncio.fixture(loop_scope="session")
async def own_server(launcher: Launcher) -> AsyncIterator[Web]:
    """A server of its own, which a test may stop."""
    server = Web(launcher, "own", {})
    server.manage("migrate", "--verbosity", "0")
    server.manage("loaddemo")
    server.start()
    yield server
    server.stop()


async def test_a_screen_whose_server_is_gone_says_so_and_heals_itself(own_server: Web, browser: Browser) -> None:
    context = await browser.new_context(base_url=own_server.address, locale="en-GB")
    page = await context.new_page()
    await open_board(page, "counter")
    digits = tile(page, "Counter").locator(".figure__digits")
    await expect(digits).to_have_text(re.compile(r"\d"))  # a new server has no value yet
    before = await number_of(digits)
    own_server.kill()
    banner = page.locator(".board-banner")
    await expect(banner).to_contain_text(re.compile(r"Not connected\. Values are as of \d\d:\d\d:\d\d\."))
    await expect(page.locator("board-connection .connection")).not_to_contain_text("Live")
    assert await number_of(digits) >= before
    own_server.start()
    with contextlib.suppress(Error):  # it may have come back by itself, and the button is gone
        await page.get_by_role("button", name="Try now").click(timeout=3_000)
    await expect_live(page)
    await expect(banner).to_have_count(0)
    seen = await digits.inner_text()
    await expect(digits).not_to_have_text(seen, timeout=20_000)
    assert await number_of(digits) > before
    await context.close()
