import pytest

from streams import produced, store
from streams.models import Stream
from streams.producers.registry import Producer, producer
from streams.values import Kind
from tests.streams_and_boards import produced_stream, reading

pytestmark = pytest.mark.django_db


def test_streams_of_producers_are_made_once_and_keep_what_the_admin_changed(no_producers: dict[str, Producer]) -> None:
    producer("answer", every=2, label="Answer", unit="%")(lambda: 42)
    made = produced.ensure_produced(no_producers.values())
    Stream.objects.update(label="The answer")
    assert produced.ensure_produced(no_producers.values()) == made
    stream = Stream.objects.get()
    assert (stream.label, stream.unit, stream.state) == ("The answer", "%", "unknown")


def test_a_stream_follows_its_producer_where_the_admin_did_not_change_it(no_producers: dict[str, Producer]) -> None:
    producer("answer", every=2, label="Answer", unit="%")(lambda: 42)
    produced.ensure_produced(no_producers.values())
    Stream.objects.update(label="The answer")
    no_producers.clear()
    producer("answer", every=60, label="A number", unit="/min")(lambda: 42)
    produced.ensure_produced(no_producers.values())
    stream = Stream.objects.get()
    assert (stream.label, stream.unit, stream.stale_after) == ("The answer", "/min", 180)


def test_a_stream_takes_its_producers_kind_until_it_has_a_value(no_producers: dict[str, Producer]) -> None:
    producer("answer", every=2)(lambda: 42)
    produced.ensure_produced(no_producers.values())
    no_producers.clear()
    producer("answer", every=2, kind=Kind.TEXT)(lambda: "42")
    found = produced.ensure_produced(no_producers.values())
    assert Stream.objects.get(pk=found["answer"]).kind == "text"
    Stream.objects.update(seq=1)  # it has failed
    no_producers.clear()
    producer("answer", every=2)(lambda: 42)
    assert produced.ensure_produced(no_producers.values()) == found
    assert Stream.objects.get().kind == "number"
    store.record([reading(Stream.objects.get(), 42)])
    no_producers.clear()
    producer("answer", every=2, kind=Kind.TEXT)(lambda: "42")
    assert produced.ensure_produced(no_producers.values()) == found
    assert produced.misfits({found["answer"]: no_producers["answer"]}) == {found["answer"]: Kind.NUMBER}


def test_a_producer_goes_on_from_the_last_value() -> None:
    cpu, prices = produced_stream("cpu"), produced_stream("prices", kind="table")
    assert produced.last_value(cpu.pk) is None
    assert produced.last_value(prices.pk) is None
    store.record([reading(cpu, 41), reading(prices, {"A": {"bid": 1}})])
    assert produced.last_value(cpu.pk) == 41
    assert produced.last_value(prices.pk) == {"A": {"bid": 1}}
