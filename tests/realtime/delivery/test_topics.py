"""The two kinds of topic, each method alone."""

import gc
import json
import weakref

import pytest

from realtime.delivery import topics
from realtime.delivery.publish import Delivery, Publication
from realtime.delivery.topics import LatestTopic, LogTopic, Topic
from realtime.wire.outbox import SLOW_BYTES
from tests.realtime.fakes import Reader, parts, publication

NAME = "thing.1"


def log_at(last: int, *readers: Reader) -> LogTopic:
    """Return a log whose `readers` are live at number `last`."""
    topic = LogTopic(NAME)
    for reader in readers:
        topic.held[reader] = None
        assert topic.catch_up(reader, last)
    return topic


def values_at(settled: int, *readers: Reader) -> LatestTopic:
    topic = LatestTopic(NAME)
    for reader in readers:
        topic.held[reader] = None
        assert topic.catch_up(reader, settled)
    return topic


def value(number: int, key: str = "") -> Publication:
    return publication(NAME, number, key, Delivery.LATEST)


def change(number: int) -> Publication:
    return publication(NAME, number)


def numbers(reader: Reader) -> list[int]:
    return [number for number, _ in parts(reader.texts)]


# Every topic


def test_typing_goes_to_live_connections_only() -> None:
    topic, live, held = Topic(NAME), Reader(), Reader()
    topic.live[live] = None
    topic.held[held] = None
    topic.pass_on(Publication(NAME, Delivery.EPHEMERAL, "typing"))
    topic.flush()
    assert (live.texts, held.texts) == (["typing"], [])


def test_control_reaches_every_consumer_and_no_browser() -> None:
    live, held, ahead = Reader(), Reader(), Reader()
    topic = log_at(5, live)
    topic.held[held] = None
    topic.held[ahead] = None
    topic.catch_up(ahead, 9)
    topic.pass_on(Publication(NAME, Delivery.CONTROL, "{}"))
    for reader in (live, held, ahead):
        assert reader.controls == [(NAME, "{}")]
        assert reader.texts == []


@pytest.mark.parametrize("kind", [LogTopic, LatestTopic])
def test_a_topic_keeps_nothing_of_who_has_left(kind: type[LogTopic] | type[LatestTopic]) -> None:
    topic = kind(NAME)
    held, live, ahead = Reader(), Reader(), Reader()
    for reader in (held, live, ahead):
        topic.held[reader] = None
    topic.catch_up(live, 0)
    topic.receive(value(1, "a"))
    topic.catch_up(ahead, 9)
    assert topic.connections()
    for reader in (held, live, ahead):
        topic.remove(reader)
    assert topic.is_empty()
    left = [weakref.ref(reader) for reader in (held, live, ahead)]
    del held, live, ahead, reader
    gc.collect()
    assert [each() for each in left] == [None, None, None]


# A log


def test_changes_in_order_are_handed_out_together() -> None:
    reader = Reader()
    topic = log_at(5, reader)
    assert [topic.receive(change(number)) for number in (6, 7, 8)] == [False] * 3
    assert reader.texts == []
    topic.flush()
    assert numbers(reader) == [6, 7, 8]


def test_doubles_and_what_is_old_are_dropped() -> None:
    reader = Reader()
    topic = log_at(5, reader)
    for number in (5, 6, 6, 3, 7, 6, 7):
        topic.receive(change(number))
    topic.flush()
    assert numbers(reader) == [6, 7]


def test_what_comes_early_waits_for_what_is_missing() -> None:
    reader = Reader()
    topic = log_at(5, reader)
    assert topic.receive(change(8))
    assert topic.receive(change(7))
    assert topic.behind() == 5
    assert not topic.receive(change(6))
    assert topic.behind() is None
    topic.flush()
    assert numbers(reader) == [6, 7, 8]


def test_the_store_fills_a_gap_and_skips_what_was_replaced() -> None:
    reader = Reader()
    topic = log_at(5, reader)
    topic.receive(change(9))
    topic.fill([change(7), change(8)], 8)
    topic.flush()
    assert numbers(reader) == [7, 8, 9]
    assert topic.behind(9) is None


def test_a_comparison_shows_the_last_change_lost() -> None:
    topic = log_at(5, Reader())
    assert topic.behind(5) is None
    assert topic.behind(6) == 5


def test_who_resumes_gets_the_tail_and_nothing_twice() -> None:
    early, late = Reader(), Reader()
    topic = log_at(5, early)
    for number in (6, 7, 8):
        topic.receive(change(number))
    topic.held[late] = None
    assert topic.catch_up(late, 6)
    topic.receive(change(9))
    topic.flush()
    assert numbers(early) == [6, 7, 8, 9]
    assert numbers(late) == [7, 8, 9]


