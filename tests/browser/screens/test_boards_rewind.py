"""Boards rewound to the past, which nobody may take for live."""

import re
import uuid

from playwright.async_api import expect

from harness.servers import Serve
from tests.browser.screens.test_boards import Feed, expect_live, tile
from tests.browser.steps import Line, NewPage, enter, make_room, open_room, say
from tests.browser.test_accessibility import faults


def make_board(server: Serve, body: str) -> str:
    """Make a board with Python code that may use `board`, `slug`, `now` and the models; return its slug."""
    slug = f"test-{uuid.uuid4().hex[:8]}"
    server.shell(
        "from datetime import timedelta; from django.utils import timezone\n"
        "from boards.models import *; from streams.models import *\n"
        "from streams import store; from streams.pushed import Pushed\n"
        f"slug = {slug!r}; now = timezone.now()\n"
        f"board = Board.objects.create(slug=slug, title='Test', guests=True)\n{body}"
    )
    return slug


async def test_a_board_is_wound_back_and_comes_back_to_live(live_switchboard: Serve, new_page: NewPage) -> None:
    feed = Feed(live_switchboard, "--label", "Orders")
    live_switchboard.shell(
        "from datetime import timedelta; from django.utils import timezone; from django.db import transaction\n"
        "from streams import store; from streams.models import Stream; from streams.pushed import Pushed\n"
        "now = timezone.now()\n"
        "with transaction.atomic():\n"
        f"    store.push(Stream.objects.get(slug={feed.slug!r}),"
        " [Pushed(minutes, now - timedelta(minutes=minutes)) for minutes in range(50, -1, -1)])"
    )
    page = await new_page()
    await enter(page, "Ada")
    await page.goto(f"/boards/{feed.slug}/")
    await expect_live(page)
    digits = tile(page, "Orders").locator(".figure__digits")
    await expect(digits).to_have_text("0")
    await page.keyboard.press("r")
    slider = page.get_by_role("slider", name="Time")
    await slider.focus()
    await slider.fill("480")  # of 720 steps in an hour: 20 minutes ago
    await expect(digits).to_have_text(re.compile("^(20|21)$"))
    await expect(page.locator(".rewind__said")).to_contain_text(re.compile(r"As it was on \w+day,? .*\d\d:\d\d:\d\d"))
    await expect(page.locator("board-connection")).to_have_text("Not live: the past")
    assert await faults(page) == []
    await feed.push(page, 777)
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator(".rewind")).to_have_attribute("aria-busy", "false")
    await expect(digits).to_have_text(re.compile("^(20|21)$"))
    await page.get_by_role("button", name="Back to live").click()
    await expect(digits).to_have_text("777")
    await expect(page.locator("board-connection")).to_contain_text("Live ·")
    await expect(slider).to_have_count(0)


