"""A log on the screen is always one unbroken run of messages, whatever the reader does."""

import asyncio
import re

from playwright.async_api import Page, Route, expect

from harness.servers import Serve
from tests.browser.steps import NewPage, enter, make_room, message, open_room, say

SEQS = "all => all.map(each => Number(each.dataset.seq))"
TO_TOP = "document.querySelector('.log').scrollTop = 0"
FIRST = "first => Number(document.querySelector('.message[data-seq]').dataset.seq) <= first"


async def shown(page: Page) -> list[int]:
    """Return the seqs on the screen, in its order."""
    seqs: list[int] = await page.eval_on_selector_all(".message[data-seq]", SEQS)
    return seqs


def unbroken(seqs: list[int]) -> bool:
    return bool(seqs) and seqs == list(range(seqs[0], seqs[-1] + 1))


async def read_back(page: Page, first: int) -> None:
    """Scroll up until message `first` is read."""
    while (await shown(page))[0] > first:
        before = (await shown(page))[0]
        await page.evaluate(TO_TOP)
        await page.wait_for_function(FIRST, arg=before - 1)


async def test_older_messages_that_come_late_leave_no_hole(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard, messages=900)
    page = await new_page()
    await enter(page, "Ada")
    await open_room(page, slug)
    await read_back(page, 250)
    may_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_go.wait()
        await route.continue_()

    await page.route(re.compile("before="), hold)
    async with page.expect_request(re.compile("before=")):
        await page.evaluate(TO_TOP)
    await page.get_by_role("button", name="Newest").click()
    await expect(message(page, "old 900")).to_be_in_viewport()
    async with page.expect_response(re.compile("before=")):
        may_go.set()
    await say(page, "after it")
    await expect(message(page, "after it")).to_be_visible()
    assert unbroken(await shown(page)), await shown(page)
    await read_back(page, 700)
    assert unbroken(await shown(page)), await shown(page)


async def test_a_quote_of_any_age_is_reached_and_leads_back(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard, messages=3000)
    ada, bo = await new_page(), await new_page()
    for page, name in ((ada, "Ada"), (bo, "Bo")):
        await enter(page, name)
        await open_room(page, slug)
    answered = 2300
    posted = await bo.context.request.post(
        f"/api/rooms/{slug}/messages/",
        data={"id": "0a4d6a6e-0d0f-4a0e-9c55-0123456789ab", "body": "this one", "reply_to": answered},
        headers={"X-CSRFToken": await bo.evaluate("document.cookie.match(/csrftoken=([^;]+)/)[1]")},
    )
    assert posted.status == 201, await posted.text()
    quote = message(ada, "this one").locator(".message__quote")
    await expect(quote).to_contain_text("Historian")
    await expect(quote).to_contain_text(f"old {answered}")
    requests: list[str] = []
    ada.on("request", lambda request: requests.append(request.url) if "/messages/" in request.url else None)
    await quote.click()
    there = ada.locator(f'.message[data-seq="{answered}"]')
    await expect(there).to_be_in_viewport()
    await expect(there).to_be_focused()
    assert len([url for url in requests if f"around={answered}" in url]) == 1
    assert unbroken(await shown(ada)), await shown(ada)
    # New messages are counted meanwhile, and never shown next to a gap.
    await say(bo, "meanwhile")
    pill = ada.get_by_role("button", name="1 new")
    await expect(pill).to_be_visible()
    await expect(message(ada, "meanwhile")).to_have_count(0)
    # Down again, page by page, as far as one likes.
    last = (await shown(ada))[-1]
    await ada.evaluate("document.querySelector('.log').scrollTop = 1e9")
    await ada.wait_for_function(
        "last => [...document.querySelectorAll('.message[data-seq]')].at(-1).dataset.seq > last", arg=last
    )
    assert unbroken(await shown(ada)), await shown(ada)
    await pill.click()
    await expect(message(ada, "meanwhile")).to_be_in_viewport()
    assert unbroken(await shown(ada)), await shown(ada)
    await say(bo, "followed again")
    await expect(message(ada, "followed again")).to_be_in_viewport()


async def test_what_is_unread_is_what_others_said_and_stands(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard, messages=30)
    ada, bo = await new_page(), await new_page()
    for page, name in ((ada, "Ada"), (bo, "Bo")):
        await enter(page, name)
    await bo.goto("/")
    badge = bo.locator(f".sidebar__link[data-room={slug}] .count")
    await expect(badge).to_be_hidden()  # all that was there when Bo came
    await open_room(ada, slug)
    await say(ada, "one")
    await say(ada, "two")
    await expect(badge).to_have_text("2 unread")
    await message(ada, "two").hover()
    await message(ada, "two").get_by_role("button", name="Delete").click()
    await ada.get_by_role("button", name="Delete", exact=True).last.click()
    await expect(badge).to_have_text("1 unread")
    # A reader's own message counts as unread nowhere, not even on their other pages.
    other = await ada.context.new_page()
    await other.goto("/")
    await say(ada, "three")
    await expect(badge).to_have_text("2 unread")
    await expect(other.locator(f".sidebar__link[data-room={slug}] .count")).to_be_hidden()
