"""What staff do with walls, links and screens."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.streams_and_boards import board_of, produced_stream
from tests.walls.samples import link_to, wall_of
from walls.models import Screen, ScreenLink, Wall
from walls.plan import plan_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def grace(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("grace"))
    return client


def a_screen() -> Screen:
    link_to("ops")
    now = timezone.now()
    return Screen.objects.create(
        link=ScreenLink.objects.get(), key="tv-1", connection="c", name="Hall", opened_at=now, seen_at=now
    )


def test_staff_make_a_link_that_is_shown_once_with_its_code(grace: Client) -> None:
    wall = wall_of("ops")
    made = grace.post("/screens/links/", {"wall": wall.pk, "note": "Hall", "days": "30"}).content.decode()
    token = made.split("/wall/open/#")[1].split('"')[0]
    assert "data:image/svg+xml" in made
    link = ScreenLink.objects.get()
    assert link.expires_at is not None
    assert 29 < (link.expires_at - timezone.now()).days + 1 <= 30
    assert Client().post("/wall/open/", {"token": token}).status_code == 302
    page = grace.get("/screens/").content.decode()
    assert "Hall" in page
    assert token not in page
    assert token not in grace.get("/admin/walls/screenlink/").content.decode()
    grace.post(f"/screens/links/{link.pk}/revoke/")
    assert Client().post("/wall/open/", {"token": token}).status_code == 404


def test_a_wrong_number_of_days_is_told(grace: Client) -> None:
    answer = grace.post("/screens/links/", {"wall": wall_of("ops").pk, "days": "0"})
    assert answer.status_code == 422
    assert not ScreenLink.objects.exists()


def test_screens_are_listed_renamed_and_forgotten(grace: Client) -> None:
    screen = a_screen()
    (told,) = grace.get("/api/screens/").json()["screens"]
    assert (told["name"], told["wall"], told["connected"]) == ("Hall", "Lobby", False)
    address = f"/api/screens/{screen.pk}/"
    assert grace.put(address, {"name": "  Big\thall "}, "application/json").status_code == 204
    assert Screen.objects.get().name == "Big hall"
    assert grace.put(address, {"name": "x" * 81}, "application/json").json()["error"]["field"] == "name"
    assert grace.post(address, {"do": "explode"}, "application/json").status_code == 422
    assert grace.post(address, {"do": "identify"}, "application/json").status_code == 204
    assert grace.get(address).status_code == 405
    assert grace.delete(address).status_code == 204
    assert grace.delete(address).status_code == 404


@pytest.mark.parametrize("path", ["/screens/", "/screens/links/", "/screens/links/1/revoke/", "/api/screens/"])
def test_people_who_are_not_staff_see_no_screens(client: Client, path: str) -> None:
    client.force_login(User.objects.create_guest("Ada"))
    assert client.get(path).status_code == 403
    assert client.post(path).status_code in (403, 405)


def test_the_screens_api_is_for_staff(client: Client) -> None:
    screen = a_screen()
    assert client.get("/api/screens/").status_code == 401
    client.force_login(User.objects.create_guest("Ada"))
    assert client.delete(f"/api/screens/{screen.pk}/").status_code == 403
    assert Screen.objects.exists()


def test_a_full_screen_is_not_renamed(grace: Client) -> None:
    now = timezone.now()
    ada = User.objects.create_guest("Ada")
    screen = Screen.objects.create(user=ada, key="k", connection="c", opened_at=now, seen_at=now)
    answer = grace.put(f"/api/screens/{screen.pk}/", {"name": "Hall"}, "application/json")
    assert answer.status_code == 409
    assert grace.get("/admin/walls/screen/").status_code == 200


def test_walls_are_made_in_the_admin(grace: Client) -> None:
    board = board_of(produced_stream("ops"))
    form = {
        "name": "Lobby",
        "theme": "dark",
        "places-TOTAL_FORMS": 1,
        "places-INITIAL_FORMS": 0,
        "places-0-board": board.pk,
        "places-0-position": 0,
        "places-0-dwell": 20,
        "places-0-begins": "08:00",
        "places-0-ends": "08:00",
    }
    assert "It would be shown at no time" in grace.post("/admin/walls/wall/add/", form).content.decode()
    grace.post("/admin/walls/wall/add/", form | {"places-0-ends": "18:00"})
    assert plan_of(Wall.objects.get())["boards"] == [{"board": "ops", "dwell": 20, "from": "08:00", "until": "18:00"}]
    for model in ("wall", "screenlink", "screen"):
        assert grace.get(f"/admin/walls/{model}/").status_code == 200
