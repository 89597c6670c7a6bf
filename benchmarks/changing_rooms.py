"""How long the page takes to show another room: `.venv/bin/python -m benchmarks.changing_rooms`.

It starts Switchboard with SQLite, 200 rooms, and 20,000 messages in one of them, and clicks on links in a Chromium.
The time is from the click to the frame in which the first message of the room is in the page.
"""

import asyncio
import json
import statistics

from playwright.async_api import Page, async_playwright

from harness.launcher import Launcher, program
from harness.programs import BROWSERS
from harness.servers import Serve

ROOMS = 200
ROUNDS = 10

FILL = f"""
import uuid
from accounts.models import User
from chat.log import changes, store
from chat.models import Room
writer = User.objects.create_guest("Writer")
rooms = [Room(slug=f"room-{{n:03}}", name=f"room-{{n:03}}", guests=True) for n in range({ROOMS})]
Room.objects.bulk_create(rooms)
text = "The wall by the kitchen runs the new board, and the numbers from the dry run are in the sheet. "
for room in rooms:
    many = 20_000 if room.slug == "room-000" else 60
    for start in range(0, many, 500):
        store.apply([
            changes.Post(room.pk, writer.pk, uuid.uuid4(), text, f"<p>{{text * (n % 3 + 1)}}</p>")
            for n in range(start, min(start + 500, many))
        ])
"""

#: Milliseconds from a click on the link of a room to the frame with its first message; null after 10 s.
CLICK = """async (slug) => {
    const before = document.querySelector("room-log");
    const start = performance.now();
    document.querySelector(`.sidebar [data-room="${slug}"]`).click();
    while (performance.now() - start < 10_000) {
        await new Promise((frame) => requestAnimationFrame(frame));
        const log = document.querySelector("room-log");
        if (log !== before && log?.querySelector(".message[data-seq]")) return performance.now() - start;
    }
    return null;
}"""


async def measure(page: Page, slugs: list[str]) -> list[float]:
    """Click through these rooms; return milliseconds."""
    found = []
    for slug in slugs:
        found.append(await page.evaluate(CLICK, slug))
        await page.locator('.connection[data-phase="live"]').wait_for()
    return found


async def load(page: Page, slugs: list[str]) -> list[float]:
    """Load the pages of these rooms instead, as without JavaScript; return milliseconds."""
    found = []
    for slug in slugs:
        began = asyncio.get_running_loop().time()
        await page.goto(f"/rooms/{slug}/", wait_until="commit")
        await page.locator(".message[data-seq]").first.wait_for()
        found.append(1000 * (asyncio.get_running_loop().time() - began))
    return found


def words(name: str, times: list[float]) -> str:
    late = sorted(times)[min(len(times) - 1, int(0.95 * len(times)))]
    return f"{name:<34} {statistics.median(times):5.0f} ms, 95 % {late:5.0f} ms, most {max(times):5.0f} ms"


async def main() -> None:
    with Launcher() as launcher:
        serve = Serve(launcher, "changing-rooms", {"COMMAND_BURST": "1000"}).start()
        serve.shell(FILL)
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=program(*BROWSERS), args=["--no-sandbox"])
            page = await chromium.new_page(base_url=serve.address)
            await page.context.request.post("/api/session/", data=json.dumps({"name": "Reader"}), headers=JSON)
            await page.goto("/rooms/lobby/")
            await page.locator('.connection[data-phase="live"]').wait_for()
            rooms = [f"room-{n:03}" for n in range(ROUNDS)]
            print(words("a room for the first time", await measure(page, rooms[1:])))
            print(words("a room of 20,000 messages, first", await measure(page, rooms[:1])))
            print(words("a room that was seen", await measure(page, (rooms[1:] + rooms[:1]) * 3)))
            print(words("the page of a room, loaded", await load(page, rooms)))
            await chromium.close()


JSON = {"Content-Type": "application/json"}

if __name__ == "__main__":
    asyncio.run(main())
