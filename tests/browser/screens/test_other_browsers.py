"""Differences of Firefox and Safari, simulated in Chromium."""

import re

from playwright.async_api import Page, expect

from harness.client import eventually
from harness.servers import Serve
from tests.browser.screens.test_boards import open_board, tile
from tests.browser.steps import NewPage, enter, make_room, message, open_room, say


async def selected(page: Page, text: re.Pattern[str]) -> bool:
    return bool(text.search(await page.evaluate("getSelection().toString()")))


async def test_enter_that_chooses_the_words_of_an_input_method_does_not_send(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    page = await new_page()
    await enter(page, "Ada")
    await open_room(page, make_room(live_switchboard))
    composer = page.get_by_role("textbox", name="Message")
    await composer.fill("にほんご")
    # Safari: the composition has ended by then, so `isComposing` is false.
    await composer.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "cancelable": True})
    await expect(composer).to_have_value("にほんご")
    await say(page, "日本語")
    await expect(page.locator(".message__body")).to_have_text(["日本語"])


async def test_a_kiosk_without_a_language_shows_its_charts(live_switchboard: Serve, new_page: NewPage) -> None:
    page = await new_page()
    await page.add_init_script("Object.defineProperty(Navigator.prototype, 'language', {get: () => 'C'})")
    await open_board(page, "counter")
    await expect(tile(page, "Counter, as it grows").locator("canvas")).to_be_visible()


async def test_without_a_clipboard_what_would_be_copied_is_selected(live_switchboard: Serve, new_page: NewPage) -> None:
    page = await new_page()
    await page.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', {get: () => undefined})")
    await open_board(page, "counter")
    chart = tile(page, "Counter, as it grows")
    await chart.get_by_role("button", name="Table").click()
    await chart.get_by_role("button", name="Copy").click()
    table = re.compile(r"Time\s+Counter\s+\d\d:\d\d:\d\d")
    await eventually(lambda: selected(page, table))
    await expect(chart.get_by_role("button", name="Copied")).to_have_count(0)


async def test_ios_does_not_zoom_into_fields(live_switchboard: Serve, new_page: NewPage) -> None:
    page = await new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    small = """() => [...document.querySelectorAll("input, select, textarea")]
        .filter((each) => parseFloat(getComputedStyle(each).fontSize) < 16).map((each) => each.outerHTML)"""
    await page.goto("/")
    await expect(page.get_by_label("Your name")).to_be_visible()
    assert await page.evaluate(small) == []
    await enter(page, "Ada")
    await open_room(page, make_room(live_switchboard, messages=1))
    await expect(message(page, "old 1")).to_be_visible()
    assert await page.evaluate(small) == []
    await page.goto("/boards/counter/")
    await page.get_by_role("button", name=re.compile("Rewind")).click()
    await expect(page.get_by_label("Exact time")).to_be_visible()
    assert await page.evaluate(small) == []