async def test_all_times_of_a_board_are_in_its_zone(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_board(
        live_switchboard,
        "board.zone = 'Asia/Kathmandu'; board.save()\n"
        "feed = Stream.objects.create(slug=slug + '-table', kind='table', label='Times')\n"
        "numbers = Stream.objects.create(slug=slug + '-line', label='Numbers', stale_after=300)\n"
        "from django.db import transaction\n"
        "with transaction.atomic():\n"
        "    store.push(feed, [Pushed({'A': {'at': '2026-01-31T20:00:00Z'}}, now)])\n"
        "    store.push(numbers, [Pushed(1, now - timedelta(minutes=20)), Pushed(2, now)])\n"
        "board.widgets.create(type='clock'); board.widgets.create(type='table').streams.add(feed)\n"
        "board.widgets.create(type='line', title='Chart', options={'range': 3600}).streams.add(numbers)\n",
    )
    page = await new_page(timezone_id="America/Los_Angeles")
    await enter(page, "Ada")
    await page.goto(f"/boards/{slug}/")
    await expect(page.locator("board-connection")).to_have_text(re.compile(r"Live · \d\d:\d\d:\d\d Kathmandu"))
    there = "new Date().toLocaleTimeString('en-GB', {hour: '2-digit', timeZone: 'Asia/Kathmandu'})"
    hour = await page.evaluate(there)
    await expect(tile(page, "Time").locator("time")).to_have_text(re.compile(f"^{hour}:"))
    await expect(tile(page, "Times").locator("td")).to_have_text("1 Feb 2026, 01:45")
    await tile(page, "Chart").get_by_role("button", name="Table").click()
    last = tile(page, "Chart").locator(".chart__table tbody th").last
    await expect(last).to_have_text(re.compile(f"^{hour}:"))
    await page.keyboard.press("r")
    field = page.get_by_label("Exact time")
    then = (await field.input_value()).replace("T", " ")
    assert then[11:13] == hour
    await field.fill("2026-11-01T06:00:00")
    await expect(page.locator(".rewind__said")).to_contain_text("06:00:00, Kathmandu")


async def test_a_table_is_shown_as_it_was(live_switchboard: Serve, new_page: NewPage) -> None:
    feed = Feed(live_switchboard, "--kind", "table", "--label", "Scores")
    live_switchboard.shell(
        "from datetime import timedelta; from django.utils import timezone; from django.db import transaction\n"
        "from streams import store; from streams.models import Stream; from streams.pushed import Pushed\n"
        f"now = timezone.now(); scores = Stream.objects.get(slug={feed.slug!r})\n"
        "for minutes, rows in ((40, {'ann': {'points': 1}, 'bob': {'points': 2}}), (10, {'bob': None})):\n"
        "    with transaction.atomic():\n"
        "        store.push(scores, [Pushed(rows, now - timedelta(minutes=minutes))])"
    )
    page = await new_page()
    await enter(page, "Ada")
    await page.goto(f"/boards/{feed.slug}/")
    await expect_live(page)
    rows = page.locator(".rows tbody tr")
    await expect(rows).to_have_text([re.compile(r"ann\s+1")])
    await page.keyboard.press("r")
    slider = page.get_by_role("slider", name="Time")
    await slider.focus()
    await slider.fill("480")  # 20 minutes ago
    await expect(rows).to_have_text([re.compile(r"ann\s+1"), re.compile(r"bob\s+2")])
    scores = page.locator(".tile", has_text="Scores")
    await expect(scores).to_have_attribute("data-truth", "fresh")
    await expect(scores.locator(".tile__age")).to_contain_text(re.compile(r"^updated (19|20) min"))
    await slider.fill("0")
    await expect(scores).to_contain_text("no value then")
    await page.get_by_role("button", name="Back to live").click()
    await expect(rows).to_have_text([re.compile(r"ann\s+1")])


async def test_a_link_leads_to_the_board_at_a_moment(live_switchboard: Serve, new_page: NewPage) -> None:
    page = await new_page()
    await enter(page, "Ada")
    await page.goto("/boards/counter/?at=2020-01-01T00:00:00Z")
    await expect(tile(page, "Counter")).to_contain_text("no value then")
    await expect(page.locator("board-connection")).to_have_text("Not live: the past")
    await page.get_by_role("button", name="Back to live").click()
    await expect(tile(page, "Counter")).to_have_attribute("data-truth", "fresh")


async def test_nothing_looks_well_that_is_not_known_to_be(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_board(
        live_switchboard,
        "states = {'Fresh': (0, 'ok'), 'Old': (90, 'ok'), 'Failing': (0, 'error'), 'Lone': (0, 'unknown')}\n"
        "for name, (age, state) in states.items():\n"
        "    stream = Stream.objects.create(slug=f'{slug}-{name.lower()}', kind='status', label=name, value='ok',"
        " seq=1, stale_after=60, at=now - timedelta(seconds=age), state=state, error='boom' * (state == 'error'))\n"
        "    board.widgets.create(type='status').streams.add(stream)\n",
    )
    page = await new_page()
    line = await Line.of(page, "**/ws/boards/**")
    await enter(page, "Ada")
    await page.goto(f"/boards/{slug}/")
    await expect_live(page)

    async def color(title: str) -> str:
        return str(await tile(page, title).locator(".status").evaluate("each => getComputedStyle(each).color"))

    truths = {
        title: await tile(page, title).get_attribute("data-truth") for title in ("Fresh", "Old", "Failing", "Lone")
    }
    assert truths == {"Fresh": "fresh", "Old": "old", "Failing": "failing", "Lone": "unknown"}
    green = await color("Fresh")
    assert {await color(title) for title in ("Old", "Failing", "Lone")} & {green} == set()
    board = page.locator(".board")
    await expect(board).to_have_css("filter", "none")
    await line.cut()
    await expect(page.locator(".board-banner")).to_contain_text("Not connected")
    await expect(board).to_have_css("filter", "grayscale(1)")
    await expect(page.locator("board-connection .connection")).not_to_contain_text("Live")
    await expect(tile(page, "Fresh")).to_have_attribute("data-truth", "fresh")  # no stream is blamed for the line


async def test_a_room_is_shown_to_those_who_may_be_in_it(live_switchboard: Serve, new_page: NewPage) -> None:
    room = make_room(live_switchboard)
    slug = make_board(
        live_switchboard,
        f"from chat.models import Room; Room.objects.create(slug=f'{{slug}}-secret', name=slug, kind='members')\n"
        f"for room in ({room!r}, f'{{slug}}-secret'):\n"
        "    board.widgets.create(type='room', width=6, options={'room': room})\n",
    )
    page, bo = await new_page(), await new_page()
    await enter(page, "Ada")
    await page.goto(f"/boards/{slug}/")
    await expect(tile(page, f"# {room}")).to_contain_text("Nothing said yet")
    await expect(tile(page, f"# {slug}-secret")).to_contain_text("You are not a member of this room.")
    await enter(bo, "Bo")
    await open_room(bo, room)
    await say(bo, "all is *well*")
    said = tile(page, f"# {room}").locator(".talk li")
    await expect(said).to_contain_text("all is well")
    await expect(said.locator("em")).to_have_text("well")
    await expect(said.locator("b")).to_have_text("Bo")


async def test_a_tile_says_how_much_of_it_nobody_sees(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_board(
        live_switchboard,
        "long = Stream.objects.create(slug=slug + '-long', kind='table', label='Long')\n"
        "short = Stream.objects.create(slug=slug + '-short', kind='table', label='Short')\n"
        "from django.db import transaction\n"
        "with transaction.atomic():\n"
        "    store.push(long, [Pushed({f'{n:03}': {'n': n} for n in range(200)}, now)])\n"
        "    store.push(short, [Pushed({'A': {'n': 1}}, now)])\n"
        "for stream in (long, short): board.widgets.create(type='table').streams.add(stream)\n"
        "board.widgets.create(type='text', title='Words', options={'body': 'word\\n\\n' * 100})\n"
        "chart = board.widgets.create(type='line', width=2, height=1)\n"
        "for n in range(4): chart.streams.add(Stream.objects.create(slug=f'{slug}-{n}', label='Number of things'))",
    )
    page = await new_page(viewport={"width": 1280, "height": 860})
    await enter(page, "Ada")
    unseen = """more => {
      const { top } = more.getBoundingClientRect();
      const rows = [...more.parentElement.querySelectorAll("tbody tr")];
      return rows.filter((row) => row.getBoundingClientRect().bottom > top + 2).length;
    }"""
    for path in (f"/boards/{slug}/", f"/boards/{slug}/full/"):
        await page.goto(path)
        await expect(page.locator(".tile")).to_have_count(4)
        too_high = "tiles => tiles.filter((tile) => tile.scrollHeight > tile.clientHeight + 1).length"
        assert path.endswith("full/") or await page.locator(".tile").evaluate_all(too_high) == 0
        more = tile(page, "Long").locator(".tile__more")
        await expect(more).to_be_visible()
        assert await more.inner_text() == f"and {await more.evaluate(unseen)} more"
        await expect(tile(page, "Short").locator(".tile__more")).not_to_be_visible()
        await expect(tile(page, "Words").locator(".tile__body")).to_have_attribute("data-cut", "")
        await expect(tile(page, "Short").locator(".tile__body")).not_to_have_attribute("data-cut", "")
        await tile(page, "Long").locator(".rows").evaluate("rows => rows.scrollTo(0, 1e6)")
        await expect(more).not_to_be_visible()
        assert await faults(page) == []


async def test_what_is_unwell_is_said_though_its_row_is_cut(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_board(
        live_switchboard,
        "tile = board.widgets.create(type='status')\n"
        "for n in range(40): tile.streams.add(Stream.objects.create(\n"
        "    slug=f'{slug}-{n:02}', kind='status', label=f'{n:02}', at=now, value='crit' if n == 39 else 'ok'))",
    )
    page = await new_page(viewport={"width": 1280, "height": 860})
    await enter(page, "Ada")
    await page.goto(f"/boards/{slug}/")
    await expect(page.locator(".tile__more")).to_have_text(re.compile(r"and \d\d more, . critical"))
    await page.locator(".status-list").evaluate("list => list.scrollTo(0, 1e6)")
    await expect(page.locator(".tile__more")).not_to_be_visible()
    await expect(page.locator(".tile__title")).to_have_text(re.compile("^00, 01, 02"))


async def test_a_tables_order_holds_still_while_somebody_looks(live_switchboard: Serve, new_page: NewPage) -> None:
    feed = Feed(live_switchboard, "--kind", "table", "--label", "Scores")
    live_switchboard.shell(
        f"from boards.models import Widget; Widget.objects.filter(board__slug={feed.slug!r})"
        ".update(options={'sort': '-points', 'columns': [{'key': 'points'}]})"
    )
    page = await new_page()
    await enter(page, "Ada")
    await feed.push(page, {"ann": {"points": 3}, "bob": {"points": 2}})
    await page.goto(f"/boards/{feed.slug}/")
    await expect_live(page)
    rows, cells = page.locator(".rows tbody th"), page.locator(".rows td")
    await expect(rows).to_have_text(["ann", "bob"])
    await rows.first.hover()
    await feed.push(page, {"bob": {"points": 9}, "eve": {"points": 5}})
    await expect(rows).to_have_text(["ann", "bob", "eve"])
    await expect(cells.nth(1)).to_have_text("9")
    await expect(cells.nth(1)).to_have_attribute("data-mark", "up")
    await page.mouse.move(0, 0)
    await expect(rows).to_have_text(["bob", "eve", "ann"])


async def test_a_chart_is_a_table_that_can_be_copied_and_tiles_tell_how_values_came(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    page = await new_page(permissions=["clipboard-read", "clipboard-write"])
    await enter(page, "Ada")
    await page.goto("/boards/counter/")
    await expect_live(page)
    chart = tile(page, "Counter, as it grows")
    await chart.get_by_role("button", name="Table").click()
    await expect(chart.locator("canvas")).to_have_count(0)
    await expect(chart.get_by_role("columnheader")).to_have_text(["Time", "Counter"])
    await chart.get_by_role("button", name="Copy").click()
    await expect(chart.get_by_role("button", name="Copied")).to_be_visible()
    assert re.match(
        r"Time\tCounter\n\d{4}-\d\d-\d\dT[\d:.]+Z\t\d+\n", await page.evaluate("navigator.clipboard.readText()")
    )
    await chart.get_by_role("button", name="Chart").click()
    await expect(chart.locator("canvas")).to_be_visible()
    await page.keyboard.press("d")
    details = tile(page, "Counter").locator(".tile__details")
    await expect(details).to_contain_text(
        re.compile(r"[\d.]+\sm?s from source to screen · \d+ updates? merged · change \d+")
    )
