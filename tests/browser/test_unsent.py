"""Messages that could not be sent at once: the browser keeps them, any page sends them, and none is silently stuck."""

import uuid
from collections.abc import Callable

import pytest
from playwright.async_api import Locator, Page, expect

from harness.servers import Serve
from tests.browser.steps import (
    Line,
    NewPage,
    ask,
    enter,
    kept,
    make_account,
    make_room,
    message,
    open_room,
    say,
    sign_in,
    unsent,
)

#: Ways in which a browser's storage may fail.
STORES = {
    "open never answers": "indexedDB.open = () => ({})",
    "no request is answered": """
        for (const name of ["getAll", "put", "delete"]) IDBObjectStore.prototype[name] = () => ({});
    """,
    "naming it throws": """
        for (const name of ["indexedDB", "localStorage", "sessionStorage"]) {
            Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
        }
    """,
}


@pytest.mark.parametrize("store", STORES)
async def test_without_a_store_messages_are_sent_and_the_page_says_so(
    live_switchboard: Serve, new_page: NewPage, store: str
) -> None:
    slug = make_room(live_switchboard)
    ada = await new_page()
    await ada.add_init_script(STORES[store])
    await enter(ada, "Ada")
    await open_room(ada, slug)
    await say(ada, "one")
    await say(ada, "two")
    for text in ("one", "two"):
        await expect(message(ada, text)).to_be_visible()
    await expect(ada.locator(".message--pending")).to_have_count(0)
    notice = ada.get_by_text("This browser does not keep unsent messages")
    await expect(notice).to_have_count(1)
    await ada.get_by_role("button", name="I see").click()
    await expect(notice).to_have_count(0)
    await say(ada, "three")
    await expect(message(ada, "three")).to_be_visible()


async def test_every_page_is_there_without_storage(live_switchboard: Serve, new_page: NewPage) -> None:
    page = await new_page()
    await page.add_init_script(STORES["naming it throws"])
    await enter(page, "Ada")
    for path, part in {
        "/": "board-thumbnail",
        "/roulette/": "roulette-page form",
        "/boards/counter/": "board-tile",
        "/boards/counter/full/": "board-tile",
        "/console/": "socket-console form",
    }.items():
        await page.goto(path)
        await expect(page.locator(part).first).to_be_visible()


def room_in_sidebar(page: Page, slug: str) -> Locator:
    return page.locator(f".sidebar__link[data-room={slug}]")


async def test_an_open_page_of_another_room_sends_what_waits(live_switchboard: Serve, new_page: NewPage) -> None:
    """It was live all the time, so no new connection triggers a check."""
    slug = make_room(live_switchboard)
    first = await new_page()
    line = await Line.of(first)
    await enter(first, "Ada")
    second = await first.context.new_page()
    await second.goto("/console/")
    await open_room(first, slug)
    await line.cut()
    await say(first, "from the tunnel")
    await kept(first, 1)
    await first.close()
    await kept(second, 0)
    assert ask(live_switchboard, f"[m.body for m in Message.objects.filter(room__slug={slug!r})]") == [
        "from the tunnel"
    ]


async def test_a_full_screen_sends_what_waits_too(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    first = await new_page()
    line = await Line.of(first)
    await enter(first, "Ada")
    await open_room(first, slug)
    await line.cut()
    await say(first, "from the tunnel")
    await kept(first, 1)
    await first.goto("/boards/counter/full/")
    await kept(first, 0)


async def test_rooms_with_waiting_messages_are_marked(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    page = await new_page()
    page.expected_errors += ["ERR_FAILED"]  # type: ignore[attr-defined]
    line = await Line.of(page)
    await enter(page, "Ada")
    await open_room(page, slug)
    await line.cut()
    await page.context.route(f"**/api/rooms/{slug}/messages/", lambda route: route.abort())
    await say(page, "not yet")
    await say(page, "nor this")
    await expect(room_in_sidebar(page, slug).locator(".waiting")).to_have_text("2 waiting")
    await page.goto("/")
    for mark in (room_in_sidebar(page, slug), page.locator(f"[data-home-room={slug}]")):
        await expect(mark.locator(".waiting")).to_have_text("2 waiting")
    await page.context.unroute(f"**/api/rooms/{slug}/messages/")
    line.mend()
    await kept(page, 0)
    await expect(page.locator(".waiting:visible")).to_have_count(0)


def make_members_room(server: Serve, member: str) -> tuple[str, Callable[[], None]]:
    """Make a room with this member; return a function that removes the member again."""
    slug = f"plans-{uuid.uuid4().hex[:8]}"
    server.shell(
        "from accounts.models import User; from chat.rooms.members import *; from chat.rooms.rooms import *\n"
        f"owner = User.objects.create_user('owner-{slug}', 'x', name='Owner of plans')\n"
        f"room = create_room(owner, {slug!r}, members_only=True)\n"
        f"add_member(room, User.objects.get(username={member!r}))"
    )

    def take_out() -> None:
        server.shell(
            "from accounts.models import User; from chat.rooms.members import *; from chat.models import Room\n"
            f"remove_member(Room.objects.get(slug={slug!r}), User.objects.get(username={member!r}).pk)"
        )

    return slug, take_out


async def test_a_message_to_a_room_one_was_taken_out_of(live_switchboard: Serve, new_page: NewPage) -> None:
    bo = make_account(live_switchboard, "Bo Lind")
    slug, take_out = make_members_room(live_switchboard, bo)
    page = await new_page(permissions=["clipboard-read", "clipboard-write"])
    page.expected_errors += ["403"]  # type: ignore[attr-defined]
    line = await Line.of(page)
    await sign_in(page, bo)
    await open_room(page, slug)
    await line.cut()
    await say(page, "for members only")
    await kept(page, 1)
    take_out()
    line.mend()
    failed = unsent(page, "for members only")
    await expect(failed).to_contain_text("Not sent. You are not a member of this room.", timeout=40_000)

    # And from any other page.
    await page.goto("/console/")
    await page.get_by_role("button", name="Not sent").click()
    entry = page.get_by_role("dialog", name="Not sent").get_by_role("listitem")
    await expect(entry).to_contain_text("for members only")
    await expect(entry).to_contain_text("You are not a member of this room.")
    await entry.get_by_role("button", name="Copy").click()
    await expect(entry.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == "for members only"
    await entry.get_by_role("button", name="Discard").click()
    await kept(page, 0)
    await expect(page.get_by_role("button", name="Not sent")).to_have_count(0)
    await expect(page.get_by_role("main")).to_be_focused()


async def test_a_room_left_while_the_line_was_down_is_told_on_another_page(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    bo = make_account(live_switchboard, "Bo Lind")
    slug, take_out = make_members_room(live_switchboard, bo)
    page = await new_page()
    page.expected_errors += ["403"]  # type: ignore[attr-defined]
    line = await Line.of(page)
    await sign_in(page, bo)
    await open_room(page, slug)
    await line.cut()
    await say(page, "much too late")
    await say(page, "too late")
    await kept(page, 2)
    take_out()
    line.mend()
    await page.goto("/")
    await page.get_by_role("button", name="Not sent").filter(has_text="2").click()
    dialog = page.get_by_role("dialog", name="Not sent")
    await dialog.get_by_role("listitem").first.get_by_role("button", name="Discard").press("Enter")
    # The focus is not on the button that would discard the other one.
    await expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    await expect(dialog.get_by_role("listitem")).to_have_count(1)
