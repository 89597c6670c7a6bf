"""The page of a room when readers turn the phone, print it, translate it, or choose their own colours."""

import re

from playwright.async_api import expect

from harness.servers import Serve
from tests.browser.steps import (
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
)

#: Translates a page like Chrome: two nested <font> elements replace each text.
TRANSLATE = """() => {
    const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (all.nextNode()) texts.push(all.currentNode);
    for (const text of texts) {
        const parent = text.parentElement;
        if (!text.data.trim() || parent.closest("[translate=no], script, style, textarea, font, svg")) continue;
        const [outer, inner] = [document.createElement("font"), document.createElement("font")];
        text.replaceWith(outer);
        outer.append(inner);
        inner.append(text);
    }
}"""

#: Where message `seq` begins in the view, in pixels.
TOP = """seq => document.querySelector(`.message[data-seq="${seq}"]`).getBoundingClientRect().top
    - document.querySelector(".log").getBoundingClientRect().top"""


async def test_what_changes_goes_on_changing_in_a_translated_page(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    ada, bo = await new_page(), await new_page()
    for page, name in ((ada, "Ada"), (bo, "Bo")):
        await enter(page, name)
        await open_room(page, slug)
    await say(bo, "one")
    await say(bo, "two")
    await message(bo, "one").hover()
    await message(bo, "one").get_by_role("button", name="React").click()
    await message(bo, "one").get_by_role("button", name="party").click()
    await expect(message(ada, "one").locator(".reaction")).to_have_text(re.compile("1"))
    await expect(people(ada)).to_have_count(2)
    await expect(ada.locator(".log__note")).to_have_text("Bo joined")
    await ada.evaluate(TRANSLATE)
    await bo.get_by_role("textbox", name="Message").press("ArrowUp")
    await say(bo, "two, edited")
    await expect(message(ada, "two, edited")).to_have_count(1)
    await expect(message(ada, "two, edited").locator(".message__body")).to_have_text("two, edited")
    await message(ada, "one").locator(".reaction").click()
    await expect(message(ada, "one").locator(".reaction")).to_have_text(re.compile(r"^\s*🎉\s*2\s*$"))
    await bo.get_by_role("textbox", name="Message").press_sequentially("hm")
    await expect(ada.locator(".talk__typing")).to_have_text("Bo is typing…")
    third = await new_page()
    await enter(third, "Grace")
    await open_room(third, slug)
    await expect(ada.locator(".log__note").last).to_have_text(re.compile("Grace joined$"))
    await expect(ada.locator("room-people h2")).to_have_text(re.compile(r"Here now · 3"))
    await ada.evaluate(TRANSLATE)
    await third.get_by_role("textbox", name="Message").press_sequentially("so")
    await expect(ada.locator(".talk__typing")).to_have_text(re.compile("Bo and Grace are typing…|Grace is typing…"))
    await say(third, "three")
    await expect(message(ada, "three")).to_be_visible()
    await third.close()
    await expect(ada.locator("room-people h2")).to_have_text(re.compile(r"Here now · 2"), timeout=20_000)
    await say(ada, "still here")
    await expect(ada.locator(".message--pending")).to_have_count(0)
    await expect(ada.locator(".message[data-seq] .message__body")).to_have_text(
        ["one", "two, edited", "three", "still here"]
    )


async def test_the_place_is_kept_when_the_page_changes_its_size(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    page = await new_page()
    live_switchboard.shell(
        "import uuid; from accounts.models import User; from chat.models import Room\n"
        "from chat.log import changes, store\n"
        f"room = Room.objects.get(slug={slug!r})\n"
        "user = User.objects.create_guest('Historian')\n"
        "text = lambda n: f'old {n} ' + 'long enough to break into more lines on a phone ' * (n % 5)\n"
        "said = [changes.Post(room.pk, user.pk, uuid.uuid4(), text(n), f'<p>{text(n)}</p>') for n in range(1, 101)]\n"
        "store.apply(said)"
    )
    await enter(page, "Ada")
    await open_room(page, slug)
    first = await page.evaluate(
        """() => {
            const log = document.querySelector(".log");
            log.scrollTop = log.scrollHeight / 2;
            const edge = log.getBoundingClientRect().top;
            const all = [...log.querySelectorAll(".message[data-seq]")];
            return all.find((each) => each.getBoundingClientRect().bottom > edge).dataset.seq;
        }"""
    )
    await page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    for width, height in ((390, 844), (844, 390), (390, 500), (1280, 800)):
        before = await page.evaluate(TOP, first)
        await page.set_viewport_size({"width": width, "height": height})
        # A message that begins above the view and breaks otherwise keeps its beginning where it was.
        await page.wait_for_function(f"seq => Math.abs(({TOP})(seq) - {before}) < 2", arg=first)
    await page.get_by_role("button", name="Newest").click()
    for width, height in ((390, 844), (390, 400)):  # the keyboard of a phone opens
        await page.set_viewport_size({"width": width, "height": height})
        await expect(page.locator('.message[data-seq="100"]')).to_be_in_viewport(ratio=1)


async def test_paper_shows_the_whole_log(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard, messages=50)
    page = await new_page()
    await enter(page, "Ada")
    await open_room(page, slug)
    await page.emulate_media(media="print")
    last = """() => document.querySelector(".main").getBoundingClientRect().bottom
        - [...document.querySelectorAll(".message")].at(-1).getBoundingClientRect().bottom"""
    assert await page.evaluate(last) >= 0
    for each in (".main", ".talk", ".log"):
        assert await page.locator(each).evaluate("each => getComputedStyle(each).overflowY") == "visible", each
    assert await page.evaluate("document.querySelector('.log').clientHeight") > 1500
    await expect(page.locator(".sidebar")).to_be_hidden()
    await expect(page.locator(".composer")).to_be_hidden()


async def test_colours_of_the_reader_show_where_one_is(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    page = await new_page()
    await enter(page, "Ada")
    await page.emulate_media(forced_colors="active")
    await open_room(page, slug)
    border = "link => { const s = getComputedStyle(link); return s.borderTopWidth + ' ' + s.borderTopColor; }"
    current = await page.locator(f".sidebar__link[data-room={slug}]").evaluate(border)
    other = await page.locator(".sidebar__link[data-room=lobby]").evaluate(border)
    assert current != other
    assert current.startswith("2px")


async def test_the_same_number_of_new_messages_is_announced_again(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    ada, bo = await new_page(), await new_page()
    for page, name in ((ada, "Ada"), (bo, "Bo")):
        await enter(page, name)
        await open_room(page, slug)
    said = ada.locator("room-log [role=status] span")

    async def burst(texts: list[str]) -> None:
        await bo.evaluate(
            "texts => { for (const text of texts) document.querySelector('room-talk').roomState.send(text); }", texts
        )
        await expect(message(ada, texts[-1])).to_be_visible(timeout=20_000)

    await burst(["first one", "first two"])
    await expect(said).to_have_text(re.compile(r"\d new messages?"))
    heard = await said.element_handle()
    assert heard is not None
    await burst(["second one", "second two"])
    # Other words, or the same in a new element: a screen reader ignores text that does not change.
    await ada.wait_for_function("before => !before.isConnected", arg=heard)
    await expect(said).to_have_text(re.compile(r"\d new messages?"))


async def test_names_and_texts_find_their_own_direction(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    page = await new_page()
    await enter(page, "שרה")
    await open_room(page, slug)
    field = page.get_by_role("textbox", name="Message")
    await field.fill("שלום, hello")
    direction = "each => getComputedStyle(each).direction"
    assert await field.evaluate(direction) == "rtl"
    await field.press("Enter")
    said = message(page, "שלום")
    await expect(said).to_be_visible()
    assert await said.locator(".message__body > *").first.evaluate(direction) == "rtl"
    assert await said.locator(".message__sender").evaluate(direction) == "rtl"


async def test_new_names_and_the_end_of_a_room_reach_open_pages(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    live_switchboard.shell(f"from chat.models import Room; Room.objects.filter(slug={slug!r}).update(topic='')")
    ada = await new_page(permissions=["clipboard-read", "clipboard-write"])
    bo, staff = await new_page(), await new_page()
    for page, name in ((ada, "Ada"), (bo, "Bo")):
        await enter(page, name)
        await open_room(page, slug)
    await say(bo, "said as Bo")
    await expect(message(ada, "said as Bo")).to_be_visible()
    await bo.goto("/")
    username = make_account(live_switchboard, "Ada Admin")
    live_switchboard.shell(
        f"from accounts.models import User; User.objects.filter(username={username!r})"
        ".update(is_staff=True, is_superuser=True)"
    )
    await sign_in(staff, username)
    room = ask(live_switchboard, f"Room.objects.get(slug={slug!r}).pk")
    person = ask(live_switchboard, f"Message.objects.get(room__slug={slug!r}).sender_id")
    for path, name in ((f"chat/room/{room}", "canteen $&"), (f"accounts/user/{person}", "Boris")):
        await staff.goto(f"/admin/{path}/change/")
        await staff.locator("#id_name").fill(name)
        if "room" in path:
            await staff.locator("#id_topic").fill("Soup today")
        await staff.locator("[name=_save]").click()
        await expect(staff.locator(".messagelist .success")).to_be_visible()
    link = f".sidebar__link[data-room={slug}]"
    for page in (ada, bo):
        await expect(page.locator(link).locator("[data-name]")).to_have_text("canteen $&")
    card = bo.locator(f"[data-home-room={slug}]")
    await expect(card).to_contain_text("# canteen $&")
    await expect(card).to_contain_text("Soup today")
    await expect(ada.get_by_role("heading", level=1)).to_have_text("# canteen $&")
    await expect(ada.get_by_text("Soup today")).to_be_visible()
    await expect(ada).to_have_title(re.compile(r"# canteen \$& ·"))
    await expect(message(ada, "said as Bo").locator(".message__sender")).to_have_text("Boris")
    await expect(bo.locator(".sidebar__name")).to_contain_text("Boris")
    await ada.get_by_role("textbox", name="Message").fill("one last thing")
    await staff.goto(f"/admin/chat/room/?q={slug}")
    await staff.locator("#action-toggle").check()
    await staff.locator("select[name=action]").select_option("archive")
    await staff.locator("button[name=index]").click()
    for listed in (bo.locator(link), card):
        await expect(listed).to_have_count(0)
    await expect(ada.get_by_text("This room was archived: it can be read")).to_be_visible()
    await expect(ada.get_by_role("textbox", name="Message")).to_have_count(0)
    await expect(message(ada, "said as Bo")).to_be_visible()
    await expect_live(ada)
    await expect(people(ada).first).to_contain_text("Ada (you)")
    # Ada's draft is still there until she discards it.
    unsent = ada.locator(".notice").filter(has_text="What you were writing here was not sent:")
    await expect(unsent).to_contain_text("one last thing")
    await ada.reload()
    await unsent.get_by_role("button", name="Copy").click()
    await expect(unsent.get_by_role("button", name="Copied")).to_be_visible()
    assert await ada.evaluate("navigator.clipboard.readText()") == "one last thing"
    await unsent.get_by_role("button", name="Discard").click()
    await expect(unsent).to_have_count(0)


async def test_an_account_closed_in_a_room_is_promised_nothing(live_switchboard: Serve, new_page: NewPage) -> None:
    slug = make_room(live_switchboard)
    ada, staff = await new_page(), await new_page()
    ada.expected_errors += ["401", "403"]  # type: ignore[attr-defined]
    closed, username = make_account(live_switchboard, "Ada Moor"), make_account(live_switchboard, "Ada Admin")
    live_switchboard.shell(
        f"from accounts.models import User; User.objects.filter(username={username!r})"
        ".update(is_staff=True, is_superuser=True)"
    )
    await sign_in(ada, closed)
    await open_room(ada, slug)
    await ada.get_by_role("textbox", name="Message").fill("one last thing")
    await sign_in(staff, username)
    await staff.goto(f"/admin/accounts/user/?q={closed}")
    await staff.locator("#action-toggle").check()
    await staff.locator("select[name=action]").select_option("ban")
    await staff.locator("button[name=index]").click()
    await expect(ada.get_by_text("This account is closed.")).to_be_visible()
    await expect(ada.get_by_role("button", name="Try now")).to_have_count(0)
    await expect(ada.get_by_role("button", name="Send")).to_have_count(0)
    await expect(ada.get_by_text("when the connection is back")).to_have_count(0)
    await expect(ada.locator("[data-left-over]")).to_have_text("one last thing")
    await expect(ada.get_by_role("button", name="Copy")).to_be_visible()
