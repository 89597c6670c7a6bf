from functools import partial

import pytest
from django.core.exceptions import ValidationError

from streams import services, store
from streams.models import PushToken, Stream
from streams.producers.registry import Producer, producer
from streams.push.values import WrongPush, read_push
from streams.values import Kind
from tests.screens import produced_stream, pushed_stream, reading

pytestmark = pytest.mark.django_db


def test_streams_of_producers_are_made_once_and_keep_what_the_admin_changed(no_producers: dict[str, Producer]) -> None:
    producer("answer", every=2, label="Answer", unit="%")(lambda: 42)
    made = services.ensure_produced(no_producers.values())
    Stream.objects.update(label="The answer")
    assert services.ensure_produced(no_producers.values()) == made
    stream = Stream.objects.get()
    assert (stream.label, stream.unit, stream.state) == ("The answer", "%", "unknown")


def test_a_stream_follows_its_producer_where_the_admin_did_not_change_it(no_producers: dict[str, Producer]) -> None:
    producer("answer", every=2, label="Answer", unit="%")(lambda: 42)
    services.ensure_produced(no_producers.values())
    Stream.objects.update(label="The answer")
    no_producers.clear()
    producer("answer", every=60, label="A number", unit="/min")(lambda: 42)
    services.ensure_produced(no_producers.values())
    stream = Stream.objects.get()
    assert (stream.label, stream.unit, stream.stale_after) == ("The answer", "/min", 180)


def test_a_stream_takes_its_producers_kind_until_it_has_a_value(no_producers: dict[str, Producer]) -> None:
    producer("answer", every=2)(lambda: 42)
    services.ensure_produced(no_producers.values())
    no_producers.clear()
    producer("answer", every=2, kind=Kind.TEXT)(lambda: "42")
    found = services.ensure_produced(no_producers.values())
    assert Stream.objects.get(pk=found["answer"]).kind == "text"
    Stream.objects.update(seq=1)  # it has failed
    no_producers.clear()
    producer("answer", every=2)(lambda: 42)
    assert services.ensure_produced(no_producers.values()) == found
    assert Stream.objects.get().kind == "number"
    store.record([reading(Stream.objects.get(), 42)])
    no_producers.clear()
    producer("answer", every=2, kind=Kind.TEXT)(lambda: "42")
    assert services.ensure_produced(no_producers.values()) == found
    assert services.misfits({found["answer"]: no_producers["answer"]}) == {found["answer"]: Kind.NUMBER}


def test_a_producer_goes_on_from_the_last_value() -> None:
    cpu, prices = produced_stream("cpu"), produced_stream("prices", kind="table")
    assert services.last_value(cpu.pk) is None
    assert services.last_value(prices.pk) is None
    store.record([reading(cpu, 41), reading(prices, {"A": {"bid": 1}})])
    assert services.last_value(cpu.pk) == 41
    assert services.last_value(prices.pk) == {"A": {"bid": 1}}


@pytest.mark.parametrize("slug", ["", "Orders", "a b", "-a", "x" * 81, "a/b", "a\n"])
def test_a_slug_that_is_no_address_is_refused(slug: str) -> None:
    with pytest.raises(ValidationError):
        services.create_stream(slug)


def test_a_token_is_stored_hashed_and_good_until_revoked() -> None:
    token = services.issue_token(pushed_stream(), "cron")
    found = services.find_token(token)
    assert found is not None
    assert token not in str(PushToken.objects.values())
    services.revoke_token(found)
    assert services.find_token(token) is None


def test_a_push_is_taken_whole_or_not_at_all() -> None:
    orders = pushed_stream()
    with pytest.raises(WrongPush):
        services.push(orders, partial(read_push, b'[{"value": 1}, {"value": "two"}]'))
    orders.refresh_from_db()
    assert (orders.seq, orders.samples.count()) == (0, 0)


def test_too_many_rows_name_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROWS", 1)
    with pytest.raises(WrongPush) as refused:
        services.push(pushed_stream(kind="table"), partial(read_push, b'{"value": {"a": {}, "b": {}}}'))
    assert refused.value.field == "value"
    assert not Stream.objects.get().rows.exists()
