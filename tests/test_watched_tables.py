"""Tests of the watch over tables: every kind of write by the wrong module is found."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from accounts.models import User
from chat.log.store import apply
from chat.models import Message, Room
from realtime.storage import bulk
from tests.house import ROOT
from tests.team import says
from tests.watched_tables import WatchedTables

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(db: None) -> Room:
    """A room in which one thing was said."""
    room = Room.objects.create(slug="kitchen", name="Kitchen", guests=True)
    apply([says(room, User.objects.create_guest("Ada"))])
    return room


@pytest.fixture
def found(tmp_path: Path) -> Iterator[list[str]]:
    watched = WatchedTables(tmp_path, ("chat", "realtime"), {"chat_message": "chat/store.py"}, {"realtime"})
    with connection.execute_wrapper(watched):
        yield watched.found


def run(file: Path, code: str, **names: Any) -> None:
    """Run `code` as if it stood in `file`."""
    given = {"Message": Message, "bulk": bulk, "uuid": uuid, **names}
    exec(compile(f"def act():\n    {code}\nact()", file, "exec"), given)


@pytest.mark.parametrize(
    "code",
    [
        "m = room.messages.get(); m.seq = m.rev = 2; m.pk = None; m.client_id = uuid.uuid4(); m.save_base()",
        "m = room.messages.get(); m.body = 'x'; m.save()",
        "room.messages.all().update(body='x')",
        "bulk.update(list(room.messages.all()), 'body')",
        "room.messages.all().delete()",
        "connection.cursor().execute('update chat_message set body = 1')",
        "setattr(room, 'write', getattr(room.messages, 'upd' + 'ate')); room.write(body='x')",
    ],
)
def test_every_write_by_the_wrong_module_is_found(room: Room, found: list[str], tmp_path: Path, code: str) -> None:
    run(tmp_path / "chat/log/evil.py", code, room=room, connection=connection)
    assert found
    assert set(found) == {"chat/log/evil.py:2 writes chat_message, which only chat/store.py may"}


def test_who_may_write_and_who_only_reads_is_not_found(room: Room, found: list[str], tmp_path: Path) -> None:
    run(tmp_path / "chat/store.py", "room.messages.all().update(body='x')", room=room)
    run(tmp_path / "chat/views.py", "room.messages.get(); room.save()", room=room)
    room.messages.all().delete()
    assert found == []


def test_who_passes_on_is_not_who_writes(room: Room, found: list[str], tmp_path: Path) -> None:
    names: dict[str, Any] = {"room": room}
    exec(compile("def pass_on(work):\n    return work()", tmp_path / "realtime/storage/database.py", "exec"), names)
    run(tmp_path / "chat/store.py", "pass_on(lambda: room.messages.all().update(body='x'))", **names)
    assert found == []
    exec(compile("def write():\n    room.messages.all().update(body='x')", tmp_path / "realtime/b.py", "exec"), names)
    run(tmp_path / "chat/views.py", "write()", **names)
    assert found == ["chat/views.py:2 writes chat_message, which only chat/store.py may"]


@pytest.mark.django_db(transaction=True)
def test_every_connection_of_the_tests_is_watched(room: Room, watched_tables: WatchedTables) -> None:
    def write() -> None:
        run(ROOT / "chat/evil.py", "room.messages.all().update(body='x')", room=room)
        connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(write).result()
    assert watched_tables.found == ["chat/evil.py:2 writes chat_message, which only chat/log/store.py may"]
    watched_tables.found.clear()