def test_who_resumes_from_before_the_tail_must_read_the_store() -> None:
    late = Reader()
    topic = log_at(0, Reader())
    for number in range(1, topics.TAIL + 11):
        topic.receive(change(number))
    topic.held[late] = None
    assert not topic.catch_up(late, 9)
    assert topic.catch_up(late, 10)
    assert numbers(late) == list(range(11, topics.TAIL + 11))


def test_the_tail_has_a_largest_size() -> None:
    early, late = Reader(), Reader()
    topic = log_at(0, early)
    text = json.dumps([0, "x" * 100_000])
    for number in range(1, 31):
        topic.receive(publication(NAME, number, text=text))
    assert sum(len(frame) for _, frame in topic.tail) <= topics.TAIL_BYTES
    topic.held[late] = None
    assert not topic.catch_up(late, 19)
    assert topic.catch_up(late, 20)
    assert len(late.texts) == 10
    assert len(early.texts) == 30
    topic.receive(publication(NAME, 31, text=json.dumps([0, "x" * 2 * topics.TAIL_BYTES])))
    assert not topic.tail
    assert topic.catch_up(late, 31)


def test_who_is_ahead_joins_when_the_log_gets_there() -> None:
    first, ahead = Reader(), Reader()
    topic = log_at(5, first)
    topic.held[ahead] = None
    assert topic.catch_up(ahead, 7)
    for number in (6, 7, 8):
        topic.receive(change(number))
    topic.flush()
    assert numbers(first) == [6, 7, 8]
    assert numbers(ahead) == [8]


def test_who_is_ahead_misses_nothing_when_its_number_was_replaced() -> None:
    """The store skips 7, which 8 has replaced: 8 is the first that a client at 7 lacks."""
    ahead = Reader()
    topic = log_at(5, Reader())
    topic.held[ahead] = None
    topic.catch_up(ahead, 7)
    topic.fill([change(6), change(8)], 8)
    topic.flush()
    assert numbers(ahead) == [8]


def test_a_log_that_nobody_was_released_from_keeps_only_its_tail() -> None:
    reader = Reader()
    topic = LogTopic(NAME)
    topic.held[reader] = None
    for number in range(1, 5 * topics.TAIL):
        topic.receive(change(number))
        topic.flush()
    assert len(topic.tail) + len(topic.early) <= topics.TAIL
    assert not topic.catch_up(reader, 3)
    assert topic.catch_up(reader, 5 * topics.TAIL - 3)
    assert numbers(reader) == [5 * topics.TAIL - 2, 5 * topics.TAIL - 1]


def test_a_client_with_less_than_the_log_has_heard_reads_the_store() -> None:
    """It subscribed; 3 and 4 were lost before the layer listened; 5 came; its page ended at 2."""
    reader = Reader()
    topic = LogTopic(NAME)
    topic.held[reader] = None
    topic.receive(change(5))
    assert not topic.catch_up(reader, 2)


# Values


def test_values_go_out_as_they_come() -> None:
    reader = Reader()
    topic = values_at(0, reader)
    assert not any([topic.receive(value(1)), topic.receive(value(2, "a")), topic.receive(value(3, "b"))])
    topic.flush()
    assert parts(reader.texts) == [(1, ""), (2, "a"), (3, "b")]


def test_an_older_value_never_follows_a_newer_one() -> None:
    reader = Reader()
    topic = values_at(0, reader)
    for number, key in [(2, "a"), (1, "a"), (2, "a"), (5, ""), (3, "b"), (4, ""), (5, "")]:
        topic.receive(value(number, key))
    topic.flush()
    assert parts(reader.texts) == [(2, "a"), (5, "")]


def test_the_parts_of_one_update_share_its_number() -> None:
    reader = Reader()
    topic = values_at(0, reader)
    for key in "abc":
        topic.receive(value(1, key))
    topic.flush()
    assert parts(reader.texts) == [(1, "a"), (1, "b"), (1, "c")]


def test_all_parts_are_taken_of_an_update_that_closes_a_gap() -> None:
    reader = Reader()
    topic = values_at(0, reader)
    for number, key in [(2, "x"), (3, "x"), (1, "a"), (1, "b")]:
        topic.receive(value(number, key))
    topic.flush()
    assert parts(reader.texts) == [(2, "x"), (3, "x"), (1, "a"), (1, "b")]
    assert topic.behind(3) is None


def test_an_inversion_of_one_key_leaves_no_gap() -> None:
    topic = values_at(0, Reader())
    assert topic.receive(value(2, "a"))
    assert not topic.receive(value(1, "a"))


def test_a_missing_number_is_a_gap_until_the_store_fills_it() -> None:
    reader = Reader()
    topic = values_at(4, reader)
    assert topic.receive(value(7, "a"))
    assert topic.behind() == 4
    topic.fill([value(5, "b"), value(7, "a")], 7)
    topic.flush()
    assert parts(reader.texts) == [(7, "a"), (5, "b")]
    assert topic.behind(7) is None


