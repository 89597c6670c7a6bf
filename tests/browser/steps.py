"""Common steps of people in a browser."""

import functools
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from playwright.async_api import Locator, Page, WebSocketRoute, expect

from harness.servers import Serve

#: The fixture `new_page`.
NewPage = Callable[..., Awaitable[Page]]
PASSWORD = "correct horse battery"


async def enter(page: Page, name: str) -> None:
    """Enter as a guest, without looking at the home page."""
    answer = await page.context.request.post("/api/session/", data={"name": name})
    assert answer.status == 201, await answer.text()


async def sign_in(page: Page, username: str) -> None:
    await page.goto("/sign-in/")
    await page.get_by_label("User name").fill(username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Hello")).to_be_visible()


def make_account(server: Serve, name: str) -> str:
    """Make an account with this shown name; return its user name."""
    username = f"{name.split()[0].lower()}-{uuid.uuid4().hex[:6]}"
    server.shell(
        f"from accounts.models import User;User.objects.create_user({username!r}, {PASSWORD!r}, name={name!r}).save()"
    )
    return username


@functools.cache
def room_owner(server: Serve) -> httpx.Client:
    """Return a session of an account that may make rooms at this server."""
    client = httpx.Client(base_url=server.address, trust_env=False, follow_redirects=True)
    client.get("/sign-in/")
    fields = {"username": make_account(server, "Owner"), "password": PASSWORD}
    token = client.cookies["csrftoken"]
    client.post("/sign-in/", data=fields | {"csrfmiddlewaretoken": token}).raise_for_status()
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
    return client


def make_room(server: Serve, messages: int = 0) -> str:
    """Make a new public room for a test, with this many messages; return its slug."""
    client = room_owner(server)
    fields = {"name": f"test-{uuid.uuid4().hex[:8]}", "topic": "A test", "guests": True}
    answer = client.post("/api/rooms/", json=fields)
    assert answer.status_code == 201, answer.text
    slug: str = answer.json()["room"]["slug"]
    if messages:
        server.shell(
            "import uuid; from accounts.models import User; from chat.models import Room\n"
            "from chat.log import changes, store\n"
            f"room = Room.objects.get(slug={slug!r})\n"
            "user = User.objects.create_guest('Historian')\n"
            "store.apply([changes.Post(room.pk, user.pk, uuid.uuid4(), f'old {n}', f'<p>old {n}</p>')"
            f" for n in range(1, {messages} + 1)])"
        )
    return slug


def ask(server: Serve, code: str) -> Any:
    """Return the value of a Python expression about the server's data (`Message`, `Room`, `Report` … are known)."""
    imports = "import json; from accounts.models import *; from chat.models import *; from roulette.models import *\n"
    return json.loads(server.shell(f"{imports}print(json.dumps({code}))").strip().splitlines()[-1])


async def open_room(page: Page, slug: str) -> None:
    await page.goto(f"/rooms/{slug}/")
    await expect_live(page)


async def expect_live(page: Page) -> None:
    await expect(page.locator(".connection")).to_have_attribute("data-phase", "live", timeout=40_000)


async def say(page: Page, text: str) -> None:
    composer = page.get_by_role("textbox", name="Message")
    await composer.fill(text)
    await composer.press("Enter")


def message(page: Page, text: str) -> Locator:
    """The messages in the log that contain `text`, without unsent ones."""
    return page.locator(".message[data-seq]").filter(has_text=text)


def unsent(page: Page, text: str) -> Locator:
    return page.locator(".message--pending").filter(has_text=text)


def people(page: Page) -> Locator:
    return page.locator("room-people .person")


async def kept(page: Page, number: int) -> None:
    """Wait until this many unsent messages are in the browser's store."""
    script = """async (number) => {
        const ask = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
        const database = await ask(indexedDB.open("switchboard"));
        for (const end = Date.now() + 20_000; Date.now() < end; ) {
            const all = await ask(database.transaction("outbox").objectStore("outbox").getAll());
            if (all.length === number) return true;
            await new Promise((go) => setTimeout(go, 50));
        }
        return false;
    }"""
    assert await page.evaluate(script, number), f"the store does not come to {number} messages"


class Line:
    """The connection between one window and the server, which a test can cut. Make it before opening the page."""

    def __init__(self) -> None:
        self.down = False
        self.open: list[WebSocketRoute] = []

    @classmethod
    async def of(cls, page: Page, path: str = "**/ws/chat/") -> "Line":
        line = cls()
        await page.route_web_socket(path, line._connect)
        return line

    async def _connect(self, route: WebSocketRoute) -> None:
        if self.down:
            await route.close(code=1012)
            return
        route.connect_to_server()
        self.open.append(route)

    async def cut(self) -> None:
        self.down = True
        for route in self.open:
            await route.close(code=1012)
        self.open.clear()

    def mend(self) -> None:
        self.down = False
