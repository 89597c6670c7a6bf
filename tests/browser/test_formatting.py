"""What people write, as it is on the screen."""

import json
import re
from pathlib import Path

from playwright.async_api import expect

from harness.servers import Serve
from tests.browser.steps import NewPage, enter, make_room, message, open_room, say
from web.markdown import render

CASES = json.loads((Path(__file__).parents[1] / "web/rendering.json").read_text())["shows"]


async def test_what_is_typed_is_on_the_screen(live_switchboard: Serve, new_page: NewPage) -> None:
    page = await new_page()
    await enter(page, "Ada")
    await open_room(page, make_room(live_switchboard))
    body = page.locator(".message[data-seq] .message__body").last

    async def shows(text: str, *, as_text: str) -> None:
        await say(page, text)
        await expect(body).to_have_js_property("innerText", as_text)

    await shows("a   b\n  c", as_text="a   b\n  c")
    lines = await body.evaluate("node => node.offsetHeight / parseFloat(getComputedStyle(node).lineHeight)")
    assert round(lines) == 2, "a break is shown once"
    await shows("a\tb\tc\n1\t2\t3", as_text="a\tb\tc\n1\t2\t3")
    copied = "node => { getSelection().selectAllChildren(node); return getSelection().toString() }"
    assert (await body.evaluate(copied)).strip("\n") == "a\tb\tc\n1\t2\t3"
    await shows("שלום `x`", as_text="שלום x")
    assert await body.locator("p").evaluate("node => getComputedStyle(node).direction") == "rtl"
    await shows("🎉", as_text="🎉")
    assert await body.locator("p").evaluate("node => parseFloat(getComputedStyle(node).fontSize)") > 30
    await say(page, "999. long\n- [x] done\n- [ ] open")
    await expect(body.get_by_role("checkbox")).to_have_count(2)
    room = "node => node.getBoundingClientRect().left - node.closest('.message__main').getBoundingClientRect().left"
    assert await body.locator("ol > li").evaluate(room) > 36, "999. stands before the item, not over the picture"


async def test_a_browser_reads_what_the_server_meant(live_switchboard: Serve, new_page: NewPage) -> None:
    page = await new_page()
    await page.goto("/sign-in/")
    read = """htmls => htmls.map(html => {
        const node = new DOMParser().parseFromString(html, "text/html").body;
        const links = [...node.querySelectorAll("a")];
        return {
            text: node.textContent,
            links: links.every(link => link.hasAttribute("href")),
            blocks: [...node.querySelectorAll("p,ul,ol,li,blockquote,pre,table,th,td")].every(each => each.dir),
        };
    })"""
    found = await page.evaluate(read, [render(case["body"]) for case in CASES])
    for case, shown in zip(CASES, found, strict=True):
        assert shown["links"], case
        assert shown["blocks"], case
        if not re.search(r"(?m)^ *(-|\d{1,3}\.) \S", case["body"]):  # the marks of lists are no text
            assert shown["text"].strip("\n") == case["text"].strip("\n"), case


async def test_links_of_this_site_open_here(live_switchboard: Serve, new_page: NewPage) -> None:
    page = await new_page()
    await enter(page, "Ada")
    slug, other = make_room(live_switchboard), make_room(live_switchboard)
    await open_room(page, slug)
    await say(page, f"see {live_switchboard.address}/rooms/{other}/")
    await message(page, "see").get_by_role("link").click()
    await expect(page).to_have_url(re.compile(f"/rooms/{other}/$"))
    await say(page, f"back to #{slug}")
    await message(page, "back to").get_by_role("link").click()
    await expect(page).to_have_url(re.compile(f"/rooms/{slug}/$"))
    await say(page, "elsewhere https://example.org/")
    await expect(message(page, "elsewhere").get_by_role("link")).to_have_attribute("target", "_blank")
    assert len(page.context.pages) == 1
