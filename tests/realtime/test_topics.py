"""The two kinds of topic, alone and against a wire that drops, doubles and reorders."""

import gc
import json
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, precondition, rule

from realtime import topics
from realtime.hub import Readback
from realtime.memories import Memory
from realtime.outbox import SLOW_BYTES
from realtime.publish import Delivery, Publication
from realtime.topics import LatestTopic, LogTopic, Topic
from tests.realtime.support import Reader, Store, parts, publication

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
    """It subscribed, 3 and 4 were lost before the layer listened, 5 came, and its page ended at 2."""
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
    """Presence read back as a whole, while the next arrival is there already."""
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
    topic.fill([value(1, "b"), value(2, "a")], 2)  # the store tells by parts what the wire told as a whole
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


# Against a wire that drops, doubles and reorders


class Member:
    """A client in the machines below, and the state it has made of what it got."""

    def __init__(self) -> None:
        self.reader = Reader()
        self.place = 0
        self.released = False
        self.snapshot: tuple[int, dict[str, int]] | None = None
        self.has: dict[str, int] = {}
        self.read = 0  # so many of the reader's texts are applied

    def news(self) -> list[tuple[int, str]]:
        texts = self.reader.texts[self.read :]
        self.read += len(texts)
        return parts(texts)


class State(Memory):
    """What a log comes to, as it is kept for those who join."""

    def __init__(self, number: int, has: dict[str, int]) -> None:
        super().__init__(number)
        self.has = dict(has)

    def take(self, number: int, text: str) -> None:
        ((_, key),) = parts([text])
        self.has[key] = number


class AnyWire(RuleBasedStateMachine):
    """A store, a hub's topic, members that come and go, and what is on its way from one to the other."""

    delivery: Delivery
    apply: Callable[[Any, int, str], None]  # what a member makes of one change, by its number and key
    members = Bundle("members")
    topic: Any

    @initialize()
    def begin(self) -> None:
        self.store = Store(self.delivery)
        self.topic = None
        self.flying: list[list[Publication]] = []
        self.there: list[Member] = []
        self.healing: Readback | None = None

    # The truth and the wire

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        self._take(self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1))))

    @precondition(lambda self: self.flying)
    @rule()
    def deliver_next(self) -> None:
        self._take(self.flying.pop(0))

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def deliver_and_keep(self, data: st.DataObject) -> None:
        self._take(self.flying[data.draw(st.integers(0, len(self.flying) - 1))])

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))

    def _take(self, items: list[Publication]) -> None:
        if self.topic is not None:
            for item in items:
                self.topic.receive(item)

    @rule()
    def flush(self) -> None:
        if self.topic is not None:
            self.topic.flush()
        self.check_news()

    # Members, each step as the hub does it

    @rule(target=members)
    def subscribe(self) -> Any:
        if len(self.there) > 3:
            return multiple()
        if self.topic is None:
            self.topic = (LogTopic if self.delivery is Delivery.LOG else LatestTopic)(NAME)
        member = Member()
        self.there.append(member)
        self.topic.held[member.reader] = None
        return member

    @rule(member=members)
    def read_snapshot(self, member: Member) -> None:
        if member in self.there and not member.released:
            member.snapshot = self.store.heads_of[NAME], dict(self.store.state[NAME])

    @rule(member=members)
    def release(self, member: Member) -> None:
        if member in self.there and not member.released and member.snapshot:
            member.place, member.has = member.snapshot
            member.released = True
            self._catch_up(member)

    def _catch_up(self, member: Member) -> None:
        self.check_news()
        after = member.place
        while not self.topic.catch_up(member.reader, after):
            readback = self.store.read_now(NAME, after)
            for item in readback.publications:
                member.reader.send_text(item.text)
            assert readback.head > after
            after = readback.head
        self.check_news()

    @rule(member=members)
    def leave(self, member: Member) -> None:
        if member in self.there:
            self.topic.flush()
            self.check_news()
            self.topic.remove(member.reader)
            self.there.remove(member)
            if self.topic.is_empty():
                self.forget()

    def forget(self) -> None:
        """The hub forgets a topic that nobody listens to."""
        self.topic = None
        self.healing = None

    # Healing: what was read may be old when it is filled in

    @rule(page=st.integers(1, 3))
    def read_back(self, page: int) -> None:
        if self.topic is None or self.healing is not None:
            return
        after = self.topic.behind(self.store.heads_of[NAME])
        if after is not None:
            self.store.page = page
            self.healing = self.store.read_now(NAME, after)
            self.store.page = 1000

    @rule()
    def fill(self) -> None:
        if self.topic is not None and self.healing is not None:
            self.topic.fill(self.healing.publications, self.healing.head)
            self.healing = None

    @rule()
    def heal(self) -> None:
        """Afterwards every live member has what the store has."""
        if self.topic is None:
            return
        self.fill()
        while (after := self.topic.behind(self.store.heads_of[NAME])) is not None:
            readback = self.store.read_now(NAME, after)
            self.topic.fill(readback.publications, readback.head)
        self.flush()
        for member in self.there:
            if member.released:
                assert member.has == self.store.state[NAME]

    def check_news(self) -> None:
        for member in self.there:
            for number, key in member.news():
                self.apply(member, number, key)

    def teardown(self) -> None:
        if getattr(self, "topic", None) is not None:
            self.heal()


