"""Changing the room is no page load."""

import re

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
    people,
    say,
    sign_in,
    unsent,
)
from tests.browser.test_accessibility import faults


async def open_marked(page: Page, slug: str, name: str = "Ada") -> None:
    """Open a room's page, and mark it: a page load would lose the mark."""
    await enter(page, name)
    await open_room(page, slug)
    await page.evaluate("window.marked = true")


async def go(page: Page, slug: str) -> None:
    await page.locator(f".sidebar__link[data-room={slug}]").click()
    await expect_room(page, slug)


async def expect_room(page: Page, slug: str) -> None:
    """The page shows this room, and it is still the same page."""
    await expect(page).to_have_url(re.compile(f"/rooms/{slug}/$"))
    await expect(page.locator("h1")).to_have_text(f"# {slug}")
    await expect_live(page)
    assert await page.evaluate("window.marked"), "The page was loaded again."


async def test_address_title_history_and_focus_follow_the_room(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second = make_room(live_switchboard, messages=3), make_room(live_switchboard, messages=5)
    page = await new_page()
    await open_marked(page, first)
    await go(page, second)
    await expect(page).to_have_title(re.compile(f"# {second} · "))
    await expect(message(page, "old 5")).to_be_visible()
    await expect(page.get_by_role("textbox", name=f"Message # {second}")).to_be_focused()
    await expect(page.locator(".sidebar [aria-current]")).to_have_attribute("data-room", second)
    await expect(page.locator("[data-room-told]")).to_have_text(f"# {second}")
    await expect(people(page)).to_have_count(1)
    await page.go_back()
    await expect_room(page, first)
    await expect(message(page, "old 5")).to_have_count(0)
    await expect(page.locator(".page-head__note")).to_have_text("A test")
    await page.go_forward()
    await expect_room(page, second)
    await page.reload()
    await expect(page.locator("h1")).to_have_text(f"# {second}")


async def test_only_the_shown_room_counts_the_reader_as_here(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second = make_room(live_switchboard), make_room(live_switchboard)
    ada, bo = await new_page(), await new_page()
    await open_marked(ada, first)
    await open_marked(bo, first, "Bo")
    await expect(people(ada)).to_have_count(2)
    await go(bo, second)
    await expect(people(ada)).to_have_count(1, timeout=20_000)
    await say(ada, "for Bo")
    await expect(bo.locator(f".sidebar__link[data-room={first}] .count")).to_have_text("1 unread")
    await go(bo, first)
    await expect(message(bo, "for Bo")).to_be_visible()
    await expect(bo.locator(".log__line")).to_have_text("New since you were here")
    await expect(bo.locator(f".sidebar__link[data-room={first}] .count")).to_be_hidden()


async def test_nothing_that_is_being_written_gets_into_another_room(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second = make_room(live_switchboard), make_room(live_switchboard)
    page = await new_page()
    await open_marked(page, first)
    field = page.get_by_role("textbox", name="Message")
    await say(page, "said here")
    await expect(message(page, "said here")).to_be_visible()
    await field.fill("a draft")
    await message(page, "said here").hover()
    await message(page, "said here").get_by_role("button", name="Edit").click()
    await expect(field).to_have_value("said here")
    await field.fill("half an edit")
    await go(page, second)
    await expect(field).to_have_value("")
    await expect(page.locator(".composer__task")).to_have_count(0)
    await field.fill("another draft")
    await go(page, first)
    await expect(field).to_have_value("half an edit")
    await expect(page.locator(".composer__task")).to_contain_text("Editing your message")
    await field.press("Escape")
    await expect(field).to_have_value("a draft")
    await go(page, second)
    await expect(field).to_have_value("another draft")


async def test_the_place_in_each_room_is_kept(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second = make_room(live_switchboard, messages=150), make_room(live_switchboard, messages=60)
    page = await new_page()
    await open_marked(page, first)
    await page.locator(".log").evaluate("log => (log.scrollTop = log.scrollHeight / 2)")
    await expect(page.get_by_role("button", name="Newest")).to_be_visible()
    top = """() => {
        const edge = document.querySelector(".log").getBoundingClientRect().top;
        const all = [...document.querySelectorAll(".message[data-seq]")];
        const found = all.find((each) => each.getBoundingClientRect().bottom > edge);
        return [found.dataset.seq, Math.round(found.getBoundingClientRect().top - edge)];
    }"""
    await page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    before = await page.evaluate(top)
    await go(page, second)
    await expect(message(page, "old 60")).to_be_in_viewport()
    await go(page, first)
    await page.wait_for_function(f"before => JSON.stringify(({top})()) === JSON.stringify(before)", arg=before)


async def test_the_focus_goes_back_to_the_message_it_was_on(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second = make_room(live_switchboard, messages=3), make_room(live_switchboard, messages=5)
    page = await new_page()
    await open_marked(page, first)
    await go(page, second)
    await message(page, "old 4").focus()
    await page.go_back()
    await expect_room(page, first)
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    await page.go_forward()
    await expect(message(page, "old 4")).to_be_focused()


async def test_what_is_sent_while_changing_the_room_arrives_once(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second = make_room(live_switchboard), make_room(live_switchboard)
    page = await new_page()
    line = await Line.of(page)
    await open_marked(page, first)
    link = page.locator(f".sidebar__link[data-room={second}]")
    for n in range(5):
        await say(page, f"in passing {n}")
        await link.click()  # at once, without waiting for the acknowledgement
        await page.go_back()
        await expect_room(page, first)
    await line.cut()
    await say(page, "while offline")
    await expect(unsent(page, "while offline")).to_be_visible()
    await link.click()
    await expect(page.locator("h1")).to_have_text(f"# {second}")
    await expect(unsent(page, "while offline")).to_have_count(0)
    line.mend()
    await expect_live(page)
    await go(page, first)
    for text in (*(f"in passing {n}" for n in range(5)), "while offline"):
        await expect(message(page, text)).to_have_count(1)
    await expect(page.locator(".message--pending")).to_have_count(0)
    assert ask(live_switchboard, f"Message.objects.filter(room__slug={first!r}).count()") == 6
    assert ask(live_switchboard, f"Message.objects.filter(room__slug={second!r}).count()") == 0


async def test_back_and_forward_quickly_ends_in_the_last_room(live_switchboard: Serve, new_page: NewPage) -> None:
    slugs = [make_room(live_switchboard, messages=n) for n in (3, 4, 5)]
    page = await new_page()
    await open_marked(page, slugs[0])
    await page.evaluate(
        """slugs => {
            for (const slug of slugs) document.querySelector(`.sidebar__link[data-room="${slug}"]`).click();
            history.go(-2);
            history.forward();
        }""",
        [slugs[1], slugs[2], slugs[0], slugs[2]],
    )
    await page.wait_for_function("() => location.pathname && document.querySelector('h1').textContent")
    await page.wait_for_function(
        "() => `# ${location.pathname.split('/')[2]}` === document.querySelector('h1').textContent"
    )
    slug = await page.evaluate("location.pathname.split('/')[2]")
    await expect_room(page, slug)
    await expect(page.locator(".message[data-seq]")).to_have_count(3 + slugs.index(slug))
    await say(page, "here it is")
    await expect(message(page, "here it is")).to_be_visible()
    assert ask(live_switchboard, "Message.objects.filter(body='here it is').get().room.slug") == slug


async def test_history_that_is_being_read_stays_with_its_room(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second = make_room(live_switchboard, messages=150), make_room(live_switchboard, messages=2)
    page = await new_page()
    await open_marked(page, first)
    held = []
    await page.route("**/messages/?*", lambda route: held.append(route))
    await page.locator(".log").evaluate("log => (log.scrollTop = 0)")
    await expect(page.get_by_text("Reading earlier messages…")).to_be_visible()
    await go(page, second)
    for route in held:
        await route.continue_()
    await page.unroute("**/messages/?*")
    await expect(page.locator(".message[data-seq]")).to_have_count(2)
    await go(page, first)
    await page.get_by_role("button", name="Newest").click()
    await expect(message(page, "old 150")).to_be_in_viewport()
    seqs = await page.locator(".message[data-seq]").evaluate_all("all => all.map((each) => +each.dataset.seq)")
    assert seqs == list(range(seqs[0], 151))


async def test_a_room_that_is_not_there_or_not_open_says_so_in_place(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    slug, secret = make_room(live_switchboard), make_room(live_switchboard)
    live_switchboard.shell(
        f"from chat.models import Room; Room.objects.filter(slug={secret!r}).update(kind='members', name='Secret')"
    )
    page = await new_page()
    page.expected_errors = ["404", "403"]  # type: ignore[attr-defined]
    await open_marked(page, slug)
    await say(page, f"see #no-such-room and #{secret}")
    for target, words in (("no-such-room", "Nothing here"), (secret, "Not for you")):
        await message(page, "see").get_by_role("link", name=target).click()
        await expect(page.get_by_role("heading", name=words)).to_be_visible()
        await expect(page).to_have_title(re.compile(words))
        await expect(page.locator("h1")).to_have_text(f"# {target}")
        await expect(page.locator("room-talk")).to_have_count(0)
        assert await faults(page) == []
        assert await page.evaluate("window.marked")
        await page.go_back()
        await expect_room(page, slug)
        await expect(message(page, "see")).to_be_visible()


async def test_an_archived_room_can_be_read_in_place(live_switchboard: Serve, new_page: NewPage) -> None:
    slug, old = make_room(live_switchboard), make_room(live_switchboard, messages=2)
    page = await new_page()
    await open_marked(page, slug)
    await say(page, f"see #{old}")
    live_switchboard.shell(
        "from django.utils import timezone; from chat.models import Room;"
        f"Room.objects.filter(slug={old!r}).update(archived_at=timezone.now())"
    )
    await message(page, "see").get_by_role("link", name=old).click()
    await expect(page.get_by_text("This room is archived: it can only be read.")).to_be_visible()
    await expect(message(page, "old 2")).to_be_visible()
    await page.go_back()
    await expect_room(page, slug)
    await expect(page.get_by_role("textbox", name="Message")).to_be_visible()


async def test_a_member_who_is_removed_meanwhile_is_told_at_the_next_visit(
    live_switchboard: Serve, new_page: NewPage
) -> None:
    slug, private = make_room(live_switchboard), make_room(live_switchboard, messages=3)
    page = await new_page()
    page.expected_errors = ["403"]  # type: ignore[attr-defined]
    username = make_account(live_switchboard, "Member")
    live_switchboard.shell(
        "from accounts.models import User; from chat.models import Membership, Room\n"
        f"room = Room.objects.get(slug={private!r}); room.kind = 'members'; room.save()\n"
        f"Membership.objects.create(room=room, user=User.objects.get(username={username!r}))"
    )
    await sign_in(page, username)
    await open_room(page, private)
    await page.evaluate("window.marked = true")
    await expect(page.locator("room-members h2.overline")).to_have_text("Members · 1")
    await go(page, slug)
    await expect(page.locator("room-members")).to_be_hidden()
    live_switchboard.shell(
        "from chat.models import Membership\n"
        f"Membership.objects.filter(room__slug={private!r}, user__username={username!r}).delete()"
    )
    await page.go_back()
    await expect(page.get_by_role("heading", name="Not for you")).to_be_visible()
    await expect(message(page, "old 3")).to_have_count(0)


async def test_other_clicks_are_the_browsers(live_switchboard: Serve, new_page: NewPage) -> None:
    slug, other = make_room(live_switchboard), make_room(live_switchboard)
    page = await new_page()
    await open_marked(page, slug)
    async with page.context.expect_page() as opened:
        await page.locator(f".sidebar__link[data-room={other}]").click(modifiers=["ControlOrMeta"])
    await expect((await opened.value).locator("h1")).to_have_text(f"# {other}")
    await expect_room(page, slug)
    await page.locator(".sidebar").get_by_role("link", name="Roulette").click()
    await expect(page).to_have_url(re.compile("/roulette/$"))
    assert not await page.evaluate("Boolean(window.marked)")


async def test_on_a_phone_the_list_closes(live_switchboard: Serve, new_page: NewPage) -> None:
    first, second = make_room(live_switchboard), make_room(live_switchboard)
    page = await new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    await open_marked(page, first)
    await page.locator(".menu-button").tap()
    await page.locator(f".sidebar__link[data-room={second}]").tap()
    await expect_room(page, second)
    await expect(page.locator("#sidebar")).to_be_hidden()
    await expect(page.locator("main")).to_be_focused()


async def test_a_long_list_of_rooms_makes_no_page_longer(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = max(make_room(live_switchboard) for _ in range(10))
    ada, bo = await new_page(viewport={"width": 1280, "height": 380}), await new_page()
    for page, name in ((ada, "Ada"), (bo, "Bo")):
        await enter(page, name)
        await open_room(page, slug)
    await ada.goto("/roulette/")
    await say(bo, "unread, with words for screen readers far down in the list")
    await expect(ada.locator(f".sidebar__link[data-room={slug}] .count")).to_have_text("1 unread")
    longer = "document.documentElement.scrollHeight - innerHeight"
    assert await ada.evaluate(longer) < 20
