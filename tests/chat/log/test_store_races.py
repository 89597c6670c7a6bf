"""The log, when several write to it at once."""

import threading
from typing import Any

import pytest
from django.db import connections

from chat.log import store
from chat.log.changes import Change
from chat.log.store import Result
from chat.models import Message
from realtime.storage import clock
from tests.chat.log.changes import apply, log, outcomes
from tests.team import make_team, says


@pytest.mark.django_db(transaction=True)
def test_writers_side_by_side_leave_no_gap_and_double_nothing() -> None:
    team = make_team()
    writers, each = 6, 15
    posts = [
        [says(team.kitchen, team.alice, f"{writer}-{number}") for number in range(each)] for writer in range(writers)
    ]
    shared = [says(team.kitchen, team.bob, f"shared {number}") for number in range(5)]
    acks: list[list[Any]] = [[] for _ in range(writers)]
    results: list[Result] = []
    start = threading.Barrier(writers)

    def write(number: int) -> None:
        start.wait()
        try:
            for turn in range(0, each, 3):
                # The rooms are named in different orders: locks in that order would wait for each other.
                batch: list[Change] = [*posts[number][turn : turn + 3], says(team.lobby, team.gast), shared[turn // 3]]
                result = store.apply(batch if number % 2 else batch[::-1])
                acks[number] += outcomes(result)
                results.append(result)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()

    assert all(isinstance(ack, tuple) for each_acks in acks for ack in each_acks)
    for room, count in ((team.kitchen, writers * each + len(shared)), (team.lobby, writers * each // 3)):
        room.refresh_from_db()
        assert (room.rev, room.seq) == (count, count)
        assert [message["seq"] for message in log(room)] == list(range(1, count + 1))
        published = [p.number for result in results for p in result.publications if p.topic == f"room.{room.pk}"]
        assert sorted(published) == list(range(1, count + 1)), "each change is told once"
    bodies = [message["body"] for message in log(team.kitchen)]
    assert sorted(bodies) == sorted([post.body for own in posts for post in own] + [post.body for post in shared])


@pytest.mark.django_db(transaction=True)
def test_a_message_is_stamped_when_its_number_is_taken() -> None:
    """A message that waited for the lock does not get an earlier time than the one before it."""
    team = make_team()
    before = clock.now()
    apply(says(team.kitchen, team.alice))
    apply(says(team.kitchen, team.bob))
    first, second = Message.objects.order_by("seq")
    assert before <= first.at <= second.at <= clock.now()
