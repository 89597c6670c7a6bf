"""Pairing: a code on the screen, a phone that enters it, and a screen that returns to its wall after a restart."""

import re

import pytest
from playwright.async_api import Page, Route, expect

from harness.servers import Serve
from tests.browser.screens.test_boards import Feed, expect_live, tile
from tests.browser.screens.test_walls import make_staff, make_wall
from tests.browser.steps import NewPage, sign_in
from tests.browser.test_accessibility import faults, overflow

TV = {"width": 1920, "height": 1080}
PHONE = {"width": 390, "height": 844}
EXPIRE = (
    "from walls.models import *; from django.utils import timezone;"
    "ScreenCode.objects.filter(code={code!r}).update(expires_at=timezone.now())"
)


async def shown_code(tv: Page) -> str:
    """Return the code on the screen, without its hyphen."""
    code = tv.locator(".pair-me__code")
    await expect(code).to_have_text(re.compile(r"^[B-Z]{3}-[B-Z]{3}$"))
    return (await code.inner_text()).replace("-", "")


def wall_with(server: Serve, slug: str) -> str:
    """Make a wall of one board and return its name."""
    make_wall(server, slug)
    printed = server.shell(f"from boards.models import *; print(Board.objects.get(slug={slug!r}).places.get().wall)")
    return printed.split()[-1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_pairs_a_tv_which_stays_paired_until_its_link_is_revoked(
    live_switchboard: Serve, new_page: NewPage, scheme: str
) -> None:
    feed = Feed(live_switchboard, "--label", "Orders")
    wall = wall_with(live_switchboard, feed.slug)
    name = f"Kitchen {feed.slug[-4:]}"
    tv = await new_page(viewport=TV, color_scheme=scheme)
    await tv.goto("/wall/")
    code = await shown_code(tv)
    await expect(tv.get_by_text("Good for 10 minutes")).to_be_visible()
    assert await faults(tv) == []
    assert await overflow(tv) <= 0
    phone = await new_page(viewport=PHONE, color_scheme=scheme)
    await phone.goto(f"/pair/?code={code}")  # what the QR code says
    await expect(phone).to_have_url(re.compile(r"/sign-in/\?next=/pair/"))
    await sign_in(phone, make_staff(live_switchboard))
    await phone.goto(f"/pair/?code={code}")
    await expect(phone.get_by_text("Go on only if the screen in front of you shows this code")).to_be_visible()
    assert await faults(phone) == []
    assert await overflow(phone) <= 0
    await phone.get_by_label("Wall", exact=True).select_option(wall)
    await phone.get_by_label("Name of the screen").fill(name)
    await phone.get_by_role("button", name="Pair the screen").click()
    await expect(phone.get_by_text(f"{name} shows {wall} in a moment")).to_be_visible()
    await expect_live(tv)
    await feed.push(phone, 41)
    await expect(tile(tv, "Orders").locator(".figure")).to_have_text("41")
    assert re.search(r"/wall/$", tv.url)
    row = phone.locator("screen-list li", has_text=name)
    await expect(row).to_contain_text("last frame")
    # A power cut: the browser starts at its start page, with its cookies.
    await tv.goto("about:blank")
    await tv.goto("/wall/")
    await expect_live(tv)
    await expect(tile(tv, "Orders").locator(".figure")).to_have_text("41")
    await phone.get_by_role("button", name=f"Revoke {name}").click()
    assert await shown_code(tv) != code


async def test_a_code_is_entered_by_keyboard(live_switchboard: Serve, new_page: NewPage) -> None:
    feed = Feed(live_switchboard, "--label", "Orders")
    wall = wall_with(live_switchboard, feed.slug)
    tv, desk = await new_page(viewport=TV), await new_page()
    desk.expected_errors += ["422"]  # type: ignore[attr-defined]
    await tv.goto("/wall/")
    code = await shown_code(tv)
    await sign_in(desk, make_staff(live_switchboard))
    await desk.goto("/screens/")
    await desk.get_by_role("link", name="Pair a screen").press("Enter")
    await expect(desk.get_by_label("Code on the screen")).to_be_focused()
    await desk.keyboard.type("bcd fgg")
    await desk.keyboard.press("Tab")
    await desk.keyboard.type(wall)
    await desk.keyboard.press("Tab")
    await desk.keyboard.type("Hall")
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_role("alert")).to_contain_text("No screen shows this code")
    assert await faults(desk) == []
    await expect(desk.get_by_label("Code on the screen")).to_be_focused()
    await desk.get_by_label("Code on the screen").fill(code.lower())
    await desk.keyboard.press("Enter")
    await expect_live(tv)
    await expect(tile(tv, "Orders")).to_be_visible()


async def test_a_code_that_expires_is_renewed_by_itself_when_the_server_is_there(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    tv = await new_page(viewport=TV)
    tv.expected_errors += ["502"]  # type: ignore[attr-defined]
    await tv.goto("/wall/")
    code = await shown_code(tv)
    down = True

    async def proxy(route: Route) -> None:
        await (route.fulfill(status=502, body="Bad gateway") if down else route.continue_())

    await tv.route("**/wall/**", proxy)
    await expect(tv.get_by_text("Not connected to the server")).to_be_visible()
    live_switchboard.shell(EXPIRE.format(code=code))
    assert await shown_code(tv) == code
    down = False
    await expect(tv.locator(".pair-me__code")).not_to_contain_text(code[:3], timeout=20_000)
    assert await shown_code(tv) != code
