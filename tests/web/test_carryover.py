"""A database of the previous layout, made by the old code (`previous_layout.sql`), becomes one of the present."""

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from alerts.models import Incident
from boards.boards import board_layout
from boards.models import Board, Widget
from chat.models import Message
from roulette.models import Block
from streams.models import Sample, Stream
from tests.kept_database import using
from tests.watched_tables import WatchedTables
from walls.models import ScreenLink, Wall

PREVIOUS = Path(__file__).parent / "previous_layout.sql"


def shape(path: str) -> dict[str, object]:
    """Return each table with its columns in order of their names, each index, the migrations and the permissions."""
    with closing(sqlite3.connect(path)) as database:
        found: dict[str, object] = {}
        for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_master"):
            found[name] = sql if kind == "index" else sorted(sql.partition("(")[2].removesuffix(")").split(", "))
        found["migrations"] = set(database.execute("SELECT app, name FROM django_migrations"))
        found["permissions"] = set(
            database.execute(
                "SELECT app_label, model, codename, auth_permission.name"
                " FROM auth_permission JOIN django_content_type ON content_type_id = django_content_type.id"
            )
        )
        return found


@pytest.fixture
def fresh(django_db_setup: None) -> dict[str, object]:
    return shape(connection.settings_dict["NAME"])


@pytest.fixture
def previous(
    fresh: dict[str, object], tmp_path: Path, django_db_blocker: DjangoDbBlocker, watched_tables: WatchedTables
) -> Iterator[Path]:
    """A database of the previous layout, which Django uses."""
    path = tmp_path / "previous.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(PREVIOUS.read_text())
    with django_db_blocker.unblock(), using(path):
        yield path
    # It writes the tables of all, while nobody else is there.
    watched_tables.found[:] = [each for each in watched_tables.found if not each.startswith("web/carryover.py:")]


def carry_over() -> str:
    told = io.StringIO()
    call_command("carryover", stdout=told)
    return told.getvalue()


def test_what_was_in_the_previous_layout_is_in_the_present_one(previous: Path) -> None:
    assert "carried over" in carry_over()
    shown = [(tile["id"], tile["type"], tile["streams"]) for tile in board_layout("sales")["widgets"]]
    assert shown == [(1, "list", ["desks", "orders"]), (2, "text", [])]
    assert list(Sample.objects.order_by("at").values_list("stream__slug", "value")) == [("orders", n) for n in range(3)]
    assert Stream.objects.get(slug="desks").rows.get().value == {"calls": 7}
    assert Wall.objects.get().places.get().board.slug == "sales"
    assert ScreenLink.objects.get().screens.get().name == "Kitchen"
    assert [incident.about["title"] for incident in Incident.objects.order_by("pk")] == ["Orders", "Gone"]
    assert Message.objects.count() == 5
    assert Block.objects.get().blocked.username == "bob"
    assert User.objects.get(username="bob").get_all_permissions() == {
        "alerts.change_alertrule",
        "boards.view_widget",
        "streams.change_stream",
        "walls.add_screenlink",
    }
    assert {entry.content_type.app_label for entry in LogEntry.objects.all() if entry.content_type} == {
        "streams",
        "walls",
    }


def test_new_rows_get_ids_that_none_has(previous: Path) -> None:
    carry_over()
    assert Widget.objects.create(board=Board.objects.get(), type="text").pk == 3


def test_what_is_carried_over_has_the_shape_of_a_new_database(previous: Path, fresh: dict[str, object]) -> None:
    carry_over()
    told = io.StringIO()
    call_command("migrate", stdout=told)
    assert "0001_initial" not in told.getvalue()  # carried over to it; what came later is applied
    assert shape(str(previous)) == fresh


def test_the_second_time_nothing_is_done(previous: Path) -> None:
    carry_over()
    before = previous.read_bytes()
    assert "Nothing to do" in carry_over()
    assert previous.read_bytes() == before


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ("DELETE FROM django_migrations WHERE app = 'dashboard' AND name LIKE '0018%'", "dashboard 0017"),
        (
            "INSERT INTO django_migrations (app, name, applied) VALUES ('streams', '0001_initial', '2026-11-30')",
            "streams 0001",
        ),
        ("DELETE FROM django_migrations", "at none"),
        ("ALTER TABLE dashboard_board DROP COLUMN zone", "dashboard_board.*zone"),
        ("ALTER TABLE chat_room ADD COLUMN colour", "chat_room.*colour"),
    ],
)
def test_anything_else_is_refused_and_nothing_changes(previous: Path, spoilt: str, why: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(spoilt)
    before = shape(str(previous))
    with pytest.raises(CommandError, match=why):
        carry_over()
    assert shape(str(previous)) == before


def test_a_previous_database_is_not_migrated_without_being_carried_over(previous: Path) -> None:
    before = shape(str(previous))
    with pytest.raises(CommandError, match=r"manage\.py carryover"):
        call_command("migrate", verbosity=0)
    assert shape(str(previous)) == before
