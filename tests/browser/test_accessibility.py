"""Every page: axe finds nothing serious, nothing overflows at 360 px, keyboard and theme work."""

import functools
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from harness.launcher import ROOT
from harness.servers import Serve
from tests.browser.steps import NewPage, enter, expect_live, make_account, make_room, message, open_room, say, sign_in

#: Pages for signed-in people, and an element that shows when each is ready.
PAGES = {
    "/": "main h1",
    "/rooms/lobby/": ".connection[data-phase=live]",
    "/roulette/": "roulette-page button",
    "/console/": "socket-console button",
    "/boards/": "main h1",
    "/boards/counter/": "main h1",
    "/rooms/nowhere/": "main h1",
}
PHONE = {"width": 360, "height": 740}
#: Finds controls smaller than 44 px, counting the area that an ::after adds; links within text are exempt.
TOO_SMALL = """() => [...document.querySelectorAll("button, a[href], input, select, textarea")]
    .filter((each) => each.checkVisibility({visibilityProperty: true}))
    .filter((each) => !each.closest(".prose, .message__body, .visually-hidden, .skip-link"))
    .flatMap((each) => {
        const {width, height} = (each.closest("label.check") ?? each).getBoundingClientRect();
        const around = getComputedStyle(each, "::after");
        const [wide, high] = around.content === "none" ? [0, 0] : [parseFloat(around.width), parseFloat(around.height)];
        return Math.max(width, wide) < 43.5 || Math.max(height, high) < 43.5 ? [each.outerHTML] : [];
    })"""


@functools.cache
def axe() -> str:
    return Path(ROOT / "node_modules/axe-core/axe.min.js").read_text()


async def faults(page: Page) -> list[str]:
    """What axe finds that is serious or critical: rule and elements."""
    await page.evaluate(f"{axe()}; undefined")
    found = await page.evaluate(
        """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
            .filter(({impact}) => impact === "serious" || impact === "critical")
            .flatMap(({id, nodes}) => nodes.map(({html, failureSummary}) => `${id}: ${html} ${failureSummary}`))"""
    )
    return list(found)


async def overflow(page: Page) -> float:
    """Return by how many pixels the page is wider than its window."""
    return float(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious(live_switchboard: Serve, new_page: NewPage, scheme: str) -> None:
    slug = make_room(live_switchboard)
    page = await new_page(color_scheme=scheme)
    page.expected_errors += ["404"]  # type: ignore[attr-defined]
    for path in ("/", "/sign-in/", "/join/no-such-invite/"):
        await page.goto(path)
        assert await faults(page) == [], path
    await enter(page, "Ada")
    for path, ready in PAGES.items():
        await page.goto(path)
        await expect(page.locator(ready).first).to_be_visible()
        assert await faults(page) == [], path
    await open_room(page, slug)
    await say(page, "Some *text*, `code`, a https://example.org/ and\n```\nblock\n```\n> quote\n- list")
    await message(page, "Some text").hover()
    await message(page, "Some text").get_by_role("button", name="React").click()
    assert await faults(page) == [], "a room with its palette open"
    await message(page, "Some text").get_by_role("button", name="thumbs up").click()
    await message(page, "Some text").get_by_role("button", name="Delete").click()
    assert await faults(page) == [], "a question"
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="Jump to").fill("l")
    assert await faults(page) == [], "the quick switcher"
    await page.get_by_role("option", name="lobby").click()
    await expect(page.locator("h1")).to_have_text("# lobby")
    await expect_live(page)
    assert await faults(page) == [], "another room in the same page"


