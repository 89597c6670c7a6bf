"""Nobody is mistaken for somebody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Invite, Kind, User
from accounts.people import accounts
from accounts.people.names import RESERVED, clean_name, skeleton
from accounts.people.namesakes import NameTaken, refuse_reserved, refuse_taken
from tests.accounts.signing_in.test_views import SIGNING_UP

ALICES = [
    *(
        "Alice",
        "ALICE",
        "alice",
        "aIice",
        "AL1CE",
        "A lice",
        "a_l.i-c’e",
        "Àlicé",
        "A\u0336lice",
        "𝐀𝐥𝐢𝐜𝐞",
        "Ａｌｉｃｅ",
    ),
    *("Аlice", "Αlice", "Aliсe", "Alісе"),  # Cyrillic А, Greek Α, Cyrillic с, і and е
]
pytestmark = pytest.mark.django_db


@pytest.fixture
def token(client: Client) -> str:
    """The token of an invite, whose link `client` has opened."""
    maker = User.objects.create_superuser("boss", "x", name="Boss")
    invite = Invite(made_by=maker, expires_at=timezone.now() + timedelta(days=1))
    token = invite.give_token()
    invite.save()
    client.post("/join/open/", {"token": token})
    return token


@pytest.mark.parametrize(
    "names", [ALICES, ["modern", "rnodern", "MODERN"], ["Olga", "0lga", "ОLGA"], ["Straße", "STRASSE"]]
)
def test_names_that_look_alike_have_one_skeleton(names: list[str]) -> None:
    assert len({skeleton(clean_name(name)) for name in names}) == 1


def test_names_that_look_different_have_others() -> None:
    names = ["Alice", "Alica", "Al", "李明", "李民", "🎉", "🎊", "मीरा", "मारा", "Иван", "---", "..."]
    assert len({skeleton(name) for name in names}) == len(names)


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=40))
def test_case_makes_no_difference(name: str) -> None:
    assert skeleton(name.upper()) == skeleton(name.lower()) == skeleton(name.swapcase())


@given(st.text(min_size=1, max_size=40))
def test_every_name_has_a_skeleton_that_fits(name: str) -> None:
    assert skeleton(name) == skeleton(name)
    assert len(skeleton(name)) <= 160


@pytest.mark.parametrize("name", ALICES)
def test_no_guest_takes_the_name_of_an_account_or_a_bot(client: Client, name: str) -> None:
    User.objects.create_user("a-1", name="Alice")
    User.objects.create_user("Rubin", name="Somebody")
    User.objects.create_bot("Robo")
    for taken in (name, "rubin", "R O B O"):
        answer = client.post("/api/session/", {"name": taken}, content_type="application/json")
        assert answer.status_code == 422
        assert answer.json()["error"]["field"] == "name"
    assert not User.objects.filter(kind=Kind.GUEST).exists()
    assert client.post("/api/session/", {"name": "Alina"}, content_type="application/json").status_code == 201


def test_guests_may_share_a_name() -> None:
    for _ in range(2):
        assert Client().post("/enter/", {"name": "Ada"}).status_code == 302
    assert User.objects.filter(name="Ada").count() == 2


@pytest.mark.parametrize("name", [*RESERVED, "Аdmin", "Switch board", "S Y S T E M"])
def test_nobody_who_comes_by_themselves_passes_for_the_site(client: Client, token: str, name: str) -> None:
    page = client.post("/enter/", {"name": name})
    assert page.status_code == 422
    assert "kept for the site itself" in page.content.decode()
    assert client.post("/join/", SIGNING_UP | {"name": name}).context["form"].errors.keys() == {"name"}


def test_the_name_of_the_site_is_its_own(settings: Any) -> None:
    settings.SITE_NAME = "Werkstatt"
    with pytest.raises(NameTaken):
        refuse_reserved("werkstätt")


@pytest.mark.parametrize("field", ["name", "username"])
def test_no_account_looks_like_another(client: Client, token: str, field: str) -> None:
    User.objects.create_user("alice", name="Alison")
    page = client.post("/join/", SIGNING_UP | {field: "AL1CE"})
    assert "does not look like it" in str(page.context["form"].errors[field])
    assert client.post("/join/", SIGNING_UP | {field: "Berta"}).status_code == 302


def test_an_account_wins_its_name_from_guests(client: Client, token: str) -> None:
    guests = [User.objects.create_guest(name) for name in ("Dora", "D0RA", "Dorian")]
    for guest in guests:
        Client().force_login(guest)
    client.post("/join/", SIGNING_UP)
    names = [User.objects.get(pk=guest.pk).name for guest in guests]
    assert names == [f"Guest {guests[0].pk}", f"Guest {guests[1].pk}", "Dorian"]
    left = {each.get_decoded().get("_auth_user_id") for each in Session.objects.all()}
    assert left == {str(guests[2].pk), str(User.objects.get(username="dora").pk)}
    refuse_taken("Guest")


def test_a_bot_wins_its_name_and_looks_like_nobody() -> None:
    guest = User.objects.create_guest("Robo")
    User.objects.create_user("ada", name="Ada")
    call_command("createbot", "Robo")
    guest.refresh_from_db()
    assert guest.name == f"Guest {guest.pk}"
    with pytest.raises(CommandError, match="already"):
        call_command("createbot", "Аdа")


def test_staff_cannot_give_a_name_that_looks_like_somebody_elses() -> None:
    boss = User.objects.create_superuser("boss", "x", name="Boss")
    ada, guest = User.objects.create_user("ada", name="Ada"), User.objects.create_guest("Berta")
    client = Client()
    client.force_login(boss)
    new = {"username": "adа", "name": "B0SS", "password1": "Kr8nich am See", "password2": "Kr8nich am See"}
    errors = client.post("/admin/accounts/user/add/", new | {"usable_password": "true"}).context["adminform"].errors
    assert errors.keys() == {"username", "name"}
    address = f"/admin/accounts/user/{ada.pk}/change/"
    assert client.post(address, {"username": "ada", "name": "Boss"}).context["adminform"].errors.keys() == {"name"}
    assert client.post(address, {"username": "ada", "name": "Berta"}).status_code == 302
    guest.refresh_from_db()
    assert guest.name == f"Guest {guest.pk}"
    ada.refresh_from_db()
    assert (ada.name, ada.name_skeleton) == ("Berta", skeleton("Berta"))


def test_the_check_is_one_query_that_an_index_answers() -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        refuse_taken("Ada")
    assert len(queries) == 1
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "accounts_user")
    indexed = {tuple(each["columns"]) for each in constraints.values() if each["index"]}
    assert {("name_skeleton",), ("username_skeleton",)} <= indexed


def test_a_ban_ends_the_sessions_for_good() -> None:
    guest, other = User.objects.create_guest("Ada"), User.objects.create_guest("Bo")
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(guest)
    bystander = Client()
    bystander.force_login(other)
    accounts.ban(guest)
    assert Session.objects.count() == 1
    User.objects.filter(pk=guest.pk).update(is_active=True)  # let in again
    assert [client.get("/api/rooms/").status_code for client in (*clients, bystander)] == [401, 401, 200]
