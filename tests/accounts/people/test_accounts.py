import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from accounts.people import accounts

pytestmark = pytest.mark.django_db


def test_signing_out_everywhere_ends_all_sessions_of_one_person() -> None:
    ada, bo = User.objects.create_user("ada"), User.objects.create_user("bo")
    for user in (ada, bo, ada, ada):
        Client().force_login(user)
    Client().get("/")  # a session of nobody is nobody's
    accounts.sign_out_everywhere(ada)
    assert [each.get_decoded()["_auth_user_id"] for each in Session.objects.all()] == [str(bo.pk)]


def test_a_ban_holds_for_the_session_that_is_open() -> None:
    ada, client = User.objects.create_guest("Ada"), Client()
    client.force_login(ada)
    assert client.get("/api/rooms/").status_code == 200
    accounts.ban(ada)
    assert client.get("/api/rooms/").status_code == 401
