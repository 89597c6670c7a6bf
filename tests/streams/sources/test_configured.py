import pytest
from django.core.exceptions import ValidationError

from boards.models import Board
from streams import leases, store
from streams.models import HttpSource, ProducerLease, SqlSource, State, Stream
from streams.producers.registry import Producer, producer
from streams.push import tokens
from streams.sources import configured
from streams.sources.configured import check_source, configured_producers, producer_of
from streams.sources.fetching import HttpValue
from streams.values import Kind
from tests.streams_and_boards import pushed_stream, reading, seconds

pytestmark = pytest.mark.django_db


def sql_source(slug: str = "users", **fields: str | float) -> SqlSource:
    return SqlSource(slug=slug, **{"connection": "default", "query": "SELECT 1", "label": "Users", **fields})


def http_source(slug: str = "price", **fields: str | float) -> HttpSource:
    return HttpSource(slug=slug, **{"url": "https://example.org/p.json", "path": "$.price", **fields})


def test_a_source_is_a_producer() -> None:
    made = producer_of(sql_source(every=30))
    assert (made.slug, made.every, made.kind, made.label) == ("users", 30, Kind.NUMBER, "Users")
    assert (made.is_blocking, made.is_generator, made.wants_last) == (True, False, True)
    web = producer_of(http_source())
    assert isinstance(web.function, HttpValue)
    assert (web.is_blocking, web.is_generator, web.wants_last) == (True, False, True)


def test_producers_are_equal_as_long_as_their_sources_are() -> None:
    assert producer_of(sql_source()) == producer_of(sql_source())
    assert producer_of(sql_source()) != producer_of(sql_source(query="SELECT 2"))
    assert producer_of(http_source()) != producer_of(http_source(every=5))


def test_saving_makes_the_stream_and_shows_it() -> None:
    stream = configured.save_source(sql_source(result="row"), "ops")
    assert (stream.slug, stream.kind, stream.label, stream.stale_after) == ("users", "table", "Users", 180)
    assert Board.objects.get(slug="ops").widgets.get().streams.get() == stream
    assert set(configured_producers()) == {"users"}


def test_a_changed_label_reaches_the_stream() -> None:
    configured.save_source(sql_source())
    source = SqlSource.objects.get()
    source.label, source.unit = "People", "p"
    configured.save_source(source)
    assert Stream.objects.values_list("label", "unit").get() == ("People", "p")


def test_a_deleted_source_leaves_a_stream_that_nobody_writes() -> None:
    stream = configured.save_source(sql_source())
    token = leases.hold("ada", [stream.pk])[stream.pk]
    store.record([reading(stream, 5, token=token)])
    configured.delete_source(SqlSource.objects.get())
    assert not ProducerLease.objects.exists()
    assert store.record([reading(stream, 6, token=token)]).lost == {stream.pk}
    stream.refresh_from_db()
    assert (stream.value, stream.state) == (5, State.UNKNOWN)


def test_a_source_made_anew_goes_on_writing() -> None:
    stream = configured.save_source(sql_source())
    leases.hold("ada", [stream.pk])
    configured.delete_source(SqlSource.objects.get())
    assert configured.save_source(sql_source()) == stream
    token = leases.hold("bo", [stream.pk])[stream.pk]
    assert not store.record([reading(stream, 7, token=token)]).lost


def test_a_source_is_refused_where_another_feeds_the_stream(no_producers: dict[str, Producer]) -> None:
    producer("cpu", every=1)(lambda: 1)
    configured.save_source(http_source("taken"))
    orders = pushed_stream("orders", at=seconds(0))
    tokens.issue_token(orders)
    for slug in ("cpu", "taken", "orders"):
        with pytest.raises(ValidationError) as refused:
            check_source(sql_source(slug))
        assert set(refused.value.message_dict) == {"slug"}


def test_a_stream_with_values_keeps_its_kind() -> None:
    configured.save_source(sql_source())
    Stream.objects.update(at=seconds(0))
    source = SqlSource.objects.get()
    source.result = "table"
    with pytest.raises(ValidationError) as refused:
        check_source(source)
    assert set(refused.value.message_dict) == {"result"}


@pytest.mark.parametrize(
    ("fields", "at"), [({"url": "ftp://example.org/"}, "url"), ({"url": "nowhere"}, "url"), ({"path": "$["}, "path")]
)
def test_what_cannot_be_fetched_is_refused(fields: dict[str, str], at: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_source(http_source(**fields))
    assert set(refused.value.message_dict) == {at}


def test_a_feed_is_shown_with_its_newest_entry_first() -> None:
    configured.save_source(http_source("news", format="feed", kind="table"), "ops")
    configured.save_source(http_source("price", kind="table"), "ops")
    assert [widget.options for widget in Board.objects.get().widgets.all()] == [{"key": "Entry", "sort": "-at"}, {}]
