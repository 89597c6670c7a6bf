"""Pairing a screen by a code that it shows."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from realtime.limits.buckets import Buckets
from tests.walls.samples import wall_of
from walls import code_views, codes, links, screens
from walls.codes import CodeRefused
from walls.models import Screen, ScreenCode, ScreenLink, Wall

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full limits that do not refill during a test, however slow the machine."""
    monkeypatch.setattr(code_views, "asked", Buckets(code_views.asked.burst, 1e-4))
    monkeypatch.setattr(code_views, "entered", Buckets(code_views.entered.burst, 1e-4))


@pytest.fixture
def grace(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("grace"))
    return client


@pytest.fixture
def tv() -> Client:
    return Client()


def code_on(tv: Client) -> str:
    """Return the code that the screen shows now."""
    tv.get("/wall/")
    code: str = tv.get("/wall/state/").json()["code"]
    return code


def enter(client: Client, code: str, **fields: Any) -> Any:
    found = {"code": code, "wall": Wall.objects.get().pk, "name": "Kitchen"} | fields
    return client.post("/pair/", found)


def said(answer: Any) -> str:
    """Return what a page says in its alerts."""
    text: str = answer.content.decode()
    return " ".join(part.split("</p>")[0] for part in text.split('role="alert">')[1:])


# From a code to a wall


def test_a_screen_whose_code_is_entered_shows_its_wall_from_then_on(tv: Client, grace: Client) -> None:
    wall_of("ops")
    first = tv.get("/wall/")
    code = code_on(tv)
    assert code in first.content.decode()
    assert "Lobby" not in first.content.decode()
    assert enter(grace, code)["Location"] == "/screens/"
    assert tv.get("/wall/state/").json() == {"code": None}
    for _ in range(2):  # a reload, a power cut
        page = tv.get("/wall/")
        assert "Lobby" in page.content.decode()
        assert '"key": "paired"' in page.content.decode()
    told = screens.all_screens()
    assert [(each["name"], each["wall"], each["link"]) for each in told] == [("Kitchen", "Lobby", "Kitchen")]


def test_the_secret_is_its_browsers_alone_and_stored_hashed(tv: Client, grace: Client) -> None:
    wall_of("ops")
    page = tv.get("/wall/")
    cookie = tv.cookies["screen"]
    assert cookie["httponly"]
    assert (cookie["path"], cookie["samesite"]) == ("/wall/", "Lax")
    assert cookie["max-age"] >= 365 * 24 * 60 * 60
    assert cookie.value not in page.content.decode()
    assert cookie.value not in str(ScreenCode.objects.values())
    assert page["Cache-Control"] == "no-store"
    answer = enter(grace, code_on(tv), follow=True)
    assert cookie.value not in answer.content.decode()
    assert links.good_link(cookie.value)


def test_another_browser_gets_another_code_and_nothing_by_that_of_a_neighbour(tv: Client, grace: Client) -> None:
    wall_of("ops")
    neighbour = Client()
    assert code_on(tv) != code_on(neighbour)
    enter(grace, code_on(tv))
    assert "Lobby" not in neighbour.get("/wall/").content.decode()


def test_a_reload_shows_the_same_code(tv: Client) -> None:
    assert code_on(tv) == code_on(tv)
    assert ScreenCode.objects.count() == 1


def test_a_screen_shows_a_new_code_when_its_own_has_expired(tv: Client, grace: Client) -> None:
    wall_of("ops")
    old = code_on(tv)
    ScreenCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert tv.get("/wall/state/").json() == {"code": None}
    new = code_on(tv)
    assert new != old
    refused = enter(grace, old)
    assert refused.status_code == 422
    assert "expired" in said(refused)
    enter(grace, new)
    assert "Lobby" in tv.get("/wall/").content.decode()


@pytest.mark.parametrize("end", ["revoked", "expired", "wall deleted"])
def test_a_screen_whose_link_has_ended_shows_a_new_code(tv: Client, grace: Client, end: str) -> None:
    wall = wall_of("ops")
    old = code_on(tv)
    enter(grace, old)
    link = ScreenLink.objects.get()
    if end == "revoked":
        links.revoke_link(link)
    elif end == "expired":
        ScreenLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        links.delete_wall(wall)
    assert code_on(tv) not in (old, None)
    assert "Lobby" not in tv.get("/wall/").content.decode()


def test_the_token_of_a_link_from_an_address_pairs_no_browser(tv: Client) -> None:
    wall_of("ops")
    token = links.issue_link(Wall.objects.get())
    assert tv.get(f"/wall/{token}/", follow=True).status_code == 200
    assert "screen" not in tv.cookies
    assert "Lobby" not in tv.get("/wall/").content.decode()


# Entering a code


def test_a_code_may_be_typed_in_any_way(tv: Client, grace: Client) -> None:
    wall_of("ops")
    code = code_on(tv)
    assert enter(grace, f" {code[:3].lower()} {code[4:]}").status_code == 302


def test_a_code_pairs_once(tv: Client, grace: Client) -> None:
    wall_of("ops")
    code = code_on(tv)
    row = codes.find(code)
    enter(grace, code)
    again = enter(grace, code)
    assert again.status_code == 422
    assert "has been used" in said(again)
    with pytest.raises(CodeRefused, match="just been used"):
        codes.pair(row, Wall.objects.get(), "Hall")  # who looked before it was used
    assert ScreenLink.objects.count() == 1


