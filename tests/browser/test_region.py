"""Times in the style of the reader's region, on pages in English."""

import re

import pytest
from playwright.async_api import expect

from harness.servers import Serve
from tests.browser.steps import NewPage, enter, make_room, message, open_room, say


@pytest.mark.parametrize(("locale", "clock"), [("de-DE", r"^\d\d:\d\d$"), ("en-US", r"^1?\d:\d\d\s[AP]M$")])
async def test_times_are_those_of_the_readers_region(
    live_switchboard: Serve, new_page: NewPage, locale: str, clock: str
) -> None:
    page = await new_page(locale=locale)
    await page.goto("/sign-in/")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.get_by_label("Password")).to_be_visible()
    await enter(page, "Ada")
    await open_room(page, make_room(live_switchboard))
    await say(page, "first")
    await say(page, "second")
    await expect(message(page, "first").locator("time").first).to_have_text(re.compile(clock))
    gutter = message(page, "second").locator(".message__gutter")
    await expect(gutter).to_have_text(re.compile(clock))
    assert await message(page, "second").evaluate("node => node.getBoundingClientRect().height") < 45
    title = await message(page, "first").locator("time").first.get_attribute("title")
    assert re.match("(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day", title or "")
