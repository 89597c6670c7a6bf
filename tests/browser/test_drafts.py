"""Drafts: in several tabs, through reloads, and when the edited message has changed meanwhile."""

from playwright.async_api import Page, WebSocketRoute, expect

from harness.servers import Serve
from tests.browser.steps import NewPage, ask, enter, expect_live, make_room, message, open_room, say


async def two_tabs(server: Serve, new_page: NewPage) -> tuple[Page, Page, str]:
    slug = make_room(server)
    first = await new_page()
    await enter(first, "Ada")
    await open_room(first, slug)
    second = await first.context.new_page()
    await open_room(second, slug)
    return first, second, slug


async def test_the_later_of_two_edits_overwrites_nothing(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second, slug = await two_tabs(live_switchboard, new_page)
    await say(first, "meet at nine")
    for page in (first, second):
        await expect(message(page, "meet at nine")).to_be_visible()
        composer = page.get_by_role("textbox", name="Message")
        await composer.press("ArrowUp")
        await expect(composer).to_have_value("meet at nine")
    await say(first, "meet at ten")
    await expect(message(second, "meet at ten")).to_be_visible()
    await say(second, "meet at nine, in the kitchen")
    conflict = second.get_by_role("alert").filter(has_text="This message was changed meanwhile.")
    await expect(conflict).to_contain_text("meet at ten")
    composer = second.get_by_role("textbox", name="Message")
    await expect(composer).to_have_value("meet at nine, in the kitchen")
    body = f"[m.body for m in Message.objects.filter(room__slug={slug!r})]"
    assert ask(live_switchboard, body) == ["meet at ten"]
    # It survives a reload. Pressing Save again chooses the writer's own version.
    await second.reload()
    await expect(conflict).to_contain_text("meet at ten")
    await expect(composer).to_have_value("meet at nine, in the kitchen")
    await expect_live(second)
    await second.get_by_role("button", name="Save").click()
    await expect(message(first, "meet at nine, in the kitchen")).to_be_visible()
    await expect(conflict).to_have_count(0)
    await expect(composer).to_have_value("")


async def test_the_other_text_can_be_taken_instead(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second, _ = await two_tabs(live_switchboard, new_page)
    await say(first, "one")
    for page in (first, second):
        await expect(message(page, "one")).to_be_visible()
        await page.get_by_role("textbox", name="Message").press("ArrowUp")
    await say(first, "two")
    await expect(message(second, "two")).to_be_visible()
    await say(second, "three")
    await second.get_by_role("button", name="Edit that text instead").click()
    composer = second.get_by_role("textbox", name="Message")
    await expect(composer).to_have_value("two")
    await say(second, "two and a half")
    await expect(message(first, "two and a half")).to_be_visible()


async def test_a_draft_of_one_tab_leaves_those_of_others(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second, slug = await two_tabs(live_switchboard, new_page)
    for page, text in ((first, "draft of one"), (second, "draft of two")):
        await page.get_by_role("textbox", name="Message").fill(text)
    await say(second, "sent from two")
    await expect(message(first, "sent from two")).to_be_visible()
    await first.reload()
    await expect(first.get_by_role("textbox", name="Message")).to_have_value("draft of one")
    await first.close(run_before_unload=True)
    third = await second.context.new_page()
    await open_room(third, slug)
    await expect(third.get_by_role("textbox", name="Message")).to_have_value("draft of one")
    await second.reload()
    await expect(second.get_by_role("textbox", name="Message")).to_have_value("")


async def test_a_reply_stays_a_reply_and_an_edit_an_edit(live_switchboard: Serve, new_page: NewPage) -> None:
    page, other, _ = await two_tabs(live_switchboard, new_page)
    await say(page, "the question")
    await message(page, "the question").hover()
    await message(page, "the question").get_by_role("button", name="Reply").click()
    composer = page.get_by_role("textbox", name="Message")
    await composer.fill("the answer")
    await page.reload()
    await expect(page.get_by_text("Replying to Ada")).to_be_visible()
    await expect(composer).to_have_value("the answer")
    await composer.press("Enter")
    await expect(message(other, "the answer").locator(".message__quote")).to_contain_text("the question")
    await composer.press("ArrowUp")
    await composer.fill("the better answer")
    await page.reload()
    await expect(page.get_by_text("Editing your message")).to_be_visible()
    await expect(composer).to_have_value("the better answer")
    await expect_live(page)
    await composer.press("Enter")
    await expect(message(other, "the better answer")).to_be_visible()
    await expect(page.locator(".message[data-seq]")).to_have_count(2)
    await expect(composer).to_have_value("")


async def test_an_edit_that_fails_does_not_take_the_field_from_what_is_written_meanwhile(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    slug = make_room(live_switchboard)
    page = await new_page()
    routes: list[WebSocketRoute] = []

    def swallow_edits(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        route.on_message(lambda text: None if '"type":"edit"' in str(text) else server.send(text))
        routes.append(route)

    await page.route_web_socket("**/ws/chat/", swallow_edits)
    await enter(page, "Ada")
    await open_room(page, slug)
    await say(page, "meet at nine")
    await expect(message(page, "meet at nine")).to_be_visible()
    composer = page.get_by_role("textbox", name="Message")
    await composer.press("ArrowUp")
    await say(page, "meet at ten")
    await expect(composer).to_have_value("")
    await composer.fill("who brings")
    await routes[-1].close(code=1012)
    failed = page.get_by_role("status").filter(has_text="An edit was not saved:")
    await expect(failed).to_contain_text("meet at ten")
    await expect(composer).to_have_value("who brings")
    await failed.get_by_role("button", name="Edit again").click()
    await expect(composer).to_have_value("meet at ten")
    await expect(failed).to_have_count(0)
    await composer.press("Escape")
    await expect(composer).to_have_value("who brings")

    # It comes back by itself when nothing else was begun meanwhile.
    await composer.fill("")
    await expect_live(page)
    await composer.press("ArrowUp")
    await say(page, "meet at eleven")
    await expect(composer).to_have_value("")
    await routes[-1].close(code=1012)
    await expect(composer).to_have_value("meet at eleven")
    await expect(page.get_by_text("Editing your message")).to_be_visible()


async def test_a_page_out_of_the_cache_shows_the_draft_as_it_is_now(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    page = await new_page()
    await enter(page, "Ada")
    await open_room(page, slug)
    field = page.get_by_role("textbox", name="Message")
    await field.fill("half a thought")
    # What the browser does for a page that it keeps, while a later page of the tab sends the draft.
    await page.evaluate(
        """() => {
            dispatchEvent(new PageTransitionEvent("pagehide", {persisted: true}));
            for (const key of Object.keys(localStorage)) if (key.startsWith("drafts:")) localStorage.removeItem(key);
            dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}));
        }"""
    )
    await expect(field).to_have_value("")
    await field.fill("a new one")
    await page.reload()
    await expect(field).to_have_value("a new one")
