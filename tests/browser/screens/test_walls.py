"""Walls: boards for everybody with the link, on screens that need no care."""

import re
import uuid
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

from harness.client import eventually
from harness.servers import Serve
from tests.browser.screens.test_boards import Feed, expect_live, tile
from tests.browser.steps import PASSWORD, Line, NewPage, enter, make_room, open_room, people, say, sign_in
from tests.browser.test_accessibility import faults, overflow

#: What Chromium gives every page, but not where it has no windows.
AWAKE = ["screen-wake-lock"]
#: Records in `locks` the wake locks that the page gets.
LOCKS = """
const locks = (window.locks = []);
const request = navigator.wakeLock.request.bind(navigator.wakeLock);
navigator.wakeLock.request = async (type) => {
  locks.push(await request(type));
  return locks.at(-1);
};
"""
SOAK = (Path(__file__).parent / "soak.js").read_text()
#: Updates before the first measurement of memory (by then all code has run and all caches are full), and up to the
#: last.
WARM, SOAKED = 2_000, 10_000


def make_wall(server: Serve, *boards: str, dwell: int = 3) -> str:
    """Make a wall of these boards and return a link's token."""
    name = f"wall-{uuid.uuid4().hex[:8]}"
    printed = server.shell(
        "from boards.models import *; from streams.models import *\n"
        "from walls.models import *; from walls import links\n"
        f"wall = Wall.objects.create(name={name!r})\n"
        f"for n, slug in enumerate({boards!r}): wall.places.create("
        f"board=Board.objects.get(slug=slug), position=n, dwell={dwell})\n"
        f"print(links.issue_link(wall, note={name!r}))"
    )
    return printed.split()[-1]


def make_staff(server: Serve) -> str:
    username = f"grace-{uuid.uuid4().hex[:6]}"
    server.shell(f"from accounts.models import User; User.objects.create_superuser({username!r}, {PASSWORD!r})")
    return username


