from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from boards import boards
from boards.models import Board
from realtime.wire.protocol import timestamp
from streams import store
from streams.events import unix_ms
from tests.streams_and_boards import board_of, produced_stream, reading, seconds

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Client:
    """Somebody who may look."""
    client = Client()
    client.force_login(User.objects.create_guest("Ada"))
    return client


@pytest.fixture
def grace() -> Client:
    """Somebody who may edit boards."""
    client = Client()
    client.force_login(User.objects.create_superuser("grace", "correct horse battery"))
    return client


def put(client: Client, body: Any, slug: str = "ops") -> tuple[int, dict[str, Any]]:
    response: Any = client.put(f"/api/boards/{slug}/", body, content_type="application/json")
    return response.status_code, response.json()


def test_a_board_is_its_snapshot(ada: Client) -> None:
    cpu = produced_stream()
    board_of(cpu)
    store.record([reading(cpu, 41)])
    response = ada.get("/api/boards/ops/")
    assert response.status_code == 200
    assert response.json() == boards.board_snapshot("ops").event
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("method", "path"), [("get", "boards/ops/"), ("put", "boards/ops/"), ("post", "boards/"), ("get", "streams/")]
)
def test_boards_are_for_those_who_are_signed_in(method: str, path: str) -> None:
    board_of()
    response = getattr(Client(), method)(f"/api/{path}")
    assert (response.status_code, response.json()["error"]["code"]) == (401, "sign_in")


def test_what_is_not_there_is_404_and_a_wrong_method_405(ada: Client, grace: Client) -> None:
    assert ada.get("/api/boards/nowhere/").status_code == 404
    assert ada.post("/api/boards/nowhere/").status_code == 405
    assert ada.get("/api/boards/").status_code == 405
    assert ada.post("/api/streams/").status_code == 405
    assert put(grace, {"version": 1, "title": "x", "widgets": []}, "nowhere")[0] == 404


def test_who_may_edit_saves_a_layout_and_gets_it_back(grace: Client) -> None:
    board_of(produced_stream())
    layout = boards.board_layout("ops")
    status, answer = put(grace, layout | {"title": "Operations"})
    assert (status, answer["board"]) == (200, boards.board_layout("ops"))
    assert answer["board"]["title"] == "Operations"


def test_a_stale_edit_is_a_conflict_with_the_fresh_layout(grace: Client) -> None:
    board_of(produced_stream())
    layout = boards.board_layout("ops")
    put(grace, layout | {"title": "First"})
    status, answer = put(grace, layout | {"title": "Second"})
    assert (status, answer["error"]["code"]) == (409, "conflict")
    assert answer["board"] == boards.board_layout("ops")
    assert answer["board"]["title"] == "First"


def test_who_may_only_look_changes_nothing(ada: Client) -> None:
    board_of()
    assert put(ada, boards.board_layout("ops") | {"title": "Mine"})[0] == 403
    assert ada.delete("/api/boards/ops/").status_code == 403
    assert ada.post("/api/boards/", {"title": "x"}, content_type="application/json").status_code == 403
    assert ada.get("/api/streams/").status_code == 403
    assert Board.objects.get().title == "Ops"


def test_a_wrong_layout_is_422_with_its_field(grace: Client) -> None:
    board_of()
    status, answer = put(grace, boards.board_layout("ops") | {"widgets": [{"type": "pie"}]})
    assert (status, answer["error"]["field"]) == (422, "widgets[0].type")
    assert put(grace, "not an object")[0] == 400


def test_editing_needs_the_csrf_token() -> None:
    board_of()
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("grace", "correct horse battery"))
    response = client.put("/api/boards/ops/", boards.board_layout("ops"), content_type="application/json")
    assert response.status_code == 403


def test_too_many_edits_are_429(grace: Client, settings: Any) -> None:
    board_of()
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 1, 0.1
    assert [put(grace, {})[0] for _ in range(2)] == [422, 429]


def test_a_board_is_made_and_deleted(grace: Client) -> None:
    response = grace.post("/api/boards/", {"title": "Sales floor"}, content_type="application/json")
    assert (response.status_code, response.json()["board"]["slug"]) == (201, "sales-floor")
    assert grace.post("/api/boards/", {"title": ""}, content_type="application/json").status_code == 422
    assert grace.delete("/api/boards/sales-floor/").status_code == 204
    assert grace.delete("/api/boards/sales-floor/").status_code == 404


def test_streams_are_listed_for_editors(grace: Client) -> None:
    produced_stream("cpu", label="CPU", unit="%")
    produced_stream("disk")
    assert grace.get("/api/streams/").json()["streams"] == [
        {"slug": "cpu", "kind": "number", "label": "CPU", "unit": "%"},
        {"slug": "disk", "kind": "number", "label": "disk", "unit": ""},
    ]


# As it was


def at(client: Client, moment: str) -> Any:
    return client.get("/api/boards/ops/", {"at": moment})


def test_a_board_is_shown_as_it_was(ada: Client, django_assert_max_num_queries: Any) -> None:
    cpu, note = produced_stream("cpu"), produced_stream("note", kind="text")
    prices = produced_stream("prices", kind="table")
    board_of(cpu, note, prices)
    store.record([reading(cpu, value, at=value) for value in range(10)])
    store.record([reading(note, "early", at=1), reading(note, "late", at=9), reading(prices, {"A": {"bid": 1}}, at=1)])
    store.record([reading(cpu, error="boom")])
    with django_assert_max_num_queries(8):
        answer = at(ada, timestamp(seconds(4.5))).json()
    assert answer["at"] == timestamp(seconds(4.5))
    past = answer["streams"]
    assert (past["cpu"]["value"], past["cpu"]["at"]) == (4, timestamp(seconds(4)))
    assert [value for _, value in past["cpu"]["history"]] == [0, 1, 2, 3, 4]
    assert past["note"]["value"] == "early"
    assert {each["state"] for each in past.values()} == {None}
    assert (past["prices"]["value"], past["prices"]["at"]) == ({"A": {"bid": 1}}, timestamp(seconds(1)))
    assert (past["prices"]["stale_after"], past["note"]["stale_after"]) == (None, 60)
    assert answer["board"] == boards.board_layout("ops")


def test_before_the_first_value_there_is_none(ada: Client) -> None:
    cpu = produced_stream()
    board_of(cpu)
    store.record([reading(cpu, 41, at=5)])
    past = at(ada, timestamp(seconds(1))).json()["streams"]["cpu"]
    assert (past["value"], past["at"], past["history"]) == (None, None, [])


def test_a_chart_over_a_time_shows_the_time_before(ada: Client) -> None:
    cpu = produced_stream()
    board_of(cpu, type="line", options={"range": 60, "points": 6})
    store.record([reading(cpu, value, at=value) for value in range(300)])
    past = at(ada, timestamp(seconds(119))).json()["streams"]["cpu"]
    assert past["value"] == 119
    times = [moment for moment, _ in past["history"]]
    assert (min(times), max(times)) == (unix_ms(seconds(69)), unix_ms(seconds(119)))
    assert [value for _, value in past["history"]] == [64.5, 74.5, 84.5, 94.5, 104.5, 119]


@pytest.mark.parametrize("moment", ["", "now", "2026-11-21T09:00:00", "9999-99-99T00:00:00Z"])
def test_what_is_no_time_is_422(ada: Client, moment: str) -> None:
    board_of()
    answer = at(ada, moment)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "at")


def test_a_time_to_come_is_422(ada: Client) -> None:
    board_of()
    assert at(ada, timestamp(timezone.now() + timedelta(hours=1))).status_code == 422
