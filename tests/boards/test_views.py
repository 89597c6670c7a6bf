import pytest
from django.test import Client

from accounts.models import User
from tests.streams_and_boards import board_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Client:
    client = Client()
    client.force_login(User.objects.create_guest("Ada"))
    return client


@pytest.mark.parametrize("path", ["/boards/", "/boards/ops/", "/boards/ops/full/"])
def test_boards_are_for_those_who_are_signed_in(path: str) -> None:
    board_of()
    response = Client().get(path)
    assert (response.status_code, response["Location"]) == (302, f"/?next={path}")


@pytest.mark.parametrize("path", ["/boards/nowhere/", "/boards/nowhere/full/"])
def test_a_board_that_is_not_there_is_404(ada: Client, path: str) -> None:
    assert ada.get(path).status_code == 404


def test_all_boards_are_listed_with_a_thumbnail(ada: Client) -> None:
    board_of(slug="ops")
    board_of(slug="sales")
    page = ada.get("/boards/").content.decode()
    assert '<board-thumbnail slug="ops">' in page
    assert '<board-thumbnail slug="sales">' in page


def test_without_boards_the_page_says_what_to_do() -> None:
    client = Client()
    client.force_login(User.objects.create_user("bo"))
    page = client.get("/boards/").content.decode()
    assert "createstream orders --push --board sales" in page
    assert "curl -X POST http://testserver/api/streams/orders/" in page


def test_only_those_who_may_edit_are_offered_to(ada: Client) -> None:
    board_of()
    assert "data-edit" not in ada.get("/boards/ops/").content.decode()
    admin = Client()
    admin.force_login(User.objects.create_superuser("grace", "correct horse battery"))
    assert "data-edit" in admin.get("/boards/ops/").content.decode()


def test_a_board_alone_has_no_frame(ada: Client) -> None:
    board_of()
    page = ada.get("/boards/ops/full/").content.decode()
    assert "sidebar" not in page.partition("<body>")[2]
    assert '"full": true' in page
