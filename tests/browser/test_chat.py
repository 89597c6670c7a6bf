"""Rooms, in real windows."""

import re

from playwright.async_api import Page, expect

from harness.servers import Serve
from tests.browser.steps import (
    Line,
    NewPage,
    ask,
    enter,
    expect_live,
    kept,
    make_account,
    make_room,
    message,
    open_room,
    people,
    say,
    sign_in,
    unsent,
)


async def two_guests(new_page: NewPage, slug: str) -> tuple[Page, Page]:
    ada, bo = await new_page(), await new_page()
    for page, name in ((ada, "Ada"), (bo, "Bo")):
        await enter(page, name)
        await open_room(page, slug)
    return ada, bo


async def test_a_name_is_enough_to_enter(new_page: NewPage) -> None:
    page = await new_page()
    page.expected_errors += ["422"]  # type: ignore[attr-defined]
    await page.goto("/rooms/lobby/")
    field = page.get_by_label("Your name")
    await field.fill("\u200b")
    await page.get_by_role("button", name="Enter as a guest").click()
    await expect(page.get_by_role("alert")).to_contain_text("characters that can be seen")
    await page.goto("/rooms/lobby/")
    await field.fill("Ada <b>")
    await page.get_by_role("button", name="Enter as a guest").click()
    await expect_live(page)
    await expect(page).to_have_url(re.compile("/rooms/lobby/$"))
    await expect(page.locator(".sidebar__name")).to_have_text("Ada <b> guest")
    await expect(people(page).first).to_contain_text("Ada <b> (you)")


async def test_two_windows_talk(live_switchboard: Serve, new_page: NewPage) -> None:
    ada, bo = await two_guests(new_page, make_room(live_switchboard))
    await expect(people(ada)).to_have_text([re.compile(r"Ada \(you\)"), re.compile("Bo")])
    await expect(ada.locator(".log__note")).to_have_text("Bo joined")
    await bo.get_by_role("textbox", name="Message").press_sequentially("hm")
    await expect(ada.locator(".talk__typing")).to_have_text("Bo is typing…")
    await say(ada, "Hello **Bo**, see https://example.org/")
    await say(bo, "Hello Ada")
    for page in (ada, bo):
        await expect(message(page, "Hello Ada")).to_have_count(1)
        await expect(message(page, "Hello Bo").locator("strong")).to_have_text("Bo")
        await expect(message(page, "Hello Bo").get_by_role("link")).to_have_attribute("href", "https://example.org/")
        await expect(page.locator(".message--pending")).to_have_count(0)
    await expect(message(bo, "Hello Bo").locator(".badge")).to_have_text("guest")


async def test_what_people_type_is_text(live_switchboard: Serve, new_page: NewPage) -> None:
    ada, bo = await two_guests(new_page, make_room(live_switchboard))
    hostile = "<img src=x onerror=alert(1)> <script>alert(1)</script> [x](javascript:alert(1))"
    await say(ada, hostile)
    await expect(message(bo, "<script>alert(1)</script>")).to_be_visible()
    await expect(bo.locator(".log img, .log script, .log a[href^=javascript]")).to_have_count(0)


async def test_edits_deletions_and_reactions_arrive(live_switchboard: Serve, new_page: NewPage) -> None:
    ada, bo = await two_guests(new_page, make_room(live_switchboard))
    await say(ada, "Frist")
    await expect(message(bo, "Frist")).to_be_visible()
    composer = ada.get_by_role("textbox", name="Message")
    await composer.press("ArrowUp")
    await expect(ada.get_by_text("Editing your message")).to_be_visible()
    await composer.fill("First")
    await composer.press("Enter")
    await expect(message(bo, "First").locator(".message__edited")).to_be_visible()
    await expect(composer).to_have_value("")

    await message(bo, "First").hover()
    await message(bo, "First").get_by_role("button", name="React").click()
    await message(bo, "First").get_by_role("button", name="party").click()
    reaction = message(ada, "First").get_by_role("button", name="party: Bo")
    await expect(reaction).to_have_attribute("aria-pressed", "false")
    await reaction.click()
    await expect(message(bo, "First").get_by_role("button", name=re.compile("party: "))).to_contain_text("2")

    await message(bo, "First").hover()
    await message(bo, "First").get_by_role("button", name="Reply").click()
    await say(bo, "Indeed")
    await expect(message(ada, "Indeed").locator(".message__quote")).to_contain_text("First")

    await message(ada, "First").first.hover()
    await message(ada, "First").first.get_by_role("button", name="Delete").click()
    await ada.get_by_role("button", name="Delete", exact=True).last.click()
    for page in (ada, bo):
        await expect(message(page, "This message was deleted.")).to_have_count(1)
    await expect(message(bo, "Indeed").locator(".message__quote")).to_contain_text("a deleted message")