async def test_a_wall_is_live_without_signing_in_until_its_link_is_revoked(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    feed = Feed(live_switchboard, "--label", "Orders")
    token = make_wall(live_switchboard, feed.slug)
    page = await new_page(viewport={"width": 1920, "height": 1080})
    page.expected_errors += ["404"]  # type: ignore[attr-defined]
    await page.goto("/wall/open/#")
    await expect(page.get_by_role("alert")).to_contain_text("The link is not complete")
    await page.goto(f"/wall/open/#{token}")
    await expect_live(page)
    assert re.search(r"/wall/\d+/$", page.url), "a clean address"
    await page.reload()
    await expect_live(page)
    names = {each["name"] for each in await page.context.cookies()}
    assert {name for name in names if not name.startswith("link-")} <= {"csrftoken"}, "nobody is signed in"
    await feed.push(page, 41)
    await expect(tile(page, "Orders").locator(".figure")).to_have_text("41")
    staff = await new_page()
    await sign_in(staff, make_staff(live_switchboard))
    await staff.goto("/screens/")
    wall = live_switchboard.shell(
        f"from boards.models import *; print(Board.objects.get(slug={feed.slug!r}).places.get().wall)"
    )
    await staff.get_by_role("button", name=f"Revoke {wall.split()[-1]}").click()
    await expect(page.get_by_role("heading")).to_have_text("This link is not good, or no longer")
    await expect(page.get_by_text("Orders")).to_have_count(0)
    assert await faults(page) == []


async def test_boards_take_turns_and_one_that_turns_critical_is_shown_at_once(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    calm = Feed(live_switchboard, "--label", "Calm")
    alarm = Feed(live_switchboard, "--label", "Alarm", "--kind", "status")
    page = await new_page()
    await alarm.push(page, "ok")
    brief = make_wall(live_switchboard, calm.slug, alarm.slug, dwell=3)
    await page.goto(f"/wall/{brief}/")
    await expect(tile(page, "Calm")).to_be_visible()
    await expect(page.locator("[data-turn]")).to_have_text(re.compile(r"^\d / 2$"))
    await expect(tile(page, "Alarm")).to_be_visible()
    await expect(tile(page, "Calm")).to_be_visible()
    long = make_wall(live_switchboard, calm.slug, alarm.slug, dwell=3600)
    await page.goto(f"/wall/{long}/")
    await expect_live(page)
    await expect(tile(page, "Calm")).to_be_visible()
    await alarm.push(page, {"level": "crit", "text": "the line is down"})
    await expect(tile(page, "Alarm")).to_contain_text("the line is down")


async def test_staff_see_connected_screens_name_them_find_them_and_reload_them(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    feed = Feed(live_switchboard, "--label", "Orders")
    screen = await new_page(permissions=AWAKE)
    await screen.goto(f"/wall/{make_wall(live_switchboard, feed.slug)}/")
    await expect_live(screen)
    staff = await new_page(viewport={"width": 390, "height": 844})
    await sign_in(staff, make_staff(live_switchboard))
    await staff.goto("/screens/")
    row = staff.locator("screen-list li", has_text=feed.slug)
    await expect(row).to_contain_text(re.compile(r"last frame .* ago"))
    await expect(row).not_to_contain_text("an old one")
    assert await row.evaluate("row => row.translate") is False
    assert await overflow(staff) <= 0
    assert await faults(staff) == []
    await staff.get_by_role("button", name="Make a link").click()
    await expect(staff.get_by_role("img", name="The link as a QR code")).to_be_visible()
    assert await overflow(staff) <= 0
    assert await faults(staff) == []
    await staff.get_by_role("link", name="To the screens").click()
    name = f"Kitchen {feed.slug[-4:]}"
    await row.get_by_role("button", name="Rename").click()
    await staff.get_by_label("Name of the screen").fill(name)
    await staff.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text(name)
    await row.get_by_role("button", name="Identify").click()
    await expect(screen.locator(".nameplate")).to_have_text(name)
    async with screen.expect_navigation():
        await row.get_by_role("button", name="Reload").click()
    await expect_live(screen)
    await expect(row).to_contain_text(name)
    await screen.close()
    await expect(row).to_have_count(0)  # it shows no board any more …
    await expect(staff.locator("screen-list li", has_text=name)).to_contain_text("not connected")  # … and is known


async def test_staff_see_who_shows_a_board_full_screen(live_switchboard: Serve, new_page: NewPage) -> None:
    feed = Feed(live_switchboard, "--label", "Orders")
    name = f"Ada {feed.slug[-4:]}"
    screen, staff = await new_page(permissions=AWAKE), await new_page(viewport={"width": 390, "height": 844})
    await enter(screen, name)
    await screen.goto(f"/boards/{feed.slug}/full/")
    await expect_live(screen)
    await sign_in(staff, make_staff(live_switchboard))
    await staff.goto("/screens/")
    row = staff.locator("screen-list li", has_text=name)
    await expect(row).to_contain_text(re.compile(rf"full screen.*{feed.slug}.*last frame .* ago", re.DOTALL))
    await expect(row).not_to_contain_text("an old one")
    await expect(row.get_by_role("button", name="Rename")).to_have_count(0)
    assert await overflow(staff) <= 0
    assert await faults(staff) == []
    await row.get_by_role("button", name="Identify").click()
    await expect(screen.locator(".nameplate")).to_have_text(name)
    await screen.add_init_script("delete Navigator.prototype.wakeLock")
    async with screen.expect_navigation():
        await row.get_by_role("button", name="Reload").click()
    await expect_live(screen)
    await row.get_by_role("button", name="Identify").click()
    await expect(screen.locator(".nameplate")).to_have_text(f"{name}This browser cannot keep the screen on.")
    await screen.goto(f"/boards/{feed.slug}/")
    await expect_live(screen)
    await expect(row).to_have_count(0)


async def test_a_wall_heals_when_the_line_is_back(live_switchboard: Serve, new_page: NewPage) -> None:
    feed = Feed(live_switchboard, "--label", "Orders")
    page = await new_page()
    line = await Line.of(page, "**/ws/boards/*")
    await page.goto(f"/wall/{make_wall(live_switchboard, feed.slug)}/")
    await feed.push(page, 41)
    figure = tile(page, "Orders").locator(".figure")
    await expect(figure).to_have_text("41")
    await line.cut()
    await expect(page.locator(".board-banner")).to_contain_text("Not connected")
    await feed.push(page, 42)
    line.mend()
    await expect_live(page)
    await expect(figure).to_have_text("42")
    await feed.push(page, 43)
    await expect(figure).to_have_text("43")


async def test_a_wall_looks_at_its_line_when_its_machine_has_slept(live_switchboard: Serve, new_page: NewPage) -> None:
    feed = Feed(live_switchboard, "--label", "Orders")
    page = await new_page()
    deaf = False

    def connect(line: WebSocketRoute) -> None:
        line.connect_to_server().on_message(lambda frame: None if deaf else line.send(frame))

    await page.route_web_socket(re.compile("/ws/boards/"), connect)
    await page.clock.install()
    await page.goto(f"/wall/{make_wall(live_switchboard, feed.slug)}/")
    await expect_live(page)
    deaf = True
    await page.clock.fast_forward(20_000)  # too short for two heartbeats: only the ping tells
    await page.clock.run_for(6_000)
    await expect(page.locator(".board-banner")).to_contain_text("Not connected")


async def test_a_screen_of_an_old_build_loads_itself_anew_when_the_proxy_has_the_page_again(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    feed = Feed(live_switchboard, "--label", "Orders")
    page = await new_page()
    page.expected_errors += ["502"]  # type: ignore[attr-defined]
    lines: list[str] = []
    answers: list[int] = []

    def outdate(line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        lines.append(line.url)

        def say(frame: str | bytes) -> None:
            # Another server answers the first connection.
            line.send(str(frame).replace('"build":"', '"build":"newer-') if len(lines) == 1 else frame)

        server.on_message(say)

    async def proxy(route: Route) -> None:
        if route.request.resource_type == "fetch" and not answers:
            answers.append(502)
            await route.fulfill(status=502, body="Bad gateway")
        else:
            answers.append(200)
            await route.continue_()

    await page.route_web_socket(re.compile("/ws/boards/"), outdate)
    await page.goto(f"/wall/{make_wall(live_switchboard, feed.slug)}/")
    await page.route("**/wall/*/", proxy)
    async with page.expect_navigation(timeout=40_000):
        pass
    await expect_live(page)
    assert (answers, len(lines)) == ([502, 200, 200], 2)


async def test_a_wall_shows_a_public_room_when_somebody_says_so(live_switchboard: Serve, new_page: NewPage) -> None:
    feed = Feed(live_switchboard, "--label", "Orders")
    room = make_room(live_switchboard, messages=2)
    live_switchboard.shell(
        "from boards.models import *; from streams.models import *\n"
        f"Board.objects.get(slug={feed.slug!r}).widgets.create(type='room', width=6, options={{'room': {room!r}}})"
    )
    wall = await new_page(viewport={"width": 1920, "height": 1080})
    await wall.goto(f"/wall/{make_wall(live_switchboard, feed.slug)}/")
    shown = tile(wall, f"# {room}")
    await expect(shown).to_contain_text("Rooms are not shown on this wall")
    await expect(shown).not_to_contain_text("old 1")
    found = live_switchboard.shell(
        f"from boards.models import *; print(Board.objects.get(slug={feed.slug!r}).places.get().wall.pk)"
    )
    staff = await new_page()
    await sign_in(staff, make_staff(live_switchboard))
    await staff.goto(f"/admin/walls/wall/{found.split()[-1]}/change/")
    await staff.get_by_label("Show rooms to everybody who has the link").check()
    await staff.get_by_role("button", name="Save and continue editing").click()
    await expect(shown.locator(".talk li")).to_have_text([re.compile("old 1"), re.compile("old 2")])
    ada = await new_page()
    await enter(ada, "Ada")
    await open_room(ada, room)
    await say(ada, "hello wall")
    await expect(shown.locator(".talk li").last).to_contain_text("hello wall")
    await expect(shown.get_by_role("link", name="Open")).to_have_count(0)
    await expect(people(ada)).to_have_count(1)
    assert await faults(wall) == []
    await staff.get_by_label("Show rooms to everybody who has the link").uncheck()
    await staff.get_by_role("button", name="Save and continue editing").click()
    await expect(shown).to_contain_text("Rooms are not shown on this wall")
    await expect(wall.get_by_text("hello wall")).to_have_count(0)


@pytest.mark.parametrize("path", ["/wall/{token}/", "/boards/counter/full/", "/wall/"])
async def test_a_screen_keeps_itself_awake(live_switchboard: Serve, new_page: NewPage, path: str) -> None:
    page = await new_page(permissions=AWAKE)
    await page.add_init_script(LOCKS)
    await enter(page, "Ada")
    await page.goto(path.format(token=make_wall(live_switchboard, "counter")))
    locks = "locks.map(({type, released}) => `${type} ${released}`)"
    await eventually(lambda: page.evaluate(f"{locks}.length"))
    assert await page.evaluate(locks) == ["screen false"]
    # Chromium releases the lock of a hidden page. Without windows it hides no page, so do it here.
    await page.evaluate("locks[0].release()")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await eventually(lambda: page.evaluate("locks.length > 1"))
    assert await page.evaluate(locks) == ["screen true", "screen false"]


async def memory(page: Page) -> tuple[float, int, int]:
    """Return the heap in MB, and the numbers of live nodes (detached ones, too) and listeners, after a collection."""
    session = await page.context.new_cdp_session(page)
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    heap = await session.send("Runtime.getHeapUsage")
    counters = await session.send("Memory.getDOMCounters")
    await session.detach()
    return heap["usedSize"] / 1e6, counters["nodes"], counters["jsEventListeners"]


async def soaked(page: Page, updates: int) -> None:
    """Wait until the page has had this many updates. (The page's security policy forbids Playwright's own wait.)"""
    while await page.evaluate("soak.updates") < updates:
        await page.wait_for_timeout(200)


async def memories(page: Page, updates: int) -> list[tuple[float, ...]]:
    """Return heaps, nodes and listeners at some moments after this many updates.

    How much is alive depends on the moment: just after a turn, two boards are.
    """
    found = []
    for moment in range(5):
        await soaked(page, updates + 500 * moment)
        found.append(await memory(page))
    return list(zip(*found, strict=True))


@pytest.mark.timeout(120)
async def test_thousands_of_updates_over_many_turns_leave_no_memory_behind(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    page = await new_page(viewport={"width": 1920, "height": 1080})
    await page.add_init_script(SOAK)
    await page.goto(f"/wall/{make_wall(live_switchboard, 'counter')}/")
    heap, nodes, listeners = map(max, await memories(page, WARM))
    after = [min(each) for each in await memories(page, SOAKED)]
    await expect(page.locator("board-tile")).to_have_count(9)
    attached = await page.evaluate("document.querySelectorAll('*').length")
    told = f"heap {heap:.1f} → {after[0]:.1f} MB, nodes {nodes} → {after[1]}, listeners {listeners} → {after[2]}"
    print(told, attached)
    assert await page.evaluate("soak.lines") == 1
    assert after[0] < heap + 3, told
    assert after[1] < nodes * 1.25, told
    assert after[2] < listeners * 1.25, told
