"""The quick switcher."""

import re

from playwright.async_api import expect

from harness.servers import Serve
from tests.browser.steps import NewPage, enter, expect_live, make_room, message, open_room, say


async def test_a_few_letters_and_enter_lead_to_a_room(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second = make_room(live_switchboard), make_room(live_switchboard, messages=2)
    page = await new_page()
    await enter(page, "Ada")
    await open_room(page, first)
    await page.evaluate("window.marked = true")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.get_by_role("textbox", name="Message").press("Control+k")
    field = page.get_by_role("combobox", name="Jump to")
    await expect(field).to_be_focused()
    await field.press_sequentially(second.replace("-", " "))
    chosen = page.get_by_role("option", selected=True)
    await expect(chosen).to_have_attribute("href", f"/rooms/{second}/")
    assert await field.get_attribute("aria-activedescendant") == await chosen.get_attribute("id")
    assert sum("/api/" in url for url in asked) == 1
    await field.press("Enter")
    await expect(page.locator("h1")).to_have_text(f"# {second}")
    await expect(message(page, "old 2")).to_be_visible()
    await expect(page.get_by_role("textbox", name=f"Message # {second}")).to_be_focused()
    assert await page.evaluate("window.marked")


async def test_the_unread_come_first_and_the_focus_goes_back(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second = make_room(live_switchboard), make_room(live_switchboard)
    ada, bo = await new_page(), await new_page()
    for page, name in ((ada, "Ada"), (bo, "Bo")):
        await enter(page, name)
        await open_room(page, first)
    await open_room(bo, second)
    await say(bo, "one")
    await expect(ada.locator(f".sidebar__link[data-room={second}] .count")).to_have_text("1 unread")
    await ada.get_by_role("button", name="Jump to").click()
    await expect(ada.get_by_role("option").first).to_have_attribute("href", f"/rooms/{second}/")
    await ada.keyboard.press("ArrowUp")
    await expect(ada.get_by_role("option").last).to_have_attribute("aria-selected", "true")
    await ada.keyboard.press("ArrowDown")
    await expect(ada.get_by_role("option", selected=True)).to_have_attribute("href", f"/rooms/{second}/")
    await ada.keyboard.press("Escape")
    await expect(ada.get_by_role("combobox")).to_have_count(0)
    await expect(ada.get_by_role("button", name="Jump to")).to_be_focused()


async def test_pages_and_boards_are_there_and_nonsense_is_not(live_switchboard: Serve, new_page: NewPage) -> None:
    page = await new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    await enter(page, "Ada")
    await page.goto("/")
    await page.locator(".menu-button").tap()
    await page.get_by_role("button", name="Jump to").tap()
    field = page.get_by_role("combobox", name="Jump to")
    await field.fill("zzzz")
    await expect(page.get_by_text("Nothing here has such a name.")).to_be_visible()
    await field.press("Enter")
    await field.fill("roul")
    await page.get_by_role("option", name="Roulette").tap()
    await expect(page).to_have_url(re.compile("/roulette/$"))
    await expect_live(page)
