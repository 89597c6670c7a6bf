"""A browser on the production set-up: TLS, secure cookies, hashed file names, two processes behind nginx."""

import uuid
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, Page, expect

from harness.cluster import Cluster
from tests.browser.steps import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser lives in it


async def enter(stack: AsyncExitStack, browser: Browser, cluster: Cluster, name: str, errors: list[str]) -> Page:
    """Open a window, sign in as a guest and go to the lobby."""
    context = await browser.new_context(base_url=cluster.nginx.address, ignore_https_errors=True, locale="en-GB")
    stack.push_async_callback(context.close)
    page = await context.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto("/")
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Enter as a guest").click()
    await page.goto("/rooms/lobby/")
    return page


async def test_two_windows_talk(browser: Browser, cluster: Cluster) -> None:
    errors: list[str] = []
    async with AsyncExitStack() as stack:
        ada, grace = [await enter(stack, browser, cluster, name, errors) for name in ("Ada", "Grace")]
        for page, other, body in ((ada, grace, "Hello over TLS"), (grace, ada, "And back")):
            await page.get_by_role("textbox", name="Message").fill(body)
            await page.keyboard.press("Enter")
            await expect(other.get_by_text(body)).to_be_visible()
            await expect(page.get_by_text(body)).to_have_count(1)
        cookies = {cookie["name"]: cookie for cookie in await ada.context.cookies()}
        assert cookies["sessionid"]["secure"]
        assert cookies["sessionid"]["httpOnly"]
        loaded = await ada.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
        scripts = [name for name in loaded if name.endswith(".js")]
        assert scripts
        assert all("/static/" in name and name.rsplit("/", 1)[1].count(".") >= 2 for name in scripts), scripts
        assert len(scripts) == len(set(scripts))
    assert not errors


async def test_a_board_is_edited_by_one_and_seen_and_wound_back_by_another(browser: Browser, cluster: Cluster) -> None:
    errors: list[str] = []
    slug, editor = f"test-{uuid.uuid4().hex[:8]}", f"editor-{uuid.uuid4().hex[:8]}"
    cluster.web[0].shell(
        "from datetime import timedelta; from django.db import transaction; from django.utils import timezone\n"
        "from accounts.models import User; from boards import boards; from streams import catalogue, store\n"
        "from streams.pushed import Pushed\n"
        f"User.objects.create_superuser({editor!r}, {PASSWORD!r}); now = timezone.now()\n"
        "for name in ('one', 'other'):\n"
        f"    stream = catalogue.create_stream(f'{slug}-{{name}}', label=name)\n"
        f"    board = boards.show_on_board(stream, {slug!r}); board.guests = True; board.save()\n"
        "    with transaction.atomic():\n"
        "        store.push(stream, [Pushed(60 - age, now - timedelta(minutes=age)) for age in range(60, -1, -1)])\n"
    )
    async with AsyncExitStack() as stack:
        ada = await enter(stack, browser, cluster, "Ada", errors)
        grace = await enter(stack, browser, cluster, "Grace", errors)
        await grace.get_by_role("button", name="Sign out").click()
        await grace.goto("/sign-in/")
        await grace.get_by_label("User name").fill(editor)
        await grace.get_by_label("Password").fill(PASSWORD)
        await grace.get_by_role("button", name="Sign in").click()
        await expect(grace.get_by_role("heading", name="Hello")).to_be_visible()
        for page in (ada, grace):
            await page.goto(f"/boards/{slug}/")
            await expect(page.locator("board-tile h2")).to_have_text(["one", "other"])
            await expect(page.locator("board-connection .connection")).to_have_attribute("data-phase", "live")
        await grace.keyboard.press("e")
        await grace.get_by_role("button", name="Move other").press("ArrowLeft")
        await expect(grace.locator(".edit-bar__notice")).to_have_text("Saved")
        await expect(ada.locator("board-tile h2")).to_have_text(["other", "one"])
        digits = ada.locator(".figure__digits").first
        await expect(digits).to_have_text("60")
        await ada.keyboard.press("r")
        await ada.get_by_role("slider", name="Time").fill("360")
        await expect(digits).to_have_text("30")
        await expect(ada.locator("board-connection")).to_have_text("Not live: the past")
        await ada.get_by_role("button", name="Back to live").click()
        await expect(digits).to_have_text("60")
    assert not errors
