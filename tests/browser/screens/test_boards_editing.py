"""Editing boards in the browser: by drag and keyboard, with undo, live for others, never overwriting their work."""

import functools
import re
import uuid
from collections.abc import Iterator

from playwright.async_api import Locator, Page, Route, expect

from harness.servers import Serve
from tests.browser.screens.test_boards import expect_live, tile
from tests.browser.steps import PASSWORD, NewPage, enter
from tests.browser.test_accessibility import faults, overflow

#: One for each test.
BOARDS = 8


@functools.cache
def pool(server: Serve) -> tuple[str, Iterator[str]]:
    """Make an account that may edit boards, and several boards with the tiles A, B and C.

    Return its name and their slugs.
    """
    username, start = f"editor-{uuid.uuid4().hex[:6]}", uuid.uuid4().hex[:8]
    slugs = [f"test-{start}-{number}" for number in range(BOARDS)]
    server.shell(
        "from accounts.models import User; from boards.models import *; from streams.models import *\n"
        f"User.objects.create_superuser({username!r}, {PASSWORD!r})\n"
        f"for slug in {slugs!r}:\n"
        "    board = Board.objects.create(slug=slug, title='Test', guests=True)\n"
        "    for place, name in enumerate('ABC'):\n"
        "        stream = Stream.objects.create(slug=f'{slug}-{name.lower()}', label=name)\n"
        "        board.widgets.create(type='number', position=place, width=4).streams.add(stream)\n"
    )
    return username, iter(slugs)


def make_board(server: Serve) -> tuple[str, str]:
    """Return the slug of a new board for a test, and the user name of somebody who may edit it."""
    username, slugs = pool(server)
    return next(slugs), username


async def edit(page: Page, slug: str, username: str) -> None:
    await page.context.request.get("/sign-in/")
    [token] = [cookie["value"] for cookie in await page.context.cookies() if cookie["name"] == "csrftoken"]
    fields: dict[str, str | float | bool] = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token}
    answer = await page.context.request.post("/sign-in/", form=fields)
    assert answer.ok, await answer.text()
    await page.goto(f"/boards/{slug}/")
    await expect_live(page)
    await page.keyboard.press("e")
    await expect(page.get_by_role("toolbar", name="Edit the board")).to_be_visible()


async def watch(page: Page, slug: str) -> None:
    await enter(page, "Bo")
    await page.goto(f"/boards/{slug}/")
    await expect_live(page)


def titles(page: Page) -> Locator:
    return page.locator("board-tile h2")


def notice(page: Page) -> Locator:
    return page.locator(".edit-bar__notice")


async def drag(page: Page, handle: Locator, to: tuple[float, float]) -> None:
    box = await handle.bounding_box()
    assert box
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    await page.mouse.move(*to, steps=8)
    await page.mouse.up()


