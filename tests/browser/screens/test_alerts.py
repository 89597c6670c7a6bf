"""An alert's card in real windows: it fires, somebody takes charge with the keyboard, and it ends."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
from playwright.async_api import expect

from harness.servers import Serve
from tests.browser.steps import NewPage, enter, make_account, make_room, open_room, say, sign_in
from tests.browser.test_accessibility import faults


def make_alert(server: Serve, room: str) -> Callable[..., None]:
    """Make a stream on a board, and a rule that posts into `room`; return a function that pushes a value."""
    slug = f"oven-{uuid.uuid4().hex[:6]}"
    token = server.shell(
        "from boards import boards; from streams import catalogue; from streams.push import tokens\n"
        "from alerts.models import AlertRule\n"
        f"stream = catalogue.create_stream({slug!r}, label='Oven', unit='°C')\n"
        f"board = boards.show_on_board(stream, {slug!r}); board.guests = True; board.save()\n"
        "AlertRule.objects.create(stream=stream, limit=90, hold=0, settle=0, severity='crit', "
        f"room={room!r})\n"
        "print(tokens.issue_token(stream))"
    )
    headers = {"Authorization": f"Bearer {token.strip().splitlines()[-1]}"}

    def push(value: float, seconds_ago: float = 0) -> None:
        path = f"{server.address}/api/streams/{slug}/"
        pushed = {"value": value, "at": (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()}
        httpx.post(path, json=pushed, headers=headers, trust_env=False).raise_for_status()

    return push


async def test_a_card_fires_is_acknowledged_by_keyboard_and_ends(live_switchboard: Serve, new_page: NewPage) -> None:
    room = make_room(live_switchboard)
    ada, bo = await new_page(), await new_page(color_scheme="dark", viewport={"width": 390, "height": 844})
    await enter(ada, "Ada")
    await sign_in(bo, make_account(live_switchboard, "Bo Lind"))
    for page in (ada, bo):
        await open_room(page, room)
    push = make_alert(live_switchboard, room)
    push(20, seconds_ago=60)
    push(97)
    for page in (ada, bo):
        await expect(page.locator(".alert")).to_have_attribute("data-state", "firing", timeout=15_000)
        await expect(page.locator(".alert__standing")).to_have_text("■Critical · firing")
        await expect(page.locator(".alert__value")).to_have_text("97 °C")
        await expect(page.locator(".alert__line")).to_be_attached()
        assert await faults(page) == []
    await ada.get_by_role("button", name="Acknowledge").focus()
    await ada.keyboard.press("Enter")
    await expect(ada.locator(".message--alert")).to_be_focused()
    await expect(ada.locator(".alert__who")).to_contain_text("Acknowledged by you")
    await expect(bo.locator(".alert__who")).to_contain_text("Acknowledged by Ada")
    for page in (ada, bo):
        await expect(page.locator(".alert__standing")).to_have_text("■Critical · acknowledged")
        await expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    await say(ada, "The door was open")
    push(20)
    for page in (ada, bo):
        await expect(page.locator(".alert__standing")).to_have_text(re.compile("●Resolved after"), timeout=15_000)
        await expect(page.locator(".alert")).to_have_count(1)
    assert await bo.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await ada.get_by_role("link", name="at that moment").click()
    await expect(ada.locator("board-view")).to_contain_text("97", timeout=15_000)
    await expect(ada.get_by_role("button", name="Back to live")).to_be_visible()
