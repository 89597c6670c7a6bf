"""The pages by which people enter and leave."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone

from accounts.models import Invite, Kind, User
from accounts.people import accounts
from accounts.signing_in import guessing
from tests.team import Connect, Team, signed_in

pytestmark = pytest.mark.django_db
SIGNING_UP = {"name": "Dora", "username": "dora", "password": "correct horse battery"}


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("admin", "correct horse battery", name="Admin")


@pytest.fixture
def invite(owner: User) -> Invite:
    return Invite.objects.create(made_by=owner, token_hash="?", expires_at=timezone.now() + timedelta(days=1))


@pytest.fixture
def token(client: Client, invite: Invite) -> str:
    """The token of `invite`, whose link `client` has opened."""
    token = invite.give_token()
    invite.save()
    answer = client.post("/join/open/", {"token": token})
    assert answer["Location"] == "/join/"
    return token


def who(client: Client) -> User | AnonymousUser:
    user = client.get("/").wsgi_request.user
    return user if isinstance(user, User) else AnonymousUser()


# Guests


def test_a_guest_enters_by_the_page(client: Client) -> None:
    response = client.post("/enter/", {"name": "Ada"})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert str(who(client)) == "Ada (guest)"


def test_a_guest_goes_on_where_they_were_going_but_never_to_another_site(client: Client) -> None:
    assert client.post("/enter/", {"name": "Ada", "next": "/rooms/lobby/"})["Location"] == "/rooms/lobby/"
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        assert Client().post("/enter/", {"name": "Ada", "next": elsewhere})["Location"] == "/"


def test_a_bad_name_is_shown_again_with_a_sentence_and_safely(client: Client) -> None:
    response = client.post("/enter/", {"name": "<b>\u202e"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "A name may only have characters that can be seen." in page
    assert "<b>\u202e" not in page
    assert isinstance(who(client), AnonymousUser)


def test_one_who_is_in_already_just_goes_on(client: Client) -> None:
    client.post("/enter/", {"name": "Ada"})
    assert client.post("/enter/", {"name": "Eve"}).status_code == 302
    assert User.objects.count() == 1


def test_guests_are_kept_out_where_the_site_wants_none(client: Client, settings: Any) -> None:
    settings.GUESTS_ALLOWED = False
    assert client.post("/enter/", {"name": "Ada"}).status_code == 403
    assert 'name="name"' not in client.get("/").content.decode()


@pytest.mark.parametrize("path", ["/enter/", "/sign-out/"])
def test_links_of_others_neither_enter_nor_leave(path: str) -> None:
    assert Client().get(path).status_code == 405
    assert Client(enforce_csrf_checks=True).post(path, {"name": "Ada"}).status_code == 403


# Accounts


def test_somebody_with_an_account_signs_in_and_out(client: Client, owner: User) -> None:
    response = client.post("/sign-in/", {"username": "admin", "password": "correct horse battery", "next": "/boards/"})
    assert (response.status_code, response["Location"]) == (302, "/boards/")
    assert who(client) == owner
    assert client.post("/sign-out/")["Location"] == "/"
    assert isinstance(who(client), AnonymousUser)


def test_a_wrong_password_and_an_unknown_name_get_the_same_sentence(client: Client, owner: User) -> None:
    User.objects.create_user("gone", "correct horse battery", is_active=False)
    told = set()
    for username, password in (("admin", "x"), ("nobody", "x"), ("gone", "correct horse battery")):
        response = client.post("/sign-in/", {"username": username, "password": password})
        assert response.status_code == 200
        told.update(re.findall("This user name and password do not go together", response.content.decode()))
    assert len(told) == 1
    assert isinstance(who(client), AnonymousUser)


def test_neither_guests_nor_bots_have_a_password(client: Client) -> None:
    guest, (bot, token) = User.objects.create_guest("Ada"), User.objects.create_bot("Robo")
    for username in (guest.username, bot.username):
        for password in ("", "!", token):
            assert client.post("/sign-in/", {"username": username, "password": password}).status_code == 200
    assert isinstance(who(client), AnonymousUser)


async def test_the_button_closes_the_sockets_of_this_session_only(team: Team, connect: Connect) -> None:
    here, elsewhere = await signed_in(team.alice), await signed_in(team.alice)
    socket, other = await connect(here), await connect(elsewhere)
    assert (await here.post("/sign-out/")).status_code == 302
    await socket.assert_closed(4401)
    assert (await other.call("ping"))["type"] == "pong"


# Invites


def test_an_invite_makes_an_account_and_signs_it_in(client: Client, invite: Invite, token: str) -> None:
    assert "Make the account" in client.get("/join/").content.decode()
    done = client.post("/join/", SIGNING_UP)
    assert (done["Location"], done.cookies["invite"].value) == ("/", "")
    user = User.objects.get(username="dora")
    assert (user.name, user.kind, user.is_staff) == ("Dora", Kind.ACCOUNT, False)
    assert who(client) == user
    invite.refresh_from_db()
    assert (invite.used_by, invite.is_open) == (user, False)


def test_an_invite_works_once_and_expires(client: Client, invite: Invite, token: str) -> None:
    client.post("/join/", SIGNING_UP)
    late = Invite(made_by=invite.made_by, expires_at=timezone.now() - timedelta(seconds=1))
    expired = late.give_token()
    late.save()
    for each in (token, expired, "unknown", "x" * 300):
        knows = Client()
        knows.cookies["invite"] = each
        answers = [knows.get("/join/"), knows.post("/join/", SIGNING_UP), Client().get(f"/join/{each}/", follow=True)]
        answers.append(Client().post("/join/open/", {"token": each}))
        for response in answers:
            assert response.status_code == 404
            assert "no longer good" in response.content.decode()
    assert User.objects.count() == 2


def test_a_link_of_former_times_leads_to_an_address_without_its_token(invite: Invite) -> None:
    token = invite.give_token()
    invite.save()
    browser = Client()
    answer = browser.get(f"/join/{token}/")
    assert (answer["Location"], answer["Referrer-Policy"]) == ("/join/", "no-referrer")
    cookie = answer.cookies["invite"]
    assert (cookie["path"], cookie["httponly"], cookie["max-age"]) == ("/join/", True, 3600)
    assert token not in browser.get("/join/").content.decode()


def test_what_is_stored_of_an_invite_opens_nothing(client: Client, invite: Invite, token: str) -> None:
    invite.refresh_from_db()
    assert token not in vars(invite).values()
    assert Client().post("/join/open/", {"token": invite.token_hash}).status_code == 404


def test_two_who_use_one_link_at_the_same_moment_make_one_account(token: str) -> None:
    assert accounts.accept_invite(token, "dora", "Dora", "x").name == "Dora"
    with pytest.raises(Invite.DoesNotExist):
        accounts.accept_invite(token, "emil", "Emil", "x")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("username", "ADMIN", "This user name is taken."),
        ("username", "guest-1", "This user name is taken."),
        ("username", "do ra", "letters"),
        ("name", "admin", "Somebody with an account has this name already."),
        ("name", "robo", "Somebody with an account has this name already."),
        ("name", "\u202earod", "A name may only have characters that can be seen."),
        ("name", "", "required"),
        ("password", "12345", "too short"),
        ("password", "dora", "too"),
    ],
)
def test_what_does_not_do_is_told_at_its_field(
    client: Client, invite: Invite, token: str, field: str, value: str, sentence: str
) -> None:
    User.objects.create_bot("Robo")
    response = client.post("/join/", SIGNING_UP | {field: value})
    assert response.status_code == 200
    errors = response.context["form"].errors
    assert list(errors) == [field], errors
    assert sentence in str(errors[field])
    assert User.objects.count() == 2
    invite.refresh_from_db()
    assert invite.is_open


def test_the_second_person_to_ask_for_a_user_name_is_told_that_it_is_taken(
    client: Client, invite: Invite, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faster(token: str, username: str, name: str, password: str) -> User:
        User.objects.create_user(username, "x", name="Somebody faster")
        return accept(token, username, name, password)

    accept = accounts.accept_invite
    monkeypatch.setattr(accounts, "accept_invite", faster)
    response = client.post("/join/", SIGNING_UP)
    assert response.status_code == 200
    assert "This user name is taken." in response.content.decode()
    invite.refresh_from_db()
    assert invite.is_open


# Guessing passwords


@pytest.mark.parametrize("door", ["/sign-in/", "/admin/login/"])
def test_who_guesses_a_password_has_to_wait_and_so_does_the_right_one(client: Client, owner: User, door: str) -> None:
    for _ in range(10):
        page = client.post(door, {"username": "admin", "password": "wrong"}).content.decode()
        assert "do not go together" in page
    page = client.post(door, {"username": "ADMIN", "password": "correct horse battery"}).content.decode()
    assert "Too many tries. Wait 10 seconds, then try again." in page
    assert isinstance(who(client), AnonymousUser)


def test_the_right_password_in_time_makes_good_all_wrong_ones(client: Client, owner: User) -> None:
    for password in 2 * [*9 * ["wrong"], "correct horse battery"]:
        client = Client()
        client.post("/sign-in/", {"username": "admin", "password": password})
    assert str(who(client)) == "Admin"


def test_others_at_the_same_address_and_the_same_user_elsewhere_sign_in_meanwhile(owner: User) -> None:
    User.objects.create_user("dora", "correct horse battery", name="Dora")
    for _ in range(11):
        Client().post("/sign-in/", {"username": "admin", "password": "wrong"})
    neighbour, elsewhere = Client(), Client(REMOTE_ADDR="192.0.2.7")
    neighbour.post("/sign-in/", {"username": "dora", "password": "correct horse battery"})
    elsewhere.post("/sign-in/", {"username": "admin", "password": "correct horse battery"})
    assert str(who(neighbour)) == "Dora"
    assert str(who(elsewhere)) == "Admin"


def test_all_addresses_of_one_ipv6_network_are_one_caller(owner: User) -> None:
    for number in range(10):
        Client(REMOTE_ADDR=f"2001:db8:0:7::{number:x}").post("/sign-in/", {"username": "admin", "password": "wrong"})
    right = {"username": "admin", "password": "correct horse battery"}
    page = Client(REMOTE_ADDR="2001:db8:0:7:ffff::1").post("/sign-in/", right).content.decode()
    assert "Too many tries" in page
    elsewhere = Client(REMOTE_ADDR="2001:db8:0:8::1")
    elsewhere.post("/sign-in/", right)
    assert str(who(elsewhere)) == "Admin"


def test_who_guesses_many_names_has_to_wait_too(client: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "DOOR", (3, 0.5))
    for number in range(3):
        client.post("/sign-in/", {"username": f"name-{number}", "password": "wrong"})
    page = client.post("/sign-in/", {"username": "admin", "password": "correct horse battery"}).content.decode()
    assert "Too many tries. Wait 2 seconds" in page
