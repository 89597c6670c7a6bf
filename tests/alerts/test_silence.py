"""Streams that fall silent, and outages that silence several at once."""

from typing import Any

import pytest

from alerts import incidents
from alerts.feeders import feeder
from alerts.models import AlertRule, Incident
from realtime.models import Process
from streams import store
from streams.models import HttpSource, PushToken, SqlSource, Stream
from streams.producers import registry
from tests.alerts.rules import incident, look, look_from, push, rule_on
from tests.streams_and_boards import produced_stream, pushed_stream, reading, seconds

pytestmark = pytest.mark.django_db


def test_a_stream_that_falls_silent(db: None) -> None:
    table = produced_stream("prices", kind="table", stale_after=5)
    rule = rule_on(table, condition="silent", limit=None, hold=30, settle=10)
    AlertRule.objects.filter(pk=rule.pk).update(made_at=seconds(0))
    look(29)
    assert not Incident.objects.exists()
    look(30)
    assert incident().since == seconds(0), "it never had a value"
    store.record([reading(table, {"A": {"bid": 1}}, at=50)])
    look(59)
    assert incident().until is None
    look(60)
    assert incident().until == seconds(50)


def test_the_time_in_which_no_worker_ran_is_no_silence(db: None) -> None:
    prices, orders = produced_stream("prices"), pushed_stream("orders")
    for stream in (prices, orders):
        rule_on(stream, condition="silent", limit=None, hold=30, settle=10, made_at=seconds(0))
    store.record([reading(prices, 1, at=0)])
    push(orders, (0, 1))
    look_from(0, 10)
    look_from(51, 80)  # it was away for 41 s
    assert not Incident.objects.exists()
    store.record([reading(prices, 2, at=79)])
    look_from(80, 90)
    fired = Incident.objects.get()
    assert (fired.about["stream"], fired.since) == ("orders", seconds(0)), "what is silent all the same is told"
    assert fired.fired_at >= seconds(81)


def test_a_stream_that_is_silent_and_comes_back_while_nobody_watches_is_over(db: None) -> None:
    prices = produced_stream("prices")
    rule_on(prices, condition="silent", limit=None, hold=30, settle=10, made_at=seconds(0))
    store.record([reading(prices, 1, at=0)])
    look_from(0, 40)
    assert incident().until is None
    store.record([reading(prices, 1, at=50)])
    look_from(300, 310)
    assert incident().until == seconds(50), "and that it may have been silent since nobody knows"


def test_nothing_is_pushed_while_no_server_runs(db: None) -> None:
    prices, orders = produced_stream("prices"), pushed_stream("orders")
    for stream in (prices, orders):
        rule_on(stream, condition="silent", limit=None, hold=30, settle=10, made_at=seconds(0))
    store.record([reading(prices, 1, at=0)])
    push(orders, (0, 1))
    fields = {"host": "a", "pid": 1, "started_at": seconds(0), "build": "x"}
    server = Process.objects.create(id="a", seen_at=seconds(0), **fields)

    def serve_from(begin: int, end: int) -> None:
        for at in range(begin, end, 2):
            Process.objects.filter(pk=server.pk).update(seen_at=seconds(at) + incidents.LAG)
            look(at)

    serve_from(0, 20)
    look_from(20, 60)
    assert [each.about["stream"] for each in Incident.objects.all()] == ["prices"], "the worker ran all the time"
    serve_from(60, 88)
    assert Incident.objects.count() == 1
    serve_from(88, 96)
    assert Incident.objects.count() == 2


def silent_shop() -> list[Stream]:
    """Return three streams of one script, which has fallen silent after second 4, and rules on them."""
    streams = [pushed_stream(slug, label=slug.title()) for slug in ("orders", "refunds", "visits")]
    for place, stream in enumerate(streams):
        PushToken.objects.create(stream=stream, token_hash=stream.slug, note="till 1")
        severity = "crit" if place == 1 else "warn"
        rule_on(stream, condition="silent", limit=None, hold=30 + place, settle=10, severity=severity)
        push(stream, (2 + place, 1))
    AlertRule.objects.update(made_at=seconds(0))
    return streams


def test_one_outage_of_what_feeds_several_streams_is_one_card(db: None) -> None:
    orders, refunds, visits = silent_shop()
    look_from(0, 60)
    assert Incident.objects.count() == 3
    ((told, body, card),) = incidents.to_tell(seconds(60))
    assert (card["title"], card["severity"], card["until"]) == ("3 streams of till 1", "crit", None)
    assert [each["title"] for each in card["streams"]] == ["Orders", "Refunds", "Visits"]
    assert body.startswith("■ 3 streams of till 1: no new value.")
    assert body.endswith("Orders, Refunds, Visits.")
    incidents.note_told(told)
    assert incidents.to_tell(seconds(61)) == []
    push(orders, (60, 1))
    push(refunds, (60, 1))
    look_from(60, 74)
    ((again, _, card),) = incidents.to_tell(seconds(80))
    assert (incidents.card_id(again), card["until"]) == (incidents.card_id(told), None), "one of them is silent still"
    assert [each["until"] is None for each in card["streams"]] == [False, False, True]
    incidents.note_told(again)
    AlertRule.objects.filter(stream=visits).delete()
    look(82)
    ((again, _, card),) = incidents.to_tell(seconds(82))
    assert (card["until"] is None, card["withdrawn"]) == (False, False)
    incidents.note_told(again)
    AlertRule.objects.all().delete()
    assert incidents.hold("somebody else") is None, "there is nothing left to do"


@pytest.mark.parametrize("how", ["another room", "another script", "nobody knows", "another time"])
def test_what_is_not_known_to_be_one_outage_is_a_card_each(db: None, how: str) -> None:
    _, refunds, visits = silent_shop()
    AlertRule.objects.filter(stream=visits).delete()
    if how == "another room":
        AlertRule.objects.filter(stream=refunds).update(room="lobby")
    elif how == "another time":
        push(refunds, (40, 1))
    else:
        PushToken.objects.filter(stream=refunds).update(note="till 2" if how == "another script" else "")
    look_from(0, 100)
    assert len(incidents.to_tell(seconds(100))) == 2


def test_what_feeds_a_stream_is_known_of_sources_and_files(db: None, no_producers: dict[str, Any]) -> None:
    HttpSource.objects.create(slug="rain", url="https://user:secret@weather.example:8443/rain?key=1")
    SqlSource.objects.create(slug="stock", connection="shop", query="SELECT 1")
    assert feeder(pushed_stream("rain")) == "https://weather.example:8443"
    assert feeder(pushed_stream("stock")) == "SQL shop"
    registry.producer("beds", every=5)(silent_shop)
    assert feeder(produced_stream("beds")) == __name__
    assert feeder(produced_stream("elsewhere")) == ""
    orders = pushed_stream("orders")
    for note, gives in (("till 1", "push till 1"), ("till 1", "push till 1"), ("till 2", "")):
        PushToken.objects.create(stream=orders, token_hash=f"{note}{gives}{PushToken.objects.count()}", note=note)
        assert feeder(orders) == gives
