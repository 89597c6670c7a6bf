"""Direct messages, as two people with accounts see them."""

import re

from playwright.async_api import expect

from harness.servers import Serve
from tests.browser.steps import (
    NewPage,
    ask,
    expect_live,
    make_account,
    make_room,
    message,
    open_room,
    people,
    say,
    sign_in,
)


async def test_two_people_talk_in_private(live_switchboard: Serve, new_page: NewPage) -> None:
    room = make_room(live_switchboard)
    ada_account, bo_account = make_account(live_switchboard, "Ada Direct"), make_account(live_switchboard, "Bo Direct")
    ada, bo = await new_page(), await new_page(viewport={"width": 1280, "height": 800})
    for page, account in ((ada, ada_account), (bo, bo_account)):
        await sign_in(page, account)
        await open_room(page, room)
    await expect(bo.get_by_role("heading", name="Direct messages")).to_have_count(0)
    await ada.get_by_role("button", name="Message Bo Direct").click()
    await expect(ada).to_have_url(re.compile("/rooms/d-"))
    await expect_live(ada)
    await expect(ada.get_by_role("heading", level=1)).to_have_text("Bo Direct")
    await expect(people(ada)).to_have_count(1)
    await say(ada, "just between us")
    await expect(ada.locator("[data-rooms=direct] .sidebar__link")).to_have_attribute("aria-current", "page")
    entry = bo.locator("[data-rooms=direct] .sidebar__link")
    await expect(entry.locator("[data-name]")).to_have_text("Ada Direct")
    await expect(entry.locator(".count")).to_have_text("1 unread")
    await entry.click()
    await expect(message(bo, "just between us")).to_be_visible()
    await expect(bo.get_by_role("heading", level=1)).to_have_text("Ada Direct")
    await expect(entry.locator(".count")).to_be_hidden()
    await bo.reload()
    await expect(bo.get_by_role("heading", name="Direct messages")).to_be_visible()
    await expect(entry).to_have_attribute("aria-current", "page")


async def test_the_names_of_nine_people_leave_the_field_low(live_switchboard: Serve, new_page: NewPage) -> None:
    names = [f"Person With A Name Of {number}" for number in range(9)]
    usernames = [make_account(live_switchboard, name) for name in names]
    page = await new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    await sign_in(page, usernames[0])
    ids = ask(live_switchboard, f"list(User.objects.filter(username__in={usernames!r}).values_list('pk', flat=True))")
    slug = await page.evaluate(
        "ids => import('web/page.js').then(({ ask }) => ask('POST', '/api/direct/', { people: ids }))"
        ".then(({ room }) => room.slug)",
        ids,
    )
    await open_room(page, slug)
    await expect_live(page)
    assert await page.locator(".composer textarea").evaluate("field => field.offsetHeight") < 60
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