def test_what_is_newer_than_a_whole_that_comes_late_is_told_again() -> None:
    """For example, presence is read back as a whole when the next arrival has already come."""
    reader, held = Reader(), Reader()
    topic = values_at(4, reader)
    topic.held[held] = None
    topic.receive(value(6, "ada"))
    topic.receive(value(5))
    topic.flush()
    assert parts(reader.texts) == [(6, "ada"), (5, ""), (6, "ada")]
    topic.catch_up(held, 4)
    topic.flush()
    assert parts(held.texts) == [(5, ""), (6, "ada")]
    assert topic.behind(6) is None


def test_a_late_double_of_a_whole_does_not_undo_its_parts() -> None:
    reader = Reader()
    topic = values_at(0, reader)
    topic.receive(value(2, "a"))
    topic.fill([value(1, "b"), value(2, "a")], 2)  # the store gives in parts what the layer brought as a whole
    topic.receive(value(1))
    topic.flush()
    assert parts(reader.texts) == [(2, "a"), (1, "b")]


def test_a_snapshot_is_followed_by_what_is_newer() -> None:
    reader = Reader()
    topic = values_at(3, Reader())
    topic.held[reader] = None
    for number, key in [(4, "a"), (5, "b"), (6, "a"), (7, "c")]:
        topic.receive(value(number, key))
    topic.flush()
    assert reader.texts == []
    topic.catch_up(reader, 5)
    topic.flush()
    assert sorted(parts(reader.texts)) == [(6, "a"), (7, "c")]


def test_what_is_older_than_every_snapshot_is_dropped() -> None:
    reader = Reader()
    topic = values_at(5, reader)
    topic.receive(value(4, "a"))
    topic.receive(value(5, "b"))
    topic.flush()
    assert reader.texts == []


def test_a_snapshot_older_than_anything_heard_must_be_completed() -> None:
    reader = Reader()
    topic = LatestTopic(NAME)
    topic.held[reader] = None
    topic.receive(value(5, "a"))
    assert not topic.catch_up(reader, 2)
    assert topic.catch_up(reader, 4)
    assert parts(reader.texts) == [(5, "a")]


def test_a_snapshot_is_not_followed_by_what_it_has_already() -> None:
    """It was read from the store before its last publications had come."""
    reader, other = Reader(), Reader()
    topic = values_at(3, other)
    topic.held[reader] = None
    topic.catch_up(reader, 5)
    for number, key in [(4, "a"), (5, ""), (6, "a")]:
        topic.receive(value(number, key))
    topic.flush()
    assert parts(other.texts) == [(4, "a"), (5, ""), (6, "a")]
    assert parts(reader.texts) == [(6, "a")]


def test_the_keys_of_long_ago_are_forgotten() -> None:
    reader = Reader()
    topic = values_at(0, reader)
    count = 5 * topics.HORIZON
    for number in range(1, count):
        topic.receive(value(number, f"order {number}"))
    assert len(topic.newest) <= 2 * topics.HORIZON + 1
    assert not topic.fresh
    topic.flush()
    reader.texts.clear()
    topic.receive(value(3, "order 3"))
    topic.flush()
    assert reader.texts == []


def test_values_of_several_topics_go_out_with_one_write_per_connection() -> None:
    both, one, ahead = Reader(), Reader(), Reader()
    first, second = values_at(0, both, one), values_at(0, both)
    first.held[ahead] = second.held[ahead] = None
    assert first.catch_up(ahead, 2)
    assert second.catch_up(ahead, 0)
    for topic in (first, second):
        assert not topic.receive(value(1, "a"))
        assert not topic.receive(value(2, "b"))
    topics.flush_values([first, second])
    assert parts(one.texts) == [(1, "a"), (2, "b")]
    assert parts(both.texts) == [(1, "a"), (2, "b")] * 2
    assert parts(ahead.texts) == [(1, "a"), (2, "b")], "of the second: it had those of the first"
    assert [each.fake_wire.writes for each in (one, both, ahead)] == [1, 1, 1]
    assert not first.ahead
    first.receive(value(3, "c"))
    topics.flush_values([first, second])
    assert parts(ahead.texts)[2:] == parts(one.texts)[2:] == [(3, "c")]


def test_a_slow_reader_gets_the_newest_of_each_key() -> None:
    reader = Reader()
    topic = values_at(0, reader)
    reader.fake_wire.stalled = True
    reader.send_text("x" * (SLOW_BYTES + 1))
    reader.texts.clear()
    for number in range(1, 101):
        topic.receive(value(number, str(number % 2)))
    topic.flush()
    reader.fake_wire.drain()
    topic.flush()
    assert parts(reader.texts) == [(99, "1"), (100, "0")]
