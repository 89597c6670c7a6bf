"""What joiners get of a room's log, from memory and from the store."""

import asyncio
import json
import random
from typing import Any

import msgspec
import pytest

from chat.log import changes, pages, recent, store
from chat.log.changes import Change, Delete, Edit, React
from chat.log.pages import Page
from chat.log.recent import RecentMessages
from chat.models import Room
from chat.topics import room_topic
from realtime.delivery import memories
from realtime.delivery.hub import Hub
from realtime.delivery.topics import LogTopic
from realtime.storage.database import in_database
from tests.realtime.fakes import Reader
from tests.team import Team, queries, says


def text(rev: int, seq: int, body: str = "") -> str:
    return json.dumps({"rev": rev, "seq": seq, "body": body})


def shown(page: Page | None) -> list[tuple[int, int]]:
    """Return rev and seq of each message on a page."""
    assert page is not None
    found = [msgspec.json.decode(msgspec.json.encode(each)) for each in page.messages]
    return [(each["rev"], each["seq"]) for each in found]


def of(*changes: tuple[int, int]) -> RecentMessages:
    """Return the memory of a room that had only these changes, given as (rev, seq)."""
    found = RecentMessages(0, 0, 0, 0)
    for rev, seq in changes:
        found.take(rev, text(rev, seq))
        found.number = rev
    return found


def test_messages_are_in_order_of_the_room_and_changes_in_their_own() -> None:
    found = of((1, 1), (2, 2), (3, 3), (4, 1))
    assert shown(found.newest(2)) == [(2, 2), (3, 3)]
    assert shown(found.newest(50)) == [(4, 1), (2, 2), (3, 3)]
    assert shown(found.changed_after(2, 50)) == [(3, 3), (4, 1)]
    page = found.changed_after(1, 2)
    assert page is not None
    assert (shown(page), page.rev, page.seq, page.complete, page.reached) == ([(2, 2), (3, 3)], 4, 3, False, 3)
    page = found.changed_after(4, 2)
    assert page is not None
    assert (page.messages, page.complete, page.reached) == ([], True, 4)


def test_a_post_that_an_edit_has_moved_behind_a_later_post_is_in_its_place() -> None:
    """As after reading a gap back: rev 2 is gone, since 4 has replaced it."""
    found = of((1, 1), (3, 3))
    assert shown(found.newest(2)) == [(3, 3)]
    found.take(4, text(4, 2))
    assert shown(found.newest(2)) == [(4, 2), (3, 3)]


def test_what_is_not_all_here_is_not_given() -> None:
    found = RecentMessages(200, 150, after=100, before=50)
    for rev in range(101, 201):
        found.take(rev, text(rev, rev - 50))
    assert found.newest(101) is None
    assert len(shown(found.newest(100))) == 100
    assert found.changed_after(99, 50) is None
    assert len(shown(found.changed_after(100, 200))) == 100
    found.take(201, text(201, 7))  # somebody reacts to an old message
    assert len(shown(found.newest(100))) == 100
    assert shown(found.changed_after(200, 50)) == [(201, 7)]


def test_memory_is_bounded_by_number_and_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST", 5)
    found = of(*[(rev, rev) for rev in range(1, 9)])
    assert found.newest(6) is None
    assert shown(found.newest(5)) == [(rev, rev) for rev in range(4, 9)]
    assert found.changed_after(2, 50) is None
    assert len(shown(found.changed_after(3, 50))) == 5
    monkeypatch.setattr(recent, "MOST_BYTES", 1000)
    found.take(9, text(9, 9, "x" * 990))
    assert found.newest(1) is None
    assert found.changed_after(8, 50) is None
    found.take(10, text(10, 10))
    assert shown(found.newest(1)) == [(10, 10)]
    assert shown(found.changed_after(9, 50)) == [(10, 10)]


# With a hub and a store


async def listening(hub: Hub, room: Room) -> Reader:
    reader = Reader()
    await hub.subscribe(room_topic(room.pk), reader)
    return reader


async def write(hub: Hub | None, *changes: changes.Change) -> None:
    """Apply changes; the wire brings them to the hub, when there is one."""
    result = await in_database(store.apply)(changes)
    if hub is not None:
        for item in result.publications:
            hub.receive([item])


async def test_those_who_join_at_once_share_a_read_and_later_ones_need_none(team: Team, hub: Hub) -> None:
    pk = team.kitchen.pk
    await write(None, *[says(team.kitchen, team.alice) for _ in range(3)])
    reader = await listening(hub, team.kitchen)
    with queries() as made:
        found = await asyncio.gather(*[recent.page(pk, None, 50, 3) for _ in range(20)])
    assert len(made) == 2, made
    assert all(shown(page) == [(1, 1), (2, 2), (3, 3)] for page in found)
    await hub.release(room_topic(pk), reader, found[0].rev)
    await write(hub, says(team.kitchen, team.alice), Edit(pk, team.alice.pk, 2, "x", "x"))
    with queries() as made:
        assert shown(await recent.page(pk, None, 50, 5)) == [(1, 1), (5, 2), (3, 3), (4, 4)]
        assert shown(await recent.page(pk, 3, 50, 5)) == [(4, 4), (5, 2)]
    assert made == []


async def test_a_memory_ends_with_the_last_listener(team: Team, hub: Hub) -> None:
    pk = team.kitchen.pk
    reader = await listening(hub, team.kitchen)
    assert shown(await recent.page(pk, None, 50, 0)) == []
    await hub.unsubscribe(room_topic(pk), reader)
    await write(hub, says(team.kitchen, team.alice))
    await listening(hub, team.kitchen)
    assert shown(await recent.page(pk, None, 50, 0)) == [(1, 1)]


