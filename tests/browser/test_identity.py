"""One browser, several people one after the other: everybody's messages and drafts stay their own."""

from playwright.async_api import Page, expect

from harness.servers import Serve
from tests.browser.steps import (
    Line,
    NewPage,
    ask,
    enter,
    expect_live,
    make_account,
    make_room,
    message,
    open_room,
    say,
    sign_in,
    unsent,
)


async def leave(page: Page) -> None:
    """Sign out without opening a page of the site, since a page would send waiting messages."""
    [token] = [cookie["value"] for cookie in await page.context.cookies() if cookie["name"] == "csrftoken"]
    answer = await page.context.request.delete("/api/session/", headers={"X-CSRFToken": token})
    assert answer.status == 204, await answer.text()


async def become(page: Page, username: str) -> None:
    """Sign out, and in as somebody else, in a tab of its own."""
    await leave(page)
    await sign_in(page, username)


def said(server: Serve, slug: str) -> list[list[str]]:
    """Return who has said what in a room."""
    found: list[list[str]] = ask(
        server, f"[[m.sender.name, m.body] for m in Message.objects.filter(room__slug={slug!r}).order_by('seq')]"
    )
    return found


async def test_a_page_never_goes_on_as_another_person(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    ada, bo = make_account(live_switchboard, "Ada Moor"), make_account(live_switchboard, "Bo Lind")
    first = await new_page()
    line = await Line.of(first)
    await sign_in(first, ada)
    await open_room(first, slug)
    await line.cut()
    await say(first, "words of Ada")
    await expect(unsent(first, "words of Ada")).to_be_visible()
    await first.get_by_role("textbox", name="Message").fill("half a thought of Ada")
    second = await first.context.new_page()
    await become(second, bo)
    line.mend()
    cover = first.get_by_role("dialog", name="You are signed in as Bo Lind in this browser now.")
    await expect(cover).to_contain_text("What Ada Moor had written is kept here until Ada Moor signs in again.")
    await expect(first.locator(".connection")).to_have_attribute("data-phase", "stopped")
    pending = first.locator(".message--pending")
    await expect(pending).to_contain_text("not sent yet: goes out when Ada Moor signs in again")
    await expect(first.get_by_text("Try now")).to_have_count(0)
    await first.keyboard.press("Escape")
    await first.keyboard.press("Escape")
    await expect(cover).to_be_visible()
    await cover.get_by_role("link", name="Go on as Bo Lind").click()
    await expect_live(first)
    await expect(first.locator(".sidebar__name")).to_have_text("Bo Lind")
    await expect(first.get_by_role("textbox", name="Message")).to_have_value("")
    await expect(first.get_by_text("words of Ada")).to_have_count(0)
    await say(first, "words of Bo")
    await expect(message(first, "words of Bo")).to_be_visible()
    assert said(live_switchboard, slug) == [["Bo Lind", "words of Bo"]]

    # Ada is back: what she had written goes out, and what she was writing is there.
    await become(second, ada)
    await open_room(second, slug)
    await expect(message(second, "words of Ada")).to_be_visible()
    await expect(second.get_by_role("textbox", name="Message")).to_have_value("half a thought of Ada")
    assert said(live_switchboard, slug) == [["Bo Lind", "words of Bo"], ["Ada Moor", "words of Ada"]]


async def test_a_page_looks_again_when_its_reader_comes_back(live_switchboard: Serve, new_page: NewPage) -> None:
    """A page whose socket does not come back has no connection that could tell it."""
    name = "Rindfleischetikettierungsueberwachung"
    bo = make_account(live_switchboard, name)
    first = await new_page(viewport={"width": 360, "height": 740})
    first.expected_errors += ["409"]  # type: ignore[attr-defined]
    line = await Line.of(first)
    await sign_in(first, make_account(live_switchboard, "Ada Moor"))
    await line.cut()
    second = await first.context.new_page()
    await become(second, bo)
    await first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    link = first.get_by_role("link", name=f"Go on as {name}")
    await expect(link).to_be_visible()
    cover, button = await first.get_by_role("dialog").bounding_box(), await link.bounding_box()
    assert cover
    assert button
    assert cover["x"] < button["x"]
    assert button["x"] + button["width"] < cover["x"] + cover["width"]


async def test_boards_and_full_screens_stop_too(live_switchboard: Serve, new_page: NewPage) -> None:
    bo = make_account(live_switchboard, "Bo Lind")
    board = await new_page()
    lines = [await Line.of(board, "**/ws/boards/**"), await Line.of(board)]
    await sign_in(board, make_account(live_switchboard, "Ada Moor"))
    await board.goto("/boards/counter/")
    full = await board.context.new_page()
    lines.append(await Line.of(full, "**/ws/boards/**"))
    await full.goto("/boards/counter/full/")
    for page in (board, full):
        await expect(page.locator(".connection")).to_have_attribute("data-phase", "live")
    for line in lines:
        await line.cut()
    other = await board.context.new_page()
    await become(other, bo)
    for line in lines:
        line.mend()
    for page in (board, full):
        await expect(page.get_by_role("link", name="Go on as Bo Lind")).to_be_visible(timeout=40_000)
        await expect(page.locator(".connection")).to_have_attribute("data-phase", "stopped")
    await full.get_by_role("link", name="Go on as Bo Lind").click()
    await expect(full.locator(".connection")).to_have_attribute("data-phase", "live")


async def test_a_guest_who_signs_out_stops_all_their_pages(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    first = await new_page()
    first.expected_errors += ["409"]  # type: ignore[attr-defined]
    await enter(first, "Gus")
    await open_room(first, slug)
    second = await first.context.new_page()
    await second.goto("/")
    await second.get_by_role("button", name="Sign out").click()
    cover = first.get_by_role("dialog", name="You are signed out in this browser.")
    await expect(cover).to_contain_text("Gus was a guest and cannot come back")
    await expect(cover.get_by_role("link", name="Sign in")).to_be_visible()
    await expect(first.locator(".connection")).to_have_text("Signed out")


async def test_a_page_lives_on_when_its_person_signs_in_again(live_switchboard: Serve, new_page: NewPage) -> None:
    """Signing in changes the CSRF token; an older page uses the new one."""
    ada = make_account(live_switchboard, "Ada Moor")
    slug = make_room(live_switchboard)
    first = await new_page()
    line = await Line.of(first)
    await sign_in(first, ada)
    await first.goto("/console/")
    await line.cut()
    second = await first.context.new_page()
    await become(second, ada)
    answer = await first.evaluate(
        """async (slug) => {
            const { ask } = await import("web/page.js");
            const id = "00000000-0000-4000-8000-000000000001";
            return ask("POST", `/api/rooms/${slug}/messages/`, { id, body: "still me" });
        }""",
        slug,
    )
    assert answer["seq"] == 1
    assert said(live_switchboard, slug) == [["Ada Moor", "still me"]]