@pytest.mark.parametrize(
    ("code", "sentence"), [("BCDFGH", "No screen shows"), ("12345", "six letters"), ("BCD-FG0", "six")]
)
def test_a_wrong_code_is_told_and_the_rest_is_kept(grace: Client, code: str, sentence: str) -> None:
    wall_of("ops")
    answer = enter(grace, code)
    assert answer.status_code == 422
    assert sentence in said(answer)
    assert 'value="Kitchen"' in answer.content.decode()
    assert not ScreenLink.objects.exists()


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\u202eb"])
def test_a_screen_needs_a_name_that_can_be_shown(tv: Client, grace: Client, name: str) -> None:
    wall_of("ops")
    code = code_on(tv)
    assert enter(grace, code, name=name).status_code == 422
    assert enter(grace, code).status_code == 302  # nothing was lost


def test_a_code_from_a_link_asks_to_compare_it_with_the_screen(grace: Client) -> None:
    wall_of("ops")
    tv = Client(REMOTE_ADDR="192.0.2.7")
    code = code_on(tv)
    page = grace.get(f"/pair/?code={code.replace('-', '')}").content.decode()
    assert "Go on only if the screen in front of you shows this code" in page
    assert code in page
    assert "192.0.2.7" in page
    assert "Go on only if" not in grace.get("/pair/").content.decode()
    gone = grace.get("/pair/?code=BCDFGH")
    assert "No screen shows this code" in said(gone)


def test_without_a_wall_the_page_says_how_to_make_one(tv: Client, grace: Client) -> None:
    page = grace.get(f"/pair/?code={code_on(tv)}").content.decode()
    assert "There is no wall yet" in page
    assert "/admin/walls/wall/add/" in page


def test_who_is_not_signed_in_signs_in_first_and_comes_back(tv: Client) -> None:
    code = code_on(tv).replace("-", "")
    answer = Client().get(f"/pair/?code={code}")
    assert answer["Location"] == f"/sign-in/?next=/pair/%3Fcode%3D{code}"


def test_who_may_not_pair_is_told_so_and_learns_nothing_of_the_code(tv: Client, client: Client) -> None:
    wall = wall_of("ops")
    code = code_on(tv)
    ada = User.objects.create_user("ada")
    client.force_login(ada)
    for answer in (client.get(f"/pair/?code={code}"), enter(client, code)):
        assert answer.status_code == 403
        assert "You may not pair screens" in answer.content.decode()
        assert wall.name not in answer.content.decode()
    assert not ScreenLink.objects.exists()
    ada.user_permissions.add(Permission.objects.get(codename="add_screenlink"))
    assert enter(client, code).status_code == 302


# Limits


def test_codes_are_random_and_have_no_letter_that_looks_like_another(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter("BCDFGHBCDFGHKLMNPQ")
    monkeypatch.setattr("secrets.choice", lambda letters: next(drawn))
    assert [codes.ask("a")[0].code for _ in range(2)] == ["BCDFGH", "KLMNPQ"]
    assert not set(codes.ALPHABET) & set("AEIOUY0123456789")
    assert len(codes.ALPHABET) ** codes.LENGTH == 64_000_000


def test_who_guesses_codes_has_to_wait_even_with_a_right_one(tv: Client, grace: Client) -> None:
    wall_of("ops")
    code = code_on(tv)
    answers = [enter(grace, "BCDFGH") for _ in range(31)]
    assert (answers[0].status_code, answers[-1].status_code) == (422, 429)
    assert "No screen shows" not in said(answers[-1])
    assert 'value="BCDFGH"' in answers[-1].content.decode()
    refused = enter(grace, code)
    assert refused.status_code == 429
    assert "Too many codes at once" in said(refused)
    assert grace.get(f"/pair/?code={code}").status_code == 429


def test_one_address_gets_so_many_codes_at_once() -> None:
    statuses = [Client(REMOTE_ADDR="192.0.2.1").get("/wall/").status_code for _ in range(31)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert ScreenCode.objects.count() == 30
    busy = Client(REMOTE_ADDR="192.0.2.1").get("/wall/")
    assert "asks again by itself" in busy.content.decode()
    assert not busy.cookies
    assert Client(REMOTE_ADDR="192.0.2.2").get("/wall/").status_code == 200


def test_only_so_many_codes_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "MOST", 1)
    assert Client().get("/wall/").status_code == 200
    assert Client().get("/wall/").status_code == 429
    ScreenCode.objects.update(expires_at=timezone.now())
    assert Client().get("/wall/").status_code == 200


def test_codes_are_forgotten_an_hour_after_their_end(tv: Client) -> None:
    code = code_on(tv)
    ScreenCode.objects.update(expires_at=timezone.now() - timedelta(minutes=50))
    codes.forget_the_old()
    with pytest.raises(CodeRefused, match="expired"):
        codes.find(code)
    ScreenCode.objects.update(expires_at=timezone.now() - timedelta(minutes=70))
    codes.forget_the_old()
    assert not ScreenCode.objects.exists()


def test_asking_for_the_state_makes_no_code(tv: Client) -> None:
    assert tv.get("/wall/state/").json() == {"code": None}
    assert not ScreenCode.objects.exists()
    assert tv.post("/wall/").status_code == 405


def test_a_screen_of_a_paired_link_keeps_its_name(tv: Client, grace: Client) -> None:
    wall_of("ops")
    enter(grace, code_on(tv))
    now = timezone.now()
    link = ScreenLink.objects.get()
    shown = screens.Shown(link.pk, None, codes.KEY, "ops", "b1", now, now)
    screens.write({"connection": shown}, set())
    assert [str(each) for each in Screen.objects.all()] == ["Kitchen"]
