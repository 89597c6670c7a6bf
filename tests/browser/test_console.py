"""The page for people who write a client."""

import re

from playwright.async_api import expect

from tests.browser.steps import NewPage, enter


async def test_echo_for_anybody(new_page: NewPage) -> None:
    page = await new_page()
    await page.goto("/console/")
    await page.get_by_role("button", name="Open", exact=True).click()
    await expect(page.locator(".events__kind")).to_have_text(["message", "open"])
    hostile = "<b>bold</b> <img src=x onerror=alert(1)> ü"
    await page.get_by_label("Frame").fill(hostile)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".events__kind")).to_have_text(["message", "sent", "message", "open"])
    echo = page.locator(".events > li").first
    await expect(echo).to_contain_text("<b>bold</b>")
    await expect(page.locator(".events b, .events img")).to_have_count(0)
    sent = page.locator(".events > li").nth(1)
    await expect(sent).to_contain_text(f"{len(hostile.encode())} bytes")
    await expect(sent.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d\.\d{3}$"))
    await page.get_by_role("button", name="Close", exact=True).click()
    await expect(page.locator(".events > li").first).to_contain_text("1000 (normal)")
    await page.get_by_role("button", name="Clear").click()
    await expect(page.locator(".events > li")).to_have_count(0)


async def test_chat_by_hand(new_page: NewPage) -> None:
    page = await new_page()
    await enter(page, "Client writer")
    await page.goto("/console/")
    await page.get_by_label("Endpoint").select_option("/ws/chat/")
    await page.get_by_role("button", name="Open", exact=True).click()
    await expect(page.get_by_text('"type":"hello"')).to_be_visible()
    for example in ("join", "send"):
        await page.get_by_role("button", name=example, exact=True).click()
        await page.get_by_label("Frame").press("Control+Enter")
    await expect(page.get_by_text('"type":"joined"')).to_be_visible()
    await expect(page.get_by_text('"type":"ack"')).to_be_visible()
    await page.get_by_role("button", name="broken").click()
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text('"code":"bad_message"')).to_be_visible()
    await expect(page.locator(".console .connection")).to_have_text("Open")


async def test_a_refusal_is_shown_with_its_code(new_page: NewPage) -> None:
    page = await new_page()
    await page.goto("/console/")
    await page.get_by_label("Endpoint").select_option("/ws/chat/")
    await page.get_by_role("button", name="Open", exact=True).click()
    await expect(page.locator(".events > li").first).to_contain_text("4401 (sign in)")
    await expect(page.get_by_text("Sign in first.")).to_be_visible()