async def test_nothing_sticks_out_on_a_phone(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    page = await new_page(viewport=PHONE, has_touch=True)
    page.expected_errors += ["404"]  # type: ignore[attr-defined]
    for path in ("/", "/sign-in/"):
        await page.goto(path)
        assert await overflow(page) <= 0, path
    await enter(page, "A name of forty visible characters, wide")
    for path, ready in PAGES.items():
        await page.goto(path)
        await expect(page.locator(ready).first).to_be_visible()
        assert await overflow(page) <= 0, path
    await open_room(page, slug)
    await page.get_by_role("textbox", name="Message").fill("w" * 300 + "\n```\n" + "x" * 300 + "\n```")
    await page.get_by_role("button", name="Send").click()
    await expect(message(page, "www")).to_be_visible()
    assert await overflow(page) <= 0
    assert await page.locator(".log").evaluate("log => log.scrollWidth <= log.clientWidth")


async def test_a_finger_hits_everything_on_a_phone(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard, messages=3)
    page = await new_page(viewport=PHONE, has_touch=True, is_mobile=True)
    page.expected_errors += ["404"]  # type: ignore[attr-defined]
    await page.goto("/sign-in/")
    assert await page.evaluate(TOO_SMALL) == [], "signing in"
    await enter(page, "Ada")
    for path, ready in PAGES.items():
        await page.goto(path)
        await expect(page.locator(ready).first).to_be_visible()
        assert await page.evaluate(TOO_SMALL) == [], path
    await open_room(page, slug)
    await expect(message(page, "old 3")).to_be_visible()
    assert await page.evaluate(TOO_SMALL) == [], "a room"
    await page.get_by_role("button", name="Rooms, boards and people").click()
    await expect(page.locator("#sidebar")).to_be_visible()
    assert await page.evaluate(TOO_SMALL) == [], "the drawer"


async def test_the_drawer_on_a_phone(new_page: NewPage) -> None:
    page = await new_page(viewport=PHONE)
    await enter(page, "Ada")
    await page.goto("/")
    link = page.locator("#sidebar").get_by_role("link", name="lobby")
    await expect(link).to_be_hidden()
    await page.get_by_role("button", name="Rooms, boards and people").click()
    await expect(link).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(link).to_be_hidden()
    await page.get_by_role("button", name="Rooms, boards and people").click()
    await link.click()
    await expect_live(page)
    await page.get_by_role("button", name="Who is here").click()
    await expect(page.locator("room-people")).to_contain_text("Ada (you)")


async def test_dark_by_the_system_and_by_the_switch(new_page: NewPage) -> None:
    page = await new_page(color_scheme="dark")
    await page.goto("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark, light = "rgb(22, 21, 19)", "rgb(251, 250, 248)"
    assert await page.evaluate(ground) == dark
    switch = page.get_by_role("button", name="Theme:")
    await switch.click()
    assert await page.evaluate(ground) == light
    await page.reload()
    assert await page.evaluate(ground) == light
    await expect(switch).to_have_accessible_name("Theme: light")
    await switch.click()
    assert await page.evaluate(ground) == dark
    await switch.click()
    await expect(switch).to_have_accessible_name("Theme: as the system")


async def test_the_keyboard_reaches_everything(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard, messages=3)
    page = await new_page()
    await enter(page, "Ada")
    await page.goto("/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    await open_room(page, slug)
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("c")
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(message(page, "old 3")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(message(page, "old 2")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(message(page, "old 2").get_by_role("button", name="React")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(message(page, "old 2").get_by_role("button", name="done")).to_be_visible()
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(message(page, "old 2").locator(".reaction")).to_have_count(1)


async def test_new_messages_are_announced_and_bursts_counted(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    ada, bo = await new_page(), await new_page()
    for page, name in ((ada, "Ada"), (bo, "Bo")):
        await enter(page, name)
        await open_room(page, slug)
    await say(bo, "one")
    await expect(message(ada, "one")).to_be_visible()
    await expect(ada.get_by_role("log", name="Messages")).to_have_attribute("aria-live", "polite")
    for number in range(4):
        await say(bo, f"burst {number}")
    await expect(message(ada, "burst 3")).to_be_visible()
    await expect(ada.get_by_text("4 new messages")).to_have_count(1)
    await expect(ada.get_by_role("log", name="Messages")).to_have_attribute("aria-live", "polite")


async def test_the_admin_wears_our_colours(live_switchboard: Serve, new_page: NewPage) -> None:
    username = make_account(live_switchboard, "Ada Admin")
    live_switchboard.shell(
        f"from accounts.models import User; User.objects.filter(username={username!r})"
        ".update(is_staff=True, is_superuser=True)"
    )
    page = await new_page()
    await sign_in(page, username)
    await page.goto("/admin/")
    ground = await page.locator("#header").evaluate("header => getComputedStyle(header).backgroundColor")
    assert ground == "rgb(243, 240, 235)"
    assert await faults(page) == []