async def test_resume_after_the_server_was_killed(live_switchboard: Serve, new_page: NewPage) -> None:
    ada, bo = await two_guests(new_page, make_room(live_switchboard))
    for page in (ada, bo):
        page.expected_errors += ["WebSocket", "Failed to load resource"]  # type: ignore[attr-defined]
    await say(ada, "before")
    await expect(message(bo, "before")).to_be_visible()
    live_switchboard.kill()
    await expect(bo.locator(".connection")).to_have_attribute("data-phase", re.compile("waiting|connecting"))
    await say(ada, "meanwhile one")
    await say(ada, "meanwhile two")
    await expect(unsent(ada, "meanwhile")).to_have_count(2)
    await expect(ada.locator(".connection")).to_have_text(re.compile(r"^(Reconnecting|Connecting).* · 2 waiting$"))
    await expect(ada.locator(".talk__standing")).to_contain_text(re.compile(r"All messages received up to \d\d:\d\d\."))
    live_switchboard.start()
    for page in (ada, bo):
        await expect_live(page)
        await expect(page.locator(".message__body")).to_have_text(["before", "meanwhile one", "meanwhile two"])
        await expect(page.locator(".message--pending")).to_have_count(0)
    await say(bo, "after")
    await expect(message(ada, "after")).to_be_visible()


