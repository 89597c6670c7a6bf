"""After the migration, people follow the public rooms that they have read."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@pytest.mark.django_db(transaction=True)
def test_read_marks_of_public_rooms_become_follows() -> None:
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    executor.migrate([("chat", "0001_initial")])
    try:
        old = MigrationExecutor(connection).loader.project_state([("chat", "0001_initial")]).apps
        person = old.get_model("accounts", "User").objects.create(username="ada")
        rooms = old.get_model("chat", "Room").objects
        for slug, kind in [("lobby", "public"), ("kitchen", "public"), ("attic", "members")]:
            room = rooms.create(slug=slug, name=slug, kind=kind)
            if slug != "lobby":
                old.get_model("chat", "ReadMark").objects.create(room=room, user=person, seq=7)
    finally:
        MigrationExecutor(connection).migrate(latest)

    from chat.models import PersonInRoom, Room

    rows = PersonInRoom.objects.values_list("room__slug", "seq", "follows", "starred", "level")
    assert sorted(rows) == [("attic", 7, False, False, "mentions"), ("kitchen", 7, True, False, "mentions")]
    assert list(Room.objects.filter(everybody=True).values_list("slug", flat=True)) == ["lobby"]
