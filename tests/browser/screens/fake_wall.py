"""A wall's page without a server.

It has the real template, modules and styles, and a fake socket that sends a test's events.
"""

import asyncio
import json
import mimetypes
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.async_api import Browser, Page, Route, WebSocketRoute, expect

Json = dict[str, Any]

ADDRESS = "http://wall.test/"
BUILD = "one"
MEASURES = (Path(__file__).parent / "measures.js").read_text()


def now() -> str:
    return datetime.now(UTC).isoformat()


def rendered(template: str, config: Json) -> str:
    request = RequestFactory().get("/")
    request.csp_nonce = "nonce"  # type: ignore[attr-defined]
    context = {"wall": {"name": "Wall", "theme": ""}, "board": {"title": "Board", "slug": "one"}, "config": config}
    return render_to_string(template, context, request)


class FakeWall:
    """A wall's page. `show` sends snapshots; `say` sends any other event of the protocol."""

    page: Page
    html: str

    def __init__(self) -> None:
        self.line: WebSocketRoute | None = None
        self.down = False
        self.watched = asyncio.Event()
        self.places: list[Json] = []
        self.snapshots: list[Json] = []

    @classmethod
    async def open(cls, browser: Browser, *places: Json, page: str = "wall", **options: Any) -> "FakeWall":
        """Open the page of a wall with these slots (see `place`).

        `page`: "board", or "board_full" for its full screen.
        """
        wall = cls()
        wall.places = list(places)
        context = await browser.new_context(**options)
        wall.page = await context.new_page()
        config = {"token": "t", "key": "k", "board": "one", "full": page != "board", "build": BUILD, "mayEdit": False}
        wall.html = rendered(f"{'walls' if page == 'wall' else 'boards'}/{page}.html", config)
        await wall.page.route("**/*", wall._serve)
        await wall.page.route_web_socket("**/ws/**", wall._connect)
        await wall.page.add_init_script(MEASURES)
        await wall.page.goto(ADDRESS)
        return wall

    async def close(self) -> None:
        await self.page.context.close()

    async def _serve(self, route: Route) -> None:
        path = unquote(urlsplit(route.request.url).path)
        if path == "/":
            await route.fulfill(body=self.html, content_type="text/html; charset=utf-8")
        elif found := path.startswith("/static/") and finders.find(path.removeprefix("/static/")):
            await route.fulfill(path=str(found), content_type=mimetypes.guess_type(path)[0])
        else:
            await route.fulfill(status=404, body="{}")

    async def _connect(self, line: WebSocketRoute) -> None:
        if self.down:
            await line.close(code=1012)
            return
        line.on_message(lambda frame: self._answer(line, frame))
        hello = {"type": "hello", "protocol": 1, "user": None, "now": now(), "build": BUILD, "heartbeat": 600}
        line.send(json.dumps(hello))
        if "/ws/boards/" not in line.url:
            return  # that of rooms
        self.line = line
        self.plan(*self.places)
        for snapshot in self.snapshots:
            self.say(snapshot)

    def _answer(self, line: WebSocketRoute, frame: str | bytes) -> None:
        command = json.loads(frame)
        said = {"seq": 1, "rev": 1, "sender": {"name": "Ada"}, "at": now(), "deleted": False}
        if command["type"] == "join":
            messages = [said | {"seq": n, "rev": n, "html": f"<p>Message {n}</p>"} for n in range(1, 8)]
            answer = {"type": "joined", "room": command["room"], "messages": messages}
        else:
            answer = {"type": "ok"}
        if "ref" in command:
            line.send(json.dumps(answer | {"ref": command["ref"]}))
        if command["type"] == "watch":
            self.watched.set()

    def say(self, event: Json) -> None:
        assert self.line is not None
        self.line.send(json.dumps(event))

    def plan(self, *places: Json) -> None:
        """Give the wall its boards."""
        self.places = list(places)
        self.say({"type": "wall", "name": "Wall", "rooms": True, "boards": self.places})

    async def show(self, *boards: tuple[Json, Json]) -> None:
        """Send snapshots of boards with their streams, and wait until the first is on the screen."""
        self.snapshots = [{"type": "snapshot", "board": board, "streams": streams} for board, streams in boards]
        await asyncio.wait_for(self.watched.wait(), 10) if self.places else None
        for snapshot in self.snapshots:
            self.say(snapshot)
        await self.page.evaluate("version => measures.shown(version)", boards[0][0]["version"])

    async def cut(self) -> None:
        """Cut the connection, as when the server is away, until `mend`."""
        assert self.line is not None
        self.down = True
        await self.line.close(code=1012)
        await expect(self.page.locator(".board-banner")).to_be_visible()

    async def mend(self) -> None:
        self.down = False
        await self.page.evaluate("dispatchEvent(new Event('online'))")
        await expect(self.page.locator(".board-banner")).to_have_count(0)


def place(board: str = "one", dwell: int = 3600) -> Json:
    return {"board": board, "dwell": dwell, "from": None, "until": None}
