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
from realtime import bulk
from tests.cast import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


TEXTS = ["", "plain", 'it\'s "quoted" \\ %s {}', "Grüße 🎈 \u2028\t\n", "x" * 8000]


def message(cast: Cast, seq: int, **fields: Any) -> Message:
    given = {
        "room": cast.kitchen,
        "seq": seq,
        "rev": seq,
        "posted_rev": seq,
        "sender": cast.alice,
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
def test_a_row_is_what_django_would_have_written(cast: Cast, fields: dict[str, Any]) -> None:
    ours, djangos = message(cast, 101, **fields), message(cast, 102, **fields)
    djangos.at = ours.at
    bulk.insert([ours])
    Message.objects.bulk_create([djangos])
    assert stored(ours) == stored(djangos) | {"posted_rev": 101}
    kept = Message.objects.get(client_id=ours.client_id)
    assert (kept.at, kept.edited_at, kept.reactions) == (ours.at, ours.edited_at, ours.reactions)


def test_many_rows_in_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    rows = [message(cast, seq, body=str(seq)) for seq in range(1, 1001)]
    with django_assert_num_queries(1):
        bulk.insert(rows)
    found = Message.objects.filter(room=cast.kitchen).order_by("seq").values_list("seq", "body")
    assert list(found) == [(seq, str(seq)) for seq in range(1, 1001)]


def test_only_the_fields_named_of_the_rows_given_are_updated(cast: Cast, django_assert_num_queries: Any) -> None:
    bulk.insert([message(cast, seq, body="before", html="before") for seq in (1, 2, 3)])
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


def test_rows_are_found_by_several_fields_together(cast: Cast) -> None:
    bulk.insert([message(cast, seq) for seq in (1, 2)])
    one, two = Message.objects.order_by("seq")
    names, given = ("room", "sender", "client_id"), ("id", "seq")
    key = (one.room_id, one.sender_id, one.client_id)
    assert bulk.find(Message, names, [key], give=given) == [(one.pk, 1)]
    others = [(one.room_id, cast.bob.pk, one.client_id), (0, 0, uuid.uuid4())]
    assert bulk.find(Message, names, others, give=given) == []
    seqs = [(one.room_id, seq) for seq in (1, 2, 3)]
    assert sorted(bulk.find(Message, ("room", "seq"), seqs, give=given)) == [(one.pk, 1), (two.pk, 2)]


def test_a_row_is_made_as_by_keywords(cast: Cast) -> None:
    values = {field.attname: getattr(cast.bob, field.attname) for field in User._meta.concrete_fields}
    made = bulk.make(User, values)
    assert made._state.adding
    assert {name: getattr(made, name) for name in values} == values


def test_what_is_found_is_as_a_model_has_it(cast: Cast) -> None:
    fields = ("is_active", "date_joined", "token_hash")
    assert bulk.find(User, ("id",), [(cast.bob.pk,)], give=fields) == [(True, cast.bob.date_joined, None)]
    found = bulk.instances(User, [cast.bob.pk, cast.alice.pk, 0])
    assert found == {user.pk: user for user in (cast.bob, cast.alice)}
    names = [field.attname for field in User._meta.concrete_fields]
    assert [getattr(found[cast.bob.pk], name) for name in names] == [getattr(cast.bob, name) for name in names]


def test_nothing_costs_nothing(cast: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        bulk.insert([])
        bulk.update([], "body")
        assert bulk.find(Message, ("room", "seq"), [], give=("id",)) == []


def test_what_the_database_refuses_is_refused(cast: Cast) -> None:
    with pytest.raises(IntegrityError):
        bulk.insert([message(cast, 1), message(cast, 1)])


def test_a_row_keeps_its_other_columns(cast: Cast) -> None:
    before = Room.objects.values().get(pk=cast.kitchen.pk)
    room = Room.objects.get(pk=cast.kitchen.pk)
    room.rev, room.seq, room.name = 7, 5, "not this"
    bulk.update([room], "rev", "seq")
    assert Room.objects.values().get(pk=room.pk) == before | {"rev": 7, "seq": 5}