async def test_what_the_wire_lost_is_on_the_page_all_the_same(team: Team, hub: Hub) -> None:
    pk = team.kitchen.pk
    reader = await listening(hub, team.kitchen)
    page = await recent.page(pk, None, 50, 0)
    await hub.release(room_topic(pk), reader, page.rev)
    await write(None, says(team.kitchen, team.alice))
    assert shown(await recent.page(pk, None, 50, least=1)) == [(1, 1)]
    await write(hub, says(team.kitchen, team.alice))
    assert shown(await recent.page(pk, 0, 50, least=2)) == [(1, 1), (2, 2)]


async def test_what_is_on_its_way_is_waited_for(team: Team, hub: Hub) -> None:
    pk = team.kitchen.pk
    reader = await listening(hub, team.kitchen)
    page = await recent.page(pk, None, 50, 0)
    await hub.release(room_topic(pk), reader, page.rev)
    result = await in_database(store.apply)([says(team.kitchen, team.alice)])
    with queries() as made:
        waiting = asyncio.create_task(recent.page(pk, None, 50, least=1))
        await asyncio.sleep(0)
        hub.receive(result.publications)
        assert shown(await waiting) == [(1, 1)]
    assert made == []


async def test_a_long_absence_is_read_from_the_store_once_for_all(
    team: Team, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "NEWEST", 3)
    pk = team.kitchen.pk
    await write(None, *[says(team.kitchen, team.alice) for _ in range(9)])
    await listening(hub, team.kitchen)
    await recent.page(pk, None, 3, 9)
    with queries() as made:
        found = await asyncio.gather(*[recent.page(pk, 2, 50, 9) for _ in range(10)])
    assert len(made) == 1, made
    assert all(shown(page) == [(rev, rev) for rev in range(3, 10)] for page in found)
    page = await recent.page(pk, None, 5, 9)
    assert shown(page) == [(rev, rev) for rev in range(5, 10)]


async def test_it_is_read_again_after_a_while(team: Team, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    pk = team.kitchen.pk
    await write(None, says(team.kitchen, team.alice))
    await listening(hub, team.kitchen)
    await recent.page(pk, None, 50, 1)
    team.alice.name = "Alicia"
    await team.alice.asave()
    monkeypatch.setattr(memories, "OLDEST", 0.0)
    (message,) = (await recent.page(pk, None, 50, 1)).messages
    assert msgspec.json.decode(message)["sender"]["name"] == "Alicia"


async def test_a_log_that_outran_its_tail_is_read_again(team: Team, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    pk = team.kitchen.pk
    reader = await listening(hub, team.kitchen)
    page = await recent.page(pk, None, 50, 0)
    await hub.release(room_topic(pk), reader, page.rev)
    monkeypatch.setattr("realtime.delivery.topics.TAIL", 3)
    await write(hub, *[says(team.kitchen, team.alice) for _ in range(7)])
    topic = hub.topics[room_topic(pk)]
    assert isinstance(topic, LogTopic)
    assert topic.since(3) is None
    assert len(shown(await recent.page(pk, None, 50, 7))) == 7


async def test_there_is_no_history_of_no_room(team: Team, hub: Hub) -> None:
    with pytest.raises(LookupError):
        await recent.page(99_999, None, 50, 0)


@pytest.mark.parametrize("seed", range(6))
async def test_memory_is_what_the_store_says_whatever_happens(
    team: Team, hub: Hub, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Old state plus events equals the fresh state, over a wire that drops, doubles and reorders."""
    chance = random.Random(seed)
    monkeypatch.setattr(recent, "NEWEST", 6)
    monkeypatch.setattr(recent, "MOST", 12)
    pk, alice = team.kitchen.pk, team.alice.pk
    reader = await listening(hub, team.kitchen)
    await hub.release(room_topic(pk), reader, 0)
    rev = seq = 0
    for _ in range(60):
        wanted: list[Change] = [
            says(team.kitchen, team.alice, reply_to=chance.choice([None, chance.randint(1, seq)]) if seq else None)
            for _ in range(chance.randint(1, 3))
        ]
        for _ in range(chance.randint(0, 3)):
            old = chance.randint(1, seq + 1)
            body = f"{chance.random()}"
            wanted.append(
                chance.choice(
                    [
                        Edit(pk, alice, old, body, body),
                        React(pk, alice, old, "👍", chance.random() < 0.6),
                        *([Delete(pk, alice, old)] if chance.random() < 0.3 else []),
                    ]
                )
            )
        result = await in_database(store.apply)(wanted)
        rev, seq = result.rooms[-1].rev, result.rooms[-1].seq
        wire = [each for each in result.publications for _ in range(chance.choice((0, 1, 1, 1, 2)))]
        chance.shuffle(wire)
        hub.receive(wire)
        limit, after = chance.randint(1, 8), max(0, rev - chance.randint(0, 20))
        newest, changed = await recent.page(pk, None, limit, rev), await recent.page(pk, after, limit, rev)
        assert _plain(newest) == await in_database(pages.newest)(pk, limit)
        assert _plain(changed) == await in_database(pages.changed_after)(pk, after, limit)


def _plain(page: Page) -> Page:
    messages: list[Any] = msgspec.json.decode(msgspec.json.encode(page.messages))
    return Page(page.rev, page.seq, messages, page.complete, page.reached)
