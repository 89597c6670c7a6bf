"""How many passwords may be tried, and what staff see of it."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import PasswordTries, User
from accounts.signing_in import guessing
from accounts.signing_in.housekeeping import clean
from tests.accounts.conftest import Clock

pytestmark = pytest.mark.django_db

HERE, THERE = "192.0.2.1", "192.0.2.2"


def test_ten_at_once_then_one_every_ten_seconds(clock: Clock) -> None:
    assert [guessing.try_password(HERE, "ada") for _ in range(10)] == [0] * 10
    assert guessing.try_password(HERE, "ADA") == pytest.approx(10)
    assert guessing.try_password(HERE, "bob") == 0
    assert guessing.try_password(THERE, "ada") == 0
    clock.seconds = 4
    assert guessing.try_password(HERE, "ada") == pytest.approx(6)
    clock.seconds = 10.01
    assert guessing.try_password(HERE, "ada") == 0
    assert guessing.try_password(HERE, "ada") > 9


def test_a_right_password_makes_the_wrong_ones_before_it_good() -> None:
    for _ in range(9):
        guessing.try_password(HERE, "ada")
    guessing.forgive(HERE, "Ada")
    assert [guessing.try_password(HERE, "ada") for _ in range(10)] == [0] * 10
    assert PasswordTries.objects.get(username="").tries == 19, "the door counts all"


def test_tries_that_are_made_good_meanwhile_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    find = PasswordTries.objects.get_or_create

    def find_and_lose(**given: Any) -> Any:
        found = find(**given)
        guessing.forgive(HERE, "ada")
        return found

    guessing.try_password(HERE, "ada")
    monkeypatch.setattr(PasswordTries.objects, "get_or_create", find_and_lose)
    assert guessing.try_password(HERE, "ada") == 0


def test_a_door_takes_a_hundred_whatever_the_names(clock: Clock) -> None:
    waits = [guessing.try_password(HERE, f"name-{number}") for number in range(101)]
    assert waits[:100] == [0] * 100
    assert waits[100] == pytest.approx(1)
    assert guessing.try_password(THERE, "name-1") == 0


@pytest.mark.parametrize("username", ["", "ß" * 64, "x" * 64])
def test_any_name_can_be_counted(username: str) -> None:
    assert guessing.try_password(HERE, username) == 0
    guessing.forgive(HERE, username)


def test_an_address_has_one_password_looked_at_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "PATIENCE", 0.01)
    with guessing.one_at_a_time(HERE) as first, guessing.one_at_a_time(HERE) as second:
        assert (first, second) == (True, False)
        with guessing.one_at_a_time(THERE) as elsewhere:
            assert elsewhere
    with guessing.one_at_a_time(HERE) as after:
        assert after


def test_who_waits_for_others_at_the_same_address_gets_a_turn() -> None:
    turns: list[bool] = []

    def sign_in() -> None:
        with guessing.one_at_a_time(HERE) as is_first:
            turns.append(is_first)

    with guessing.one_at_a_time(HERE):
        waiting = [threading.Thread(target=sign_in) for _ in range(5)]
        for thread in waiting:
            thread.start()
        assert turns == []
    for thread in waiting:
        thread.join(10)
    assert turns == [True] * 5


def test_staff_see_who_guesses_and_may_let_them_try_again(client: Client) -> None:
    client.force_login(User.objects.create_superuser("grace", "correct horse battery"))
    for _ in range(11):
        guessing.try_password("2001:db8:7::1", "ada")
    page = client.get("/admin/accounts/passwordtries/").content.decode()
    assert "2001:db8:7::/64" in page
    assert "ada" in page
    tries = PasswordTries.objects.get(username="ada")
    assert tries.tries == 10
    assert client.get("/admin/accounts/passwordtries/add/").status_code == 403
    client.post(f"/admin/accounts/passwordtries/{tries.pk}/delete/", {"post": "yes"})
    assert guessing.try_password("2001:db8:7::1", "ada") == 0


def test_old_tries_are_deleted_and_those_that_count_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    for number, age in enumerate((timedelta(days=8), timedelta(hours=1), timedelta(minutes=30), timedelta(0))):
        PasswordTries.objects.create(network=HERE, username=str(number), left=0, at=now - age)
    clean()
    assert set(PasswordTries.objects.values_list("username", flat=True)) == {"1", "2", "3"}
    monkeypatch.setattr(guessing, "MOST", 1)
    clean()
    assert set(PasswordTries.objects.values_list("username", flat=True)) == {"2", "3"}
    monkeypatch.setattr(guessing, "MOST", 0)
    clean()
    assert set(PasswordTries.objects.values_list("username", flat=True)) == {"3"}