async def test_the_focus_goes_to_the_work_and_back(live_switchboard: Serve, new_page: NewPage) -> None:
    slug, username = make_board(live_switchboard)
    page = await new_page()
    await edit(page, slug, username)
    await expect(page.get_by_role("button", name="Add tile")).to_be_focused()
    await page.get_by_role("button", name="Done").click()
    await page.get_by_role("button", name="Edit", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Add tile")).to_be_focused()
    await page.get_by_role("button", name="Done").press("Enter")
    await expect(page.get_by_role("button", name="Edit", exact=True)).to_be_focused()


async def test_tiles_are_dragged_and_resized_and_others_see_it(live_switchboard: Serve, new_page: NewPage) -> None:
    slug, username = make_board(live_switchboard)
    grace, bo = await new_page(), await new_page()
    await edit(grace, slug, username)
    await watch(bo, slug)
    handle = grace.get_by_role("button", name="Move C")
    first, held = await tile(grace, "A").bounding_box(), await handle.bounding_box()
    assert first
    assert held
    await grace.mouse.move(held["x"] + 9, held["y"] + 9)
    await grace.mouse.down()
    await grace.mouse.move(first["x"] + 20, first["y"] + 60, steps=8)
    await expect(titles(grace)).to_have_text(["C", "A", "B"])
    await grace.keyboard.press("Escape")  # given up
    await expect(titles(grace)).to_have_text(["A", "B", "C"])
    await grace.mouse.up()
    await expect(grace.get_by_role("button", name="Undo")).to_be_disabled()
    await drag(grace, handle, (first["x"] + 20, first["y"] + 60))
    await expect(titles(grace)).to_have_text(["C", "A", "B"])
    await expect(notice(grace)).to_have_text("Saved")
    await expect(titles(bo)).to_have_text(["C", "A", "B"])
    corner = tile(grace, "C").locator("xpath=..").locator(".handles__size")
    await drag(grace, corner, (first["x"] + 2 * first["width"], first["y"] + 2 * first["height"]))
    await expect(bo.locator("board-tile").first).to_have_attribute("data-width", "8")
    await expect(bo.locator("board-tile").first).to_have_attribute("data-height", "2")
    for _ in range(2):
        await grace.keyboard.press("Control+z")
    await expect(titles(bo)).to_have_text(["A", "B", "C"])
    await expect(bo.locator("board-tile").nth(2)).to_have_attribute("data-width", "4")
    await expect(grace.get_by_role("button", name="Undo")).to_be_disabled()


async def test_all_is_done_with_the_keyboard_too(live_switchboard: Serve, new_page: NewPage) -> None:
    slug, username = make_board(live_switchboard)
    page = await new_page()
    await edit(page, slug, username)
    handle = page.get_by_role("button", name="Move A")
    await handle.focus()
    await page.keyboard.press("ArrowRight")
    await expect(titles(page)).to_have_text(["B", "A", "C"])
    await expect(handle).to_be_focused()
    await expect(page.get_by_text("Position 2 of 3")).to_be_attached()
    await page.keyboard.press("End")
    await page.keyboard.press("Shift+ArrowRight")
    await page.keyboard.press("Shift+ArrowDown")
    await expect(page.get_by_text("5 columns, 2 rows")).to_be_attached()
    await expect(handle).to_be_focused()
    await page.get_by_role("button", name="Move B").focus()
    await page.keyboard.press("Delete")
    await expect(titles(page)).to_have_text(["C", "A"])
    await expect(notice(page)).to_have_text("Saved")
    await page.keyboard.press("Control+z")
    await expect(titles(page)).to_have_text(["B", "C", "A"])
    await expect(notice(page)).to_have_text("Saved")
    await page.reload()
    await expect(titles(page)).to_have_text(["B", "C", "A"])
    await expect(page.locator("board-tile").nth(2)).to_have_attribute("data-width", "5")


async def test_who_edits_is_told_how_the_board_is_on_a_wall(live_switchboard: Serve, new_page: NewPage) -> None:
    slug, username = make_board(live_switchboard)
    page = await new_page(viewport={"width": 1280, "height": 860})
    await edit(page, slug, username)
    await expect(page.locator("[data-on-wall]")).to_have_text("On a wall this board takes one page.")
    await expect(page.locator(".handles__note")).to_have_count(0)
    live_switchboard.shell(
        "from boards.models import *; from streams.models import *\n"
        f"tiles = Widget.objects.filter(board__slug={slug!r}).order_by('position')\n"
        "tiles.update(width=12, height=4); Widget.objects.filter(pk=tiles.last().pk).update(type='gauge', height=1)"
    )
    await page.reload()
    await expect_live(page)
    await page.keyboard.press("e")
    await expect(page.locator("[data-on-wall]")).to_have_text("On a wall this board takes 2 pages.")
    notes = page.locator(".handles__note")
    await expect(notes).to_have_text(["On a wall: page 2 begins here", "On a wall: without its ring"])


async def test_a_tile_is_added_and_configured(live_switchboard: Serve, new_page: NewPage) -> None:
    slug, username = make_board(live_switchboard)
    page, bo = await new_page(), await new_page()
    await edit(page, slug, username)
    await watch(bo, slug)
    assert await faults(page) == [], "the editor"
    await page.get_by_role("button", name="Add tile").click()
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("Choose a stream.")
    await page.get_by_label("Shows", exact=True).select_option("line")
    await page.get_by_label("CPU", exact=True).check()
    await page.get_by_label("Shows the last").select_option("3600")
    await page.get_by_label("Title").fill("The last hour")
    assert await faults(page) == [], "the dialog"
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(tile(bo, "The last hour").locator("canvas")).to_be_visible()
    await page.get_by_role("button", name="Configure A").click()
    await page.get_by_label("Shows", exact=True).select_option("text")
    await page.get_by_label("Text", exact=True).fill("**bold** <img src=x onerror=alert(1)>")
    await page.get_by_role("button", name="Save").click()
    await expect(bo.locator(".prose strong")).to_have_text("bold")
    await expect(bo.locator(".prose img")).to_have_count(0)
    await page.get_by_role("button", name="Title and time zone").click()
    await page.get_by_label("Title").fill("Renamed")
    await page.get_by_role("button", name="Save").click()
    await expect(bo.get_by_role("heading", level=1)).to_have_text("Renamed")


async def test_a_stale_edit_is_told_and_shows_the_board_as_it_is(live_switchboard: Serve, new_page: NewPage) -> None:
    slug, username = make_board(live_switchboard)
    page = await new_page()
    page.expected_errors += ["409"]  # type: ignore[attr-defined]
    await edit(page, slug, username)

    overtaken = False

    async def be_slower(route: Route) -> None:
        nonlocal overtaken
        if route.request.method == "PUT" and not overtaken:
            overtaken = True
            there = await (await page.context.request.get(f"/api/boards/{slug}/")).json()
            theirs = {**there["board"], "title": "Theirs"}
            theirs["widgets"] = sorted(theirs["widgets"], key=lambda each: each["streams"], reverse=True)
            answer = await page.context.request.put(
                f"/api/boards/{slug}/", data=theirs, headers={"X-CSRFToken": route.request.headers["x-csrftoken"]}
            )
            assert answer.status == 200, await answer.text()
        await route.continue_()

    await page.route(f"**/api/boards/{slug}/", be_slower)
    await page.get_by_role("button", name="Move A").focus()
    await page.keyboard.press("Delete")
    await expect(page.get_by_role("alert")).to_contain_text("Somebody else changed this board")
    await expect(titles(page)).to_have_text(["C", "B", "A"])
    await expect(page.get_by_role("heading", level=1)).to_have_text("Theirs")
    await expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    await page.get_by_role("button", name="Delete A").click()
    await expect(notice(page)).to_have_text("Saved")
    await expect(titles(page)).to_have_text(["C", "B"])


async def test_a_board_is_made_in_the_browser(live_switchboard: Serve, new_page: NewPage) -> None:
    slug, username = make_board(live_switchboard)
    page = await new_page()
    await edit(page, slug, username)
    await page.goto("/boards/")
    await page.set_viewport_size({"width": 360, "height": 780})
    assert await overflow(page) <= 0
    await page.get_by_label("Title of a new board").fill(f"New {slug}")
    await page.get_by_role("button", name="New board").click()
    await expect(page).to_have_url(re.compile(f"/boards/new-{slug}/#edit$"))
    await page.get_by_role("button", name="Add tile").click()
    await page.get_by_label("Shows", exact=True).select_option("clock")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("board-tile .clock")).to_contain_text(re.compile(r"\d\d:\d\d"))
    await expect(notice(page)).to_have_text("Saved")


async def test_who_may_only_look_is_offered_no_editing(live_switchboard: Serve, new_page: NewPage) -> None:
    page = await new_page()
    await watch(page, "counter")
    await expect(page.get_by_role("button", name="Rewind")).to_be_visible()
    await expect(page.get_by_role("button", name="Edit")).to_have_count(0)
