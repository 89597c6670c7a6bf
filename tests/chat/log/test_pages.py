"""Reading the log: pages whose head and rows belong together."""

from typing import Any

import msgspec
import pytest
from django.db import connection

from chat.log import pages, store
from chat.log.changes import Delete, Edit
from chat.log.pages import Page
from chat.log.recent import RecentMessages
from chat.models import Room
from realtime.wire.protocol import encode
from tests.team import Team, make_team, says


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


@pytest.fixture
def kitchen(team: Team) -> Room:
    """A room with seven messages in ten changes: 2 was edited, 5 deleted, 2 edited again."""
    room, alice = team.kitchen, team.alice
    store.apply([says(room, alice, f"message {number}") for number in range(1, 8)])
    store.apply(
        [Edit(room.pk, alice.pk, 2, "x", "x"), Delete(room.pk, alice.pk, 5), Edit(room.pk, alice.pk, 2, "y", "y")]
    )
    return room


def seqs(page: Page) -> list[int]:
    return [message["seq"] for message in page.messages]


def revs(page: Page) -> list[int]:
    return [message["rev"] for message in page.messages]


def test_the_newest_are_in_the_order_of_the_room(kitchen: Room) -> None:
    page = pages.newest(kitchen.pk, 3)
    assert (seqs(page), page.rev, page.seq, page.complete, page.reached) == ([5, 6, 7], 10, 7, True, 10)
    assert seqs(pages.newest(kitchen.pk, 100)) == list(range(1, 8))


def test_what_changed_after_a_place_is_in_the_order_of_the_changes(kitchen: Room) -> None:
    page = pages.changed_after(kitchen.pk, 5, 100)
    assert (revs(page), seqs(page)) == ([6, 7, 9, 10], [6, 7, 5, 2])
    assert (page.complete, page.reached, page.rev) == (True, 10, 10)


def test_a_page_that_is_not_all_says_so_and_how_far_it_goes(kitchen: Room) -> None:
    place, found = 0, []
    while True:
        page = pages.changed_after(kitchen.pk, place, 2)
        found.append(revs(page))
        if page.complete:
            break
        assert page.reached == page.messages[-1]["rev"] < page.rev
        place = page.reached
    assert found == [[1, 3], [4, 6], [7, 9], [10]]
    assert page.reached == 10


def test_a_page_that_ends_with_the_last_change_is_complete(kitchen: Room) -> None:
    assert pages.changed_after(kitchen.pk, 7, 2).complete


def test_nothing_new_is_a_complete_page_with_the_head(kitchen: Room) -> None:
    page = pages.changed_after(kitchen.pk, 10, 5)
    assert (page.messages, page.rev, page.seq, page.complete, page.reached) == ([], 10, 7, True, 10)


def test_scrolling_back_ends_at_the_first_message(kitchen: Room) -> None:
    page = pages.before(kitchen.pk, 6, 3)
    assert (seqs(page), page.complete) == ([3, 4, 5], False)
    page = pages.before(kitchen.pk, 3, 3)
    assert (seqs(page), page.complete) == ([1, 2], True)
    assert (seqs(pages.before(kitchen.pk, 1, 3)), pages.before(kitchen.pk, 1, 3).complete) == ([], True)


def test_an_empty_room_has_a_head_too(team: Team) -> None:
    for page in (
        pages.newest(team.lobby.pk, 5),
        pages.changed_after(team.lobby.pk, 0, 5),
        pages.before(team.lobby.pk, 9, 5),
    ):
        assert (page.messages, page.rev, page.seq, page.complete) == ([], 0, 0, True)


def test_heads_are_of_the_rooms_that_exist(kitchen: Room, team: Team) -> None:
    assert pages.heads([kitchen.pk, team.lobby.pk, 99_999]) == {kitchen.pk: (10, 7), team.lobby.pk: (0, 0)}


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_an_empty_page_never_claims_what_it_does_not_show(team: Team, moment: int) -> None:
    """A message that comes between the two queries is either on the page or after its head."""
    queries = 0

    def somebody_writes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal queries
        found = execute(sql, params, many, context)
        queries += 1
        if queries == moment:
            store.apply([says(team.kitchen, team.bob, "just now")])
        return found

    with connection.execute_wrapper(somebody_writes):
        page = pages.changed_after(team.kitchen.pk, 0, 5)
    assert page.rev == len(page.messages) == (0 if moment == 3 else 1)
    assert page.complete


@pytest.mark.parametrize("size", [1, 50])
def test_a_page_takes_one_query_however_long_it_is(team: Team, size: int, django_assert_num_queries: Any) -> None:
    people = [team.alice, team.bob, team.gast]
    store.apply([says(team.kitchen, people[number % 3]) for number in range(60)])
    with django_assert_num_queries(1):
        assert len(pages.newest(team.kitchen.pk, size).messages) == size
    with django_assert_num_queries(1):
        assert len(pages.changed_after(team.kitchen.pk, 3, size).messages) == size


@pytest.mark.parametrize("where", ["store", "memory"])
def test_a_page_is_bounded_in_bytes_and_paging_misses_nothing(team: Team, where: str) -> None:
    body = "<&>" * 2_600  # three to five times as long as JSON
    for _ in range(40):
        store.apply([says(team.kitchen, team.alice, body)])
    room = team.kitchen.pk
    kept = RecentMessages(0, 0, 0, 0)
    for event in pages.recent([room], 100)[room].messages:
        kept.take(event["rev"], encode(event))
        kept.number = event["rev"]

    def newest(limit: int) -> Page | None:
        return pages.newest(room, limit) if where == "store" else kept.newest(limit)

    def changed_after(after: int, limit: int) -> Page | None:
        return pages.changed_after(room, after, limit) if where == "store" else kept.changed_after(after, limit)

    page = newest(200)
    assert page is not None
    assert page.complete
    assert 5 < len(page.messages) < 40
    assert len(msgspec.json.encode(page.messages)) <= pages.PAGE_BYTES + 100
    seqs = [_plain(each)["seq"] for each in page.messages]
    assert seqs == list(range(41 - len(seqs), 41))
    place, got = 0, []
    while True:
        page = changed_after(place, 200)
        assert page is not None
        assert len(msgspec.json.encode(page.messages)) <= pages.PAGE_BYTES + 100
        got += [_plain(each)["rev"] for each in page.messages]
        if page.complete:
            break
        assert page.reached == got[-1]
        place = got[-1]
    assert got == list(range(1, 41))
    before = 41
    upwards: list[int] = []
    while True:
        page = pages.before(room, before, 200)
        upwards = [each["seq"] for each in page.messages] + upwards
        before = upwards[0]
        if page.complete:
            break
    assert upwards == list(range(1, 41))


def test_a_page_holds_one_message_however_long(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    store.apply([says(team.kitchen, team.alice, "x" * 500), says(team.kitchen, team.alice, "y" * 500)])
    monkeypatch.setattr(pages, "PAGE_BYTES", 100)
    page = pages.changed_after(team.kitchen.pk, 0, 200)
    assert (len(page.messages), page.complete, page.reached) == (1, False, 1)


def _plain(event: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event))
    return found
