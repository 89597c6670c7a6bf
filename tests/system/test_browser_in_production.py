"""A browser on the production set-up: TLS, secure cookies, hashed file names, two processes behind nginx."""

from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, Page, expect

from tests.cluster import Cluster

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser lives in it


async def enter(stack: AsyncExitStack, browser: Browser, cluster: Cluster, name: str, errors: list[str]) -> Page:
    """Open a window, sign in as a guest and go to the lobby."""
    context = await browser.new_context(base_url=cluster.nginx.address, ignore_https_errors=True)
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