async def test_one_who_was_cut_off_gets_what_was_missed_once(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    bo = await new_page()
    line = await Line.of(bo)
    await enter(bo, "Bo")
    await open_room(bo, slug)
    ada = await new_page()
    await enter(ada, "Ada")
    await open_room(ada, slug)
    await say(ada, "one")
    await expect(message(bo, "one")).to_be_visible()
    await line.cut()
    await say(ada, "two")
    await expect(message(ada, "two")).to_be_visible()
    composer = ada.get_by_role("textbox", name="Message")
    await composer.press("ArrowUp")
    await composer.fill("two, edited")
    await composer.press("Enter")
    await say(ada, "three")
    await expect(message(ada, "three")).to_be_visible()
    await expect(bo.locator(".message__body")).to_have_text(["one"])
    line.mend()
    await expect_live(bo)
    await expect(bo.locator(".message__body")).to_have_text(["one", "two, edited", "three"])


async def test_unsent_message_survives_its_tab_and_is_sent_once(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    ada = await new_page()
    line = await Line.of(ada)
    await enter(ada, "Ada")
    await open_room(ada, slug)
    await line.cut()
    await say(ada, "from the tunnel")
    await expect(unsent(ada, "from the tunnel")).to_contain_text("not sent yet")
    await kept(ada, 1)
    await ada.close()
    again = await ada.context.new_page()
    await open_room(again, slug)
    await expect(message(again, "from the tunnel")).to_have_count(1)
    await expect(again.locator(".message--pending")).to_have_count(0)
    await again.reload()
    await expect_live(again)
    assert ask(live_switchboard, f"Message.objects.filter(room__slug={slug!r}).count()") == 1


async def test_unsent_message_goes_out_from_another_page_too(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    bo, ada = await new_page(), await new_page()
    await enter(bo, "Bo")
    await open_room(bo, slug)
    line = await Line.of(ada)
    await enter(ada, "Ada")
    await open_room(ada, slug)
    await line.cut()
    await say(ada, "better late")
    await expect(unsent(ada, "better late")).to_be_visible()
    line.mend()
    await ada.goto("/console/")
    await expect(message(bo, "better late")).to_have_count(1)


async def test_a_long_queue_keeps_its_order_through_the_rate_limit(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    ada = await new_page()
    line = await Line.of(ada)
    await enter(ada, "Ada")
    await open_room(ada, slug)
    await line.cut()
    for number in range(75):
        await say(ada, f"queued {number}")
    await expect(ada.locator(".connection")).to_have_text(re.compile("75 waiting"))
    line.mend()
    await expect(ada.locator(".message--pending")).to_have_count(0, timeout=30_000)
    await expect(ada.locator(".message__body")).to_have_text([f"queued {number}" for number in range(75)])
    await expect(ada.locator(".connection")).to_have_text("Live")


async def test_unread_counts_and_the_line(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    ada, bo = await two_guests(new_page, slug)
    await say(ada, "seen")
    await expect(message(bo, "seen")).to_be_visible()
    link = bo.locator(f".sidebar__link[data-room={slug}]")
    await expect(link.locator(".count")).to_be_hidden()
    await open_room(bo, "lobby")
    await say(ada, "news one")
    await say(ada, "news two")
    await expect(link.locator(".count")).to_have_text("2 unread")
    second = await bo.context.new_page()
    await open_room(second, slug)
    rows = second.locator(".log__line, .message[data-seq]")
    await expect(rows).to_contain_text(["seen", "New since you were here", "news one", "news two"])
    # Read there, so read here.
    await expect(link.locator(".count")).to_be_hidden()
    await second.reload()
    await expect_live(second)
    await expect(second.locator(".log__line")).to_have_count(0)


async def test_history_is_read_backwards(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard, messages=130)
    page = await new_page()
    await enter(page, "Ada")
    await open_room(page, slug)
    await expect(message(page, "old 130")).to_be_in_viewport()
    await expect(message(page, "old 80")).to_have_count(0)
    scroll = "document.querySelector('.log').scrollTop = 0"
    await page.evaluate(scroll)
    await expect(page.get_by_text("old 80", exact=True)).to_have_count(1)
    # The reader stays where he was.
    await expect(page.get_by_text("old 81", exact=True)).to_be_in_viewport()
    await page.evaluate(scroll)
    await expect(page.get_by_text("old 1", exact=True)).to_have_count(1)
    await page.evaluate(scroll)
    await expect(page.get_by_text("This is where it began.")).to_be_visible()
    seqs = await page.eval_on_selector_all(".message", "all => all.map(each => Number(each.dataset.seq))")
    assert seqs == list(range(1, 131))
    await page.get_by_role("button", name="Newest").click()
    await expect(message(page, "old 130")).to_be_in_viewport()


async def test_new_messages_do_not_move_a_reader_of_old_ones(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard, messages=60)
    ada, bo = await two_guests(new_page, slug)
    await bo.get_by_text("old 30", exact=True).scroll_into_view_if_needed()
    await expect(bo.get_by_role("button", name="Newest")).to_be_visible()
    await say(ada, "fresh")
    await expect(bo.get_by_role("button", name="1 new")).to_be_visible()
    await expect(bo.get_by_text("old 30", exact=True)).to_be_in_viewport()
    await bo.get_by_role("button", name="1 new").click()
    await expect(message(bo, "fresh")).to_be_in_viewport()


async def test_draft_is_kept(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    page = await new_page()
    await enter(page, "Ada")
    await open_room(page, slug)
    composer = page.get_by_role("textbox", name="Message")
    await composer.fill("half a thought")
    await composer.press("Shift+Enter")
    await page.reload()
    await expect(composer).to_have_value("half a thought\n")
    await composer.press("Enter")
    await expect(message(page, "half a thought")).to_be_visible()
    await page.reload()
    await expect(composer).to_have_value("")


async def test_too_long_is_told_before_it_is_sent(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    page = await new_page()
    await enter(page, "Ada")
    await open_room(page, slug)
    composer = page.get_by_role("textbox", name="Message")
    await composer.fill("😀" * 7999)
    await expect(page.locator(".composer__left")).to_have_text("1 left")
    await composer.fill("😀" * 8001)
    await expect(page.locator(".composer__left")).to_have_text("1 too many")
    await expect(page.get_by_role("button", name="Send")).to_be_disabled()
    await composer.fill("😀" * 8000)
    await composer.press("Enter")
    await expect(message(page, "😀")).to_be_visible()


async def test_owner_takes_people_in_and_out(live_switchboard: Serve, new_page: NewPage) -> None:
    ada_name = make_account(live_switchboard, "Ada Owner")
    bo_name = make_account(live_switchboard, "Bo Member")
    ada, bo = await new_page(), await new_page()
    await sign_in(ada, ada_name)
    await sign_in(bo, bo_name)
    title = f"plans {ada_name}"
    await ada.get_by_text("Make a room").click()
    await ada.get_by_label("Name", exact=True).fill(title)
    await ada.get_by_label("Only for members I add").check()
    await ada.get_by_role("button", name="Make it").click()
    await expect_live(ada)
    field = ada.get_by_label("Add somebody by name")
    await field.fill("nobody at all")
    ada.expected_errors += ["404"]  # type: ignore[attr-defined]
    await ada.get_by_role("button", name="Add").click()
    await expect(ada.locator("#member-trouble")).to_contain_text("nobody at all")
    await field.fill(bo_name)
    await ada.get_by_role("button", name="Add").click()
    await expect(ada.locator("room-members .person")).to_have_count(2)
    # It appears in the new member's list by itself.
    await bo.get_by_role("link", name=f"{title}").first.click()
    await expect_live(bo)
    # Somebody who left must be added again.
    await bo.get_by_role("button", name="Leave this room").click()
    await bo.get_by_role("button", name="Stay").click()
    await bo.get_by_role("button", name="Leave this room").click()
    await bo.get_by_role("button", name="Leave", exact=True).click()
    await bo.wait_for_url(lambda url: url.endswith("/"))
    await expect(bo.get_by_role("link", name=f"{title}")).to_have_count(0)
    await ada.reload()
    await expect_live(ada)
    await field.fill(bo_name)
    await ada.get_by_role("button", name="Add").click()
    await bo.get_by_role("link", name=f"{title}").first.click()
    await expect_live(bo)
    await ada.get_by_role("button", name="Remove Bo Member").click()
    await expect(bo.get_by_text("You are no longer a member of this room.")).to_be_visible()
    await expect(bo.get_by_role("textbox", name="Message")).to_have_count(0)


async def test_client_count_control(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    ada = await new_page()
    await enter(ada, "Ada")
    await ada.goto("/console/")
    await expect(ada.locator("client-count time")).to_be_visible()
    await ada.goto("/")
    update = ada.get_by_role("button", name="Update client count")
    await update.click()
    before = int(await ada.locator("[data-clients]").inner_text())
    bo = await new_page()
    await enter(bo, "Bo")
    await open_room(bo, slug)
    await update.click()
    await expect(ada.locator("[data-clients]")).to_have_text(str(before + 1))
    await expect(ada.locator("client-count time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