class LogWire(AnyWire):
    """Each member gets each change once, in order, but those that a later one has replaced."""

    delivery = Delivery.LOG

    @rule(message=st.sampled_from("abc"))
    def change(self, message: str) -> None:
        self.flying.append(self.store.change(NAME, message))

    def apply(self, member: Member, number: int, key: str) -> None:
        assert member.released
        assert number > member.place
        member.place = number
        member.has[key] = number

    # What is kept in memory for those who join

    @initialize()
    def remember_nothing(self) -> None:
        self.memory: State | None = None

    @rule()
    def remember(self) -> None:
        if self.topic is not None:
            self.memory = State(self.store.heads_of[NAME], self.store.state[NAME])

    @rule(member=AnyWire.members)
    def look_into_memory(self, member: Member) -> None:
        if self.memory is None or member not in self.there or member.released:
            return
        if not self.memory.follow(self.topic):
            self.memory = None
            return
        member.snapshot = self.memory.number, dict(self.memory.has)
        for key, number in self.store.state[NAME].items():
            if number <= self.memory.number:
                assert self.memory.has.get(key) == number

    def forget(self) -> None:
        super().forget()
        self.memory = None

    @rule(member=AnyWire.members)
    def come_back(self, member: Member) -> None:
        """Subscribe again on the same socket, and resume from one's place."""
        if member in self.there and member.released:
            self.check_news()
            self.topic.remove(member.reader)
            self.topic.held[member.reader] = None
            self._catch_up(member)


class LatestWire(AnyWire):
    """No member gets an older value of a key after a newer one, but what a whole is followed by."""

    delivery = Delivery.LATEST

    @rule(keys=st.sets(st.sampled_from("abc"), min_size=1))
    def change(self, keys: set[str]) -> None:
        self.flying.append(self.store.change(NAME, *sorted(keys)))

    @rule()
    def change_all(self) -> None:
        self.flying.append(self.store.change(NAME, ""))

    def apply(self, member: Member, number: int, key: str) -> None:
        assert member.released
        if not key:
            assert number >= member.has.get("", 0)
            member.has.clear()
        assert number >= max(member.has.get(key, 0), member.has.get("", 0))
        member.has[key] = number


TestLogWire = LogWire.TestCase
TestLatestWire = LatestWire.TestCase
TestLogWire.settings = TestLatestWire.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_the_machines_find_a_memory_that_skips() -> None:
    """A tail that is too short must be noticed."""

    class Short(LogTopic):
        def since(self, number: int) -> Any:
            return []

    machine = LogWire()
    machine.begin()
    machine.topic = Short(NAME)
    member, other = machine.subscribe(), machine.subscribe()
    machine.remember_nothing()
    machine.remember()
    machine.read_snapshot(member)
    machine.release(member)
    machine.change("a")
    machine.deliver_next()
    with pytest.raises(AssertionError):
        machine.look_into_memory(other)


def test_the_machines_find_a_log_that_forgets() -> None:
    """The machines can fail: a topic that takes the head for handed out is caught."""

    class Forgetful(LogTopic):
        def fill(self, items: Any, head: int) -> None:
            super().fill([], head)

    machine = LogWire()
    machine.begin()
    machine.topic = Forgetful(NAME)
    member = machine.subscribe()
    machine.read_snapshot(member)
    machine.release(member)
    machine.change("a")
    machine.flying.clear()
    with pytest.raises(AssertionError):
        machine.heal()
