"""Many rows in one statement: what Django would have written, on the database the tests run on."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError
from django.forms import model_to_dict
from django.utils import timezone

from accounts.models import User
from chat.models import Message, Room
from realtime.storage import bulk
from tests.team import Team, make_team


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


TEXTS = ["", "plain", 'it\'s "quoted" \\ %s {}', "Grüße 🎈 \u2028\t\n", "x" * 8000]


def message(team: Team, seq: int, **fields: Any) -> Message:
    given = {
        "room": team.kitchen,
        "seq": seq,
        "rev": seq,
        "posted_rev": seq,
        "sender": team.alice,
        "at": timezone.now(),
    }
    return Message(**given | fields)


def stored(row: Message) -> dict[str, Any]:
    return model_to_dict(Message.objects.get(room=row.room_id, seq=row.seq), exclude=["id", "seq", "rev", "client_id"])


@pytest.mark.parametrize(
    "fields",
    [
        *({"body": text, "html": text} for text in TEXTS),
        {"at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)},
        {"at": datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "edited_at": timezone.now()},
        {"reply_to": 2**53, "reactions": {}},
        {"reactions": {"👍": [1, 2], 'it"s': []}},
    ],
)
def test_a_row_is_what_django_would_have_written(team: Team, fields: dict[str, Any]) -> None:
    ours, djangos = message(team, 101, **fields), message(team, 102, **fields)
    djangos.at = ours.at
    bulk.insert([ours])
    Message.objects.bulk_create([djangos])
    assert stored(ours) == stored(djangos) | {"posted_rev": 101}
    kept = Message.objects.get(client_id=ours.client_id)
    assert (kept.at, kept.edited_at, kept.reactions) == (ours.at, ours.edited_at, ours.reactions)


def test_many_rows_in_one_query(team: Team, django_assert_num_queries: Any) -> None:
    rows = [message(team, seq, body=str(seq)) for seq in range(1, 1001)]
    with django_assert_num_queries(1):
        bulk.insert(rows)
    found = Message.objects.filter(room=team.kitchen).order_by("seq").values_list("seq", "body")
    assert list(found) == [(seq, str(seq)) for seq in range(1, 1001)]


def test_only_the_fields_named_of_the_rows_given_are_updated(team: Team, django_assert_num_queries: Any) -> None:
    bulk.insert([message(team, seq, body="before", html="before") for seq in (1, 2, 3)])
    rows = list(Message.objects.filter(seq__in=[1, 2]))
    for row in rows:
        row.body, row.html, row.deleted_at, row.reactions = (
            f"after {row.seq}",
            "not this",
            timezone.now(),
            {"a": [row.seq]},
        )
    with django_assert_num_queries(1):
        bulk.update(rows, "body", "deleted_at", "reactions")
    found = Message.objects.order_by("seq").values_list("body", "html", "reactions", "deleted_at")
    assert list(found) == [
        ("after 1", "before", {"a": [1]}, rows[0].deleted_at),
        ("after 2", "before", {"a": [2]}, rows[1].deleted_at),
        ("before", "before", {}, None),
    ]


def test_rows_are_found_by_several_fields_together(team: Team) -> None:
    bulk.insert([message(team, seq) for seq in (1, 2)])
    one, two = Message.objects.order_by("seq")
    names, given = ("room", "sender", "client_id"), ("id", "seq")
    key = (one.room_id, one.sender_id, one.client_id)
    assert bulk.find(Message, names, [key], give=given) == [(one.pk, 1)]
    others = [(one.room_id, team.bob.pk, one.client_id), (0, 0, uuid.uuid4())]
    assert bulk.find(Message, names, others, give=given) == []
    seqs = [(one.room_id, seq) for seq in (1, 2, 3)]
    assert sorted(bulk.find(Message, ("room", "seq"), seqs, give=given)) == [(one.pk, 1), (two.pk, 2)]


def test_a_row_is_made_as_by_keywords(team: Team) -> None:
    values = {field.attname: getattr(team.bob, field.attname) for field in User._meta.concrete_fields}
    made = bulk.make(User, values)
    assert made._state.adding
    assert {name: getattr(made, name) for name in values} == values


def test_what_is_found_is_as_a_model_has_it(team: Team) -> None:
    fields = ("is_active", "date_joined", "token_hash")
    assert bulk.find(User, ("id",), [(team.bob.pk,)], give=fields) == [(True, team.bob.date_joined, None)]
    found = bulk.instances(User, [team.bob.pk, team.alice.pk, 0])
    assert found == {user.pk: user for user in (team.bob, team.alice)}
    names = [field.attname for field in User._meta.concrete_fields]
    assert [getattr(found[team.bob.pk], name) for name in names] == [getattr(team.bob, name) for name in names]


def test_nothing_costs_nothing(team: Team, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        bulk.insert([])
        bulk.update([], "body")
        assert bulk.find(Message, ("room", "seq"), [], give=("id",)) == []


def test_what_the_database_refuses_is_refused(team: Team) -> None:
    with pytest.raises(IntegrityError):
        bulk.insert([message(team, 1), message(team, 1)])


def test_a_row_keeps_its_other_columns(team: Team) -> None:
    before = Room.objects.values().get(pk=team.kitchen.pk)
    room = Room.objects.get(pk=team.kitchen.pk)
    room.rev, room.seq, room.name = 7, 5, "not this"
    bulk.update([room], "rev", "seq")
    assert Room.objects.values().get(pk=room.pk) == before | {"rev": 7, "seq": 5}
