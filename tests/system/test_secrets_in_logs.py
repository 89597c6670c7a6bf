"""The logs contain no key of a wall, a screen or an invite, even when the servers are down."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from harness.client import Client, Event
from harness.cluster import Cluster

SET_UP = """
import asyncio
import json
from datetime import timedelta
from django.utils import timezone
from accounts.models import Invite, User
from walls.models import Wall
from walls import links, codes
wall = Wall.objects.create(name="Secrets")
host, _ = User.objects.get_or_create(username="host", name="Host")
invite = Invite(made_by=host, expires_at=timezone.now() + timedelta(days=1))
token = invite.give_token()
invite.save()
screen_code, secret = codes.ask("127.0.0.1")
codes.pair(screen_code, wall, "Hall")
print(json.dumps([token, links.issue_link(wall), secret]))
"""


class Browser:
    """Goes through nginx, and sends the Referer that the page's policy allows."""

    def __init__(self, cluster: Cluster) -> None:
        nginx = cluster.nginx
        self.tls = nginx.tls
        self.address = nginx.address
        self.http = httpx.Client(base_url=nginx.address, verify=nginx.tls, trust_env=False)

    def open(self, path: str) -> int:
        """Open a page, follow its redirects, load one of its files; return the page's status."""
        page = self.http.get(path, follow_redirects=True)
        came_from = {} if page.headers.get("Referrer-Policy") == "no-referrer" else {"Referer": str(page.url)}
        self.http.get("/boards/nothing/", headers=came_from)
        return page.status_code

    def follow_link(self, link: str) -> int:
        """Post what is behind a link's #, as the page of the link does."""
        path, token = link.split("#")
        page = self.http.get(path)
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        fields = {"token": token, "csrfmiddlewaretoken": found[1] if found else ""}
        done = self.http.post(path, data=fields, headers={"Referer": f"{self.address}{path}"})
        return self.open(done.headers["Location"]) if done.is_redirect else done.status_code

    def socket(self, token: str, *, bearer: bool) -> str:
        """Open the socket of a screen, as a program or as a page, and return the first event."""

        async def first_event() -> Event:
            how: dict[str, Any] = {"origin": None} if bearer else {"subprotocols": ["switchboard", token]}
            async with Client(self.address, self.tls, token if bearer else "") as client:
                return await client.connect("/ws/boards/", **how)

        return json.dumps(asyncio.run(first_event()))


@pytest.fixture
def keys(cluster: Cluster) -> Iterator[list[str]]:
    """The tokens of an invite, of a link and of a paired screen."""
    yield json.loads(cluster.web[0].shell(SET_UP).splitlines()[-1])
    cluster.web[0].shell("from walls.models import *; Wall.objects.filter(name='Secrets').delete()")


def walk(cluster: Cluster, keys: list[str]) -> Iterator[int | str]:
    """Yield the answers to everything that can be done with these keys."""
    invite, link, secret = keys
    yield Browser(cluster).follow_link(f"/join/open/#{invite}")
    yield Browser(cluster).follow_link(f"/wall/open/#{link}")
    yield Browser(cluster).open(f"/join/{invite}/")
    yield Browser(cluster).open(f"/wall/{link}/")
    paired = Browser(cluster)
    paired.http.cookies.set("screen", secret)
    yield paired.open("/wall/")
    for token in (link, secret):
        for bearer in (True, False):
            with suppress(InvalidStatus):
                yield Browser(cluster).socket(token, bearer=bearer)
    # Invalid keys, and addresses that are not ours, are in no log either.
    Browser(cluster).open(f"/wall/{link}x/")
    Browser(cluster).open(f"/join/{invite}x/")


def test_no_key_is_in_any_log_with_the_servers_up_and_down(cluster: Cluster, keys: list[str]) -> None:
    done = list(walk(cluster, keys))
    assert done[:5] == [200] * 5
    assert [json.loads(str(each))["type"] for each in done[5:]] == ["hello"] * 4
    for web in cluster.web:
        web.stop()
    try:
        assert set(walk(cluster, keys)) == {502}
    finally:
        for web in cluster.web:
            web.start()
    folders = {service.folder for service in cluster.services}
    logs = [path for folder in folders for path in Path(folder).glob("*.log")]
    text = {path.name: path.read_text(errors="replace") for path in logs}
    assert "/wall/open/" in text["access.log"]
    assert "connect() failed" in text["nginx.log"]
    for name, content in text.items():
        for key in keys:
            assert key not in content, f"{name} has a key"
