"""The log: numbers, duplicates, permissions, and publications."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.log import changes, pages, store
from chat.log.changes import Change, Delete, Post
from chat.log.store import Applied
from chat.models import Message, Room
from realtime.delivery.publish import Delivery
from realtime.wire.protocol import CommandError
from tests.chat.log.changes import apply, edit, log, outcomes, react, told
from tests.team import Team, make_team, says


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


# Numbers


def test_messages_and_changes_are_numbered_densely(team: Team) -> None:
    kitchen, alice = team.kitchen, team.alice
    assert apply(says(kitchen, alice), says(kitchen, team.bob)) == [(1, 1, False), (2, 2, False)]
    assert apply(edit(kitchen, alice, 1, "edited"), says(kitchen, alice)) == [(3, 1, False), (4, 3, False)]
    assert apply(react(kitchen, team.bob, 2), Delete(kitchen.pk, alice.pk, 3)) == [(5, 2, False), (6, 3, False)]
    kitchen.refresh_from_db()
    assert (kitchen.rev, kitchen.seq) == (6, 3)
    assert [(each["seq"], each["rev"]) for each in log(kitchen)] == [(1, 3), (2, 5), (3, 6)]


def test_rooms_count_for_themselves(team: Team) -> None:
    batch = [says(team.lobby, team.alice), says(team.kitchen, team.alice), says(team.lobby, team.bob)]
    result = store.apply(batch)
    assert outcomes(result) == [(1, 1, False), (1, 1, False), (2, 2, False)]
    assert [(room.slug, room.rev, room.seq) for room in result.rooms] == [("lobby", 2, 2), ("kitchen", 1, 1)]


def test_each_change_is_told_with_the_whole_message_in_the_order_of_the_log(team: Team) -> None:
    result = store.apply([says(team.kitchen, team.gast, "hi"), edit(team.kitchen, team.gast, 1, "hi!")])
    assert [(each.topic, each.delivery, each.number) for each in result.publications] == [
        (f"room.{team.kitchen.pk}", Delivery.LOG, 1),
        (f"room.{team.kitchen.pk}", Delivery.LOG, 2),
    ]
    first, second = told(result)
    message = Message.objects.get()
    assert first | {"at": None, "id": None} == {
        "type": "message",
        "room": "kitchen",
        "rev": 1,
        "seq": 1,
        "id": None,
        "sender": team.gast.on_wire(),
        "body": "hi",
        "html": "<p>hi</p>",
        "at": None,
        "edited_at": None,
        "deleted": False,
        "reply_to": None,
        "reactions": {},
        "kind": "text",
    }
    assert (first["id"], second["id"]) == (str(message.client_id),) * 2
    assert (second["body"], second["rev"], second["edited_at"]) == ("hi!", 2, second["at"])


# Sending again


def test_the_same_id_again_always_gets_the_original_ack(team: Team) -> None:
    post = says(team.kitchen, team.alice, "once")
    (original,) = store.apply([post]).outcomes
    assert isinstance(original, Applied)
    apply(
        says(team.kitchen, team.bob),
        edit(team.kitchen, team.alice, 1, "edited"),
        react(team.kitchen, team.bob, 1),
        Delete(team.kitchen.pk, team.alice.pk, 1),
    )
    Message.objects.update(at=original.at)
    result = store.apply([post])
    (again,) = result.outcomes
    assert isinstance(again, Applied)
    assert (again.rev, again.seq, again.at, again.duplicate) == (original.rev, original.seq, original.at, True)
    assert (result.publications, result.rooms) == ([], [])
    assert Room.objects.get(pk=team.kitchen.pk).rev == 5


def test_twice_in_one_batch_is_once(team: Team) -> None:
    post = says(team.kitchen, team.alice)
    result = store.apply([post, says(team.kitchen, team.alice), post])
    assert outcomes(result) == [(1, 1, False), (2, 2, False), (1, 1, True)]
    assert len(result.publications) == 2


def test_an_id_is_the_senders_and_the_rooms_own(team: Team) -> None:
    same = uuid.uuid4()
    batch = [
        says(room, user, client_id=same)
        for room, user in [(team.kitchen, team.alice), (team.kitchen, team.bob), (team.lobby, team.alice)]
    ]
    assert apply(*batch) == [(1, 1, False), (2, 2, False), (1, 1, False)]
    assert apply(*batch) == [(1, 1, True), (2, 2, True), (1, 1, True)]


def test_sending_again_works_after_the_room_was_closed(team: Team) -> None:
    said, beeped = says(team.kitchen, team.alice), says(team.kitchen, team.robo)
    apply(said, beeped)
    Room.objects.filter(pk=team.kitchen.pk).update(archived_at=timezone.now(), people_only=True)
    assert apply(said, beeped) == [(1, 1, True), (2, 2, True)]
    assert apply(says(team.kitchen, team.alice)) == ["forbidden"]


# Changes that change nothing


def test_what_changes_nothing_takes_no_rev_and_is_not_told(team: Team) -> None:
    kitchen, alice = team.kitchen, team.alice
    apply(says(kitchen, alice, "hi"), react(kitchen, alice, 1))
    result = store.apply(
        [edit(kitchen, alice, 1, "hi"), react(kitchen, alice, 1), react(kitchen, alice, 1, "❤️", False)]
    )
    assert outcomes(result) == [(2, 1, True)] * 3
    assert (result.publications, result.rooms) == ([], [])
    assert Message.objects.get().edited_at is None
    apply(Delete(kitchen.pk, alice.pk, 1))
    assert apply(Delete(kitchen.pk, alice.pk, 1)) == [(3, 1, True)]
    assert Room.objects.get(pk=kitchen.pk).rev == 3


def test_a_deleted_message_stays_as_a_tombstone(team: Team) -> None:
    kitchen, alice = team.kitchen, team.alice
    apply(says(kitchen, alice, "secret"), react(kitchen, team.bob, 1), says(kitchen, team.bob))
    (event,) = told(store.apply([Delete(kitchen.pk, alice.pk, 1)]))
    assert (event["seq"], event["deleted"], event["body"], event["html"], event["reactions"]) == (1, True, "", "", {})
    assert [(each["seq"], each["deleted"]) for each in log(kitchen)] == [(1, True), (2, False)]
    assert "secret" not in str(list(Message.objects.values()))
    assert apply(edit(kitchen, alice, 1, "back"), react(kitchen, team.bob, 1)) == ["not_found", "not_found"]


def test_an_edit_of_an_older_text_overwrites_nothing(team: Team) -> None:
    kitchen, alice = team.kitchen, team.alice
    apply(says(kitchen, alice, "a"))

    def change(body: str, base: str | None) -> store.Result:
        return store.apply([changes.Edit(kitchen.pk, alice.pk, 1, body, f"<p>{body}</p>", base)])

    [first] = told(change("b", None))
    [stale] = change("c", None).outcomes
    assert isinstance(stale, store.StaleEdit)
    assert stale.code == "conflict"
    assert stale.event("r")["message"] == first
    assert Message.objects.get().body == "b"
    # A reaction does not change the text; the same text is no conflict; and somebody who has seen the text may edit it.
    apply(react(kitchen, team.bob, 1))
    assert outcomes(change("b", None)) == [(3, 1, True)]
    assert outcomes(change("c", first["edited_at"])) == [(4, 1, False)]
    assert outcomes(store.apply([edit(kitchen, alice, 1, "d")])) == [(5, 1, False)], "it does not say from which"


def test_an_older_reply_is_told_with_what_it_answers(team: Team) -> None:
    kitchen, alice = team.kitchen, team.alice
    apply(says(kitchen, alice, "a"))
    [reply] = told(store.apply([says(kitchen, alice, "b", reply_to=1)]))
    [stale] = store.apply([changes.Edit(kitchen.pk, alice.pk, 2, "c", "<p>c</p>", "2026-01-01T00:00:00Z")]).outcomes
    assert isinstance(stale, store.StaleEdit)
    assert stale.message == reply
    assert reply["quote"]["text"] == "a"


def test_of_two_edits_of_one_text_the_second_is_told_also_in_one_batch(team: Team) -> None:
    kitchen, alice = team.kitchen, team.alice
    apply(says(kitchen, alice, "a"))
    both = [changes.Edit(kitchen.pk, alice.pk, 1, body, f"<p>{body}</p>", None) for body in ("b", "c")]
    assert outcomes(store.apply(both)) == [(2, 1, False), "conflict"]
    assert apply(Delete(kitchen.pk, alice.pk, 1)) == [(3, 1, False)]
    assert outcomes(store.apply(both)) == ["not_found", "not_found"]


def test_reactions_are_per_person_and_vanish_with_the_last(team: Team) -> None:
    kitchen, alice, bob = team.kitchen, team.alice, team.bob
    apply(says(kitchen, alice), react(kitchen, bob, 1), react(kitchen, alice, 1), react(kitchen, bob, 1, "❤️"))
    assert log(kitchen)[0]["reactions"] == {"👍": [bob.pk, alice.pk], "❤️": [bob.pk]}
    apply(react(kitchen, bob, 1, "👍", False), react(kitchen, bob, 1, "❤️", False))
    assert log(kitchen)[0]["reactions"] == {"👍": [alice.pk]}
    many = [react(kitchen, bob, 1, chr(0x1F600 + number)) for number in range(25)]
    assert apply(*many)[18:20] == [(25, 1, False), "conflict"]
    assert len(log(kitchen)[0]["reactions"]) == 20


# What is refused


def test_what_is_not_there_is_not_found(team: Team) -> None:
    kitchen, alice = team.kitchen, team.alice
    nowhere = Post(99_999, alice.pk, uuid.uuid4(), "x", "x")
    changes = [edit(kitchen, alice, 1, "x"), Delete(kitchen.pk, alice.pk, 7), react(kitchen, alice, 2**53), nowhere]
    assert apply(*changes) == ["not_found"] * 4
    assert apply(says(kitchen, alice, reply_to=1)) == ["not_found"]


def test_a_reply_names_a_message_of_the_log_a_deleted_one_too(team: Team) -> None:
    kitchen, alice = team.kitchen, team.alice
    assert apply(says(kitchen, alice), says(kitchen, alice, reply_to=1)) == [(1, 1, False), (2, 2, False)]
    apply(Delete(kitchen.pk, alice.pk, 1))
    apply(says(kitchen, alice, reply_to=1))
    assert [each["reply_to"] for each in log(kitchen)] == [None, 1, 1]


def test_a_change_that_may_not_be_leaves_the_others_and_takes_no_number(team: Team) -> None:
    changes = [
        says(team.kitchen, team.alice),
        says(team.attic, team.charlie),
        edit(team.kitchen, team.bob, 1, "not mine"),
        says(team.kitchen, team.bob),
        says(team.attic, team.bob),
    ]
    assert apply(*changes) == [(1, 1, False), "forbidden", "forbidden", (2, 2, False), (1, 1, False)]


def test_send_and_change_may_come_in_one_batch(team: Team) -> None:
    kitchen, alice = team.kitchen, team.alice
    batch = [
        says(kitchen, alice, "a"),
        edit(kitchen, alice, 1, "b"),
        react(kitchen, alice, 1),
        edit(kitchen, alice, 1, "c"),
    ]
    assert apply(*batch) == [(1, 1, False), (2, 1, False), (3, 1, False), (4, 1, False)]
    (message,) = log(kitchen)
    assert (message["body"], message["rev"], message["reactions"]) == ("c", 4, {"👍": [alice.pk]})


# What it costs


def test_a_batch_takes_the_same_number_of_queries_whatever_is_in_it(team: Team, django_assert_num_queries: Any) -> None:
    rooms = [team.kitchen, team.lobby, team.attic]
    store.apply([says(room, team.alice) for room in rooms for _ in range(5)])

    def batch(times: int) -> Sequence[Change]:
        return [
            change
            for number in range(1, times + 1)
            for room in rooms
            for change in (
                says(room, team.alice),
                edit(room, team.alice, number, str(times)),
                react(room, team.bob, number, {1: "👍", 5: "❤️"}[times]),
            )
        ]

    # In one transaction (a savepoint here): rooms, people, memberships; the messages' keys by id and by number, then
    # the messages; then rooms, new and changed messages are written.
    for times in (1, 5):
        with django_assert_num_queries(2 + 6 + 3):
            result = store.apply(batch(times))
        assert len(result.publications) == 9 * times


def test_looking_for_the_first_copy_does_not_walk_through_the_room(team: Team) -> None:
    store.apply([says(team.kitchen, team.bob) for _ in range(50)])
    if connection.vendor != "sqlite":
        pytest.skip("reads SQLite's plan")
    with CaptureQueriesContext(connection) as queries:
        store.apply([says(team.kitchen, team.alice), edit(team.kitchen, team.bob, 2, "better")])
    plans = []
    for query in [
        each["sql"] for each in queries if each["sql"].startswith('SELECT "chat_message"."id" FROM json_each')
    ]:
        with connection.cursor() as cursor:
            plans.append(str(cursor.execute("EXPLAIN QUERY PLAN " + query).fetchall()))
    assert len(plans) == 2
    assert "(room_id=? AND sender_id=? AND client_id=?)" in plans[0]
    assert "(room_id=? AND seq=?)" in plans[1]


# Old state + events = fresh state

SOME = st.integers(1, 6)
BODIES = st.sampled_from(["", "a", "b", "c"])
COMMANDS = st.one_of(
    st.tuples(st.just("post"), st.integers(0, 4), SOME),
    st.tuples(st.just("edit"), st.integers(0, 4), SOME, BODIES),
    st.tuples(st.just("delete"), st.integers(0, 4), SOME),
    st.tuples(st.just("react"), st.integers(0, 4), SOME, st.sampled_from(["👍", "❤️"]), st.booleans()),
    st.tuples(st.just("staff"), SOME),
)


def change(team: Team, room: Room, ids: list[uuid.UUID], command: tuple[Any, ...]) -> Change:
    people = [team.alice, team.bob, team.charlie, team.gast, team.robo]
    match command:
        case ("post", who, which):
            return says(room, people[who], f"message {which}", client_id=ids[which])
        case ("edit", who, seq, body):
            return edit(room, people[who], seq, body)
        case ("delete", who, seq):
            return Delete(room.pk, people[who].pk, seq)
        case ("react", who, seq, emoji, on):
            return react(room, people[who], seq, emoji, on)
        case (_, seq):
            return Delete(room.pk, team.charlie.pk, seq, as_staff=True)
    raise AssertionError


@pytest.fixture
def rooms(team: Team) -> Iterator[Room]:
    """New rooms, one for each example."""
    return (Room.objects.create(slug=f"room-{number}", name="x") for number in range(10_000))


@given(
    before=st.lists(COMMANDS, max_size=6),
    batches=st.lists(st.lists(COMMANDS, min_size=1, max_size=6), max_size=6),
    page=st.integers(1, 3),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_one_had_and_what_is_told_make_what_is_there(
    team: Team,
    rooms: Iterator[Room],
    before: list[tuple[Any, ...]],
    batches: list[list[tuple[Any, ...]]],
    page: int,
) -> None:
    room, ids = next(rooms), [uuid.uuid4() for _ in range(7)]
    apply(*[change(team, room, ids, command) for command in before]) if before else None
    snapshot = pages.newest(room.pk, 100)
    known = {message["seq"]: message for message in snapshot.messages}
    last = snapshot.rev

    for batch in batches:
        result = store.apply([change(team, room, ids, command) for command in batch])
        for event in told(result):
            assert event["rev"] == last + 1, "dense and in order"
            last = event["rev"]
            known[event["seq"]] = event
        for outcome in result.outcomes:
            assert isinstance(outcome, CommandError) or outcome.rev <= last

    fresh = pages.newest(room.pk, 100)
    assert (list(known.values()), last) == (sorted(known.values(), key=lambda each: each["seq"]), fresh.rev)
    assert list(known.values()) == fresh.messages
    assert [message["seq"] for message in fresh.messages] == list(range(1, fresh.seq + 1)), "dense, tombstones too"

    # A client that was away since the snapshot gets the same, page by page.
    known = {message["seq"]: message for message in snapshot.messages}
    place, complete = snapshot.rev, False
    while not complete:
        part = pages.changed_after(room.pk, place, page)
        assert [message["rev"] for message in part.messages] == sorted(message["rev"] for message in part.messages)
        known |= {message["seq"]: message for message in part.messages}
        place, complete = part.reached, part.complete
    assert place == fresh.rev
    assert [known[seq] for seq in sorted(known)] == fresh.messages
