"""Two strangers meet. Each test first waits for an empty queue, since all share one server."""

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from harness.servers import Serve
from tests.browser.steps import NewPage, ask, enter, message, say


@pytest_asyncio.fixture(loop_scope="session")
async def strangers(live_switchboard: Serve, new_page: NewPage) -> AsyncIterator[tuple[Page, Page]]:
    live_switchboard.shell("from roulette.models import Seat; Seat.objects.all().delete()")
    ada, bo = await new_page(), await new_page()
    for page, name in ((ada, "Ada"), (bo, "Bo")):
        await enter(page, name)
        await page.goto("/roulette/")
        await expect(page.locator(".connection")).to_have_attribute("data-phase", "live")
    yield ada, bo
    for page in (ada, bo):
        if page.is_closed():
            continue
        stop = page.get_by_role("button", name="Stop")
        if await stop.count():
            await stop.click()
            await expect(page.get_by_role("button", name="Start")).to_be_visible()


async def start(page: Page) -> None:
    await page.get_by_role("button", name="Start").click()


async def paired_with(page: Page, name: str) -> None:
    await expect(page.locator(".roulette__partner")).to_contain_text(name, timeout=15_000)


async def pair(strangers: tuple[Page, Page]) -> None:
    ada, bo = strangers
    await start(ada)
    await expect(ada.get_by_text("Nobody else is waiting yet")).to_be_visible()
    await start(bo)
    await paired_with(ada, "Bo")
    await paired_with(bo, "Ada")


async def test_two_strangers_talk_alone(strangers: tuple[Page, Page]) -> None:
    ada, bo = strangers
    await ada.get_by_label("Topics").fill("Tea, bread")
    await start(ada)
    await expect(ada.get_by_text("Topics: tea, bread.")).to_be_visible()
    await expect(ada.get_by_text(re.compile(r"The connection is good \(\d+ ms"))).to_be_visible()
    await start(bo)
    await paired_with(bo, "Ada")
    await say(ada, "Who are you?")
    await expect(message(bo, "Who are you?")).to_be_visible()
    await say(bo, "Bo, from data")
    for page in strangers:
        await expect(page.locator(".message__body")).to_have_text(["Who are you?", "Bo, from data"])
    await bo.get_by_role("textbox", name="Message").press_sequentially("a")
    await expect(ada.locator(".talk__typing")).to_have_text("Bo is typing…")


async def test_partner_leaves_and_next_is_focused(strangers: tuple[Page, Page]) -> None:
    ada, bo = strangers
    await pair(strangers)
    await bo.get_by_role("button", name="Stop").click()
    await expect(bo.get_by_role("button", name="Start")).to_be_visible()
    await expect(ada.get_by_text("Bo left. Press Next")).to_be_visible()
    await expect(ada.get_by_role("button", name="Next")).to_be_focused()
    await ada.keyboard.press("Enter")
    await expect(ada.get_by_text("Looking for somebody")).to_be_visible()


async def test_next_sends_both_on(strangers: tuple[Page, Page], new_page: NewPage) -> None:
    ada, bo = strangers
    await pair(strangers)
    await ada.get_by_role("button", name="Next").click()
    await expect(ada.get_by_text("Looking for somebody")).to_be_visible()
    await expect(bo.get_by_text("Ada left.").last).to_be_visible()
    lin = await new_page()
    await enter(lin, "Lin")
    await lin.goto("/roulette/")
    await start(lin)
    await paired_with(ada, "Lin")
    await lin.get_by_role("button", name="Stop").click()


async def test_a_reload_keeps_the_talk(strangers: tuple[Page, Page]) -> None:
    ada, bo = strangers
    await pair(strangers)
    await say(ada, "still here?")
    await expect(message(bo, "still here?")).to_be_visible()
    await bo.reload()
    await paired_with(bo, "Ada")
    await expect(message(bo, "still here?")).to_be_visible()
    await say(bo, "yes")
    await expect(message(ada, "yes")).to_be_visible()


async def test_a_closed_window_ends_the_talk(strangers: tuple[Page, Page]) -> None:
    ada, bo = strangers
    await pair(strangers)
    await bo.close()
    await expect(ada.get_by_text("Bo left. Press Next")).to_be_visible(timeout=15_000)


async def test_people_who_blocked_each_other_never_meet_again(
    live_switchboard: Serve, strangers: tuple[Page, Page]
) -> None:
    ada, bo = strangers
    await pair(strangers)
    await ada.get_by_role("button", name="Block").click()
    await ada.get_by_role("button", name="Block and leave").click()
    await expect(ada.get_by_text("You blocked Bo. You will not be paired again.").last).to_be_visible()
    # The blocked person learns only that the partner is gone.
    await expect(bo.get_by_text("Ada left.").last).to_be_visible()
    for page in strangers:
        await page.get_by_role("button", name="Next").click()
    for page in strangers:
        await expect(page.get_by_text(re.compile(r"You are number \d of 2 waiting"))).to_be_visible()
    assert ask(live_switchboard, "Block.objects.filter(blocker__name='Ada', blocked__name='Bo').count()") >= 1


async def test_a_report_reaches_the_moderators(live_switchboard: Serve, strangers: tuple[Page, Page]) -> None:
    ada, bo = strangers
    await pair(strangers)
    await say(bo, "something rude")
    await expect(message(ada, "something rude")).to_be_visible()
    await ada.get_by_role("button", name="Report").click()
    await ada.get_by_label("What happened?").fill("He was rude")
    await ada.get_by_role("button", name="Report and leave").click()
    await expect(ada.get_by_text("Your report about Bo will be read").last).to_be_visible()
    reports = "[r.room.messages.get().body for r in Report.objects.filter(reason='He was rude', reported__name='Bo')]"
    assert ask(live_switchboard, reports) == ["something rude"]


async def test_a_second_tab_is_turned_away(strangers: tuple[Page, Page]) -> None:
    ada, _ = strangers
    await start(ada)
    await expect(ada.get_by_text("Looking for somebody")).to_be_visible()
    second = await ada.context.new_page()
    await second.goto("/roulette/")
    await start(second)
    await expect(second.get_by_role("alert")).to_contain_text("another tab")
    await expect(ada.get_by_text("Looking for somebody")).to_be_visible()


STORAGE_OFF = """
for (const name of ["sessionStorage", "localStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("Storage is off.", "SecurityError"); } });
}
"""


async def test_without_storage_one_meets_people_all_the_same(live_switchboard: Serve, new_page: NewPage) -> None:
    live_switchboard.shell("from roulette.models import Seat; Seat.objects.all().delete()")
    ada = await new_page()
    await ada.add_init_script(STORAGE_OFF)
    await enter(ada, "Ada")
    await ada.goto("/roulette/")
    await start(ada)
    await expect(ada.get_by_text("Nobody else is waiting yet")).to_be_visible()
    await ada.get_by_role("button", name="Stop").click()
    await expect(ada.get_by_role("button", name="Start")).to_be_visible()


async def test_both_press_next_at_once_and_both_wait(strangers: tuple[Page, Page]) -> None:
    await pair(strangers)
    for page in strangers:
        await page.get_by_role("button", name="Next").dispatch_event("click")
    for page in strangers:
        await expect(page.get_by_text(re.compile(r"You are number \d of 2 waiting"))).to_be_visible()
