"""Read marks, below sockets."""

import threading
from typing import Any

from django.db import connections

from chat.log import store
from chat.models import PersonInRoom
from chat.rooms import marks
from chat.rooms.access import Seen
from realtime.storage.database import in_database
from tests.team import Team, says


async def test_a_read_mark_only_moves_forward_however_many_move_it(team: Team, hub: Any) -> None:
    await in_database(store.apply)([says(team.kitchen, team.alice) for _ in range(30)])
    start = threading.Barrier(4)
    moves: list[int | None] = []

    def read(offset: int) -> None:
        start.wait(30)
        try:
            for seq in range(offset, 31, 4):
                moves.append(marks.move_mark(team.bob.pk, team.kitchen.pk, seq))
        finally:
            connections.close_all()

    def run() -> None:
        threads = [threading.Thread(target=read, args=(offset,)) for offset in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    await in_database(run)()
    assert len(moves) == 30
    assert (await PersonInRoom.objects.aget()).seq == 30
    assert await in_database(marks.move_mark)(team.bob.pk, team.kitchen.pk, 31) is None
    await marks.mark_read(team.bob, Seen(team.kitchen.pk, "kitchen", "public"), 5, "socket")
    assert (await PersonInRoom.objects.aget()).seq == 30
