"""The page of a wall, and the link that opens it."""

import pytest
from django.test import Client

from realtime.limits.buckets import Buckets
from tests.walls.samples import link_to
from walls import links, views
from walls.models import ScreenLink, Wall

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_page_of_a_wall_needs_the_link_and_is_kept_nowhere(client: Client) -> None:
    token = link_to("ops")
    link = ScreenLink.objects.get()
    opened = client.post("/wall/open/", {"token": token})
    assert (opened.status_code, opened["Location"], opened["Cache-Control"]) == (302, f"/wall/{link.pk}/", "no-store")
    cookie = opened.cookies[f"link-{link.pk}"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (f"/wall/{link.pk}/", True, "Lax")
    page = client.get(opened["Location"])
    assert page.status_code == 200
    assert token in page.content.decode()
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    links.revoke_link(ScreenLink.objects.get())
    gone, wrong = client.get(f"/wall/{link.pk}/"), client.post("/wall/open/", {"token": "screen_wrong"})
    assert gone.status_code == wrong.status_code == 404
    assert "Lobby" not in gone.content.decode()
    assert "no longer" in gone.content.decode()


def test_a_link_of_former_times_leads_to_an_address_without_its_token(client: Client) -> None:
    token = link_to("ops")
    answer = client.get(f"/wall/{token}/")
    assert answer["Location"] == f"/wall/{ScreenLink.objects.get().pk}/"
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert client.get(answer["Location"]).status_code == 200
    assert Client().get(answer["Location"]).status_code == 404, "its number alone opens nothing"


def test_two_links_in_one_browser_are_two_walls(client: Client) -> None:
    walls = Wall.objects.create(name="One"), Wall.objects.create(name="Two")
    addresses = [client.post("/wall/open/", {"token": links.issue_link(wall)})["Location"] for wall in walls]
    for wall, address in zip(walls, addresses, strict=True):
        assert wall.name in client.get(address).content.decode()


def test_the_page_that_opens_a_link_can_send_its_form(client: Client) -> None:
    page = client.get("/wall/open/")
    assert "csrfmiddlewaretoken" in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin", "without a Referer its form would be refused"


def test_wrong_links_are_limited_by_address(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "wrong", Buckets(views.wrong.burst, 1e-4))  # not filled again meanwhile
    address = {"REMOTE_ADDR": "203.0.113.9"}
    answers = [client.get("/wall/screen_wrong/", **address).status_code for _ in range(25)]  # type: ignore[arg-type]
    assert (answers[0], answers[-1]) == (404, 429)
    token = link_to("ops")
    assert client.get(f"/wall/{token}/", **address).status_code == 302  # type: ignore[arg-type]
