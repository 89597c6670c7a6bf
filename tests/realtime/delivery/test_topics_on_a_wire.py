"""The two kinds of topic against a wire that drops, doubles and reorders."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, precondition, rule

from realtime.delivery.hub import Readback
from realtime.delivery.memories import Memory
from realtime.delivery.publish import Delivery, Publication
from realtime.delivery.topics import LatestTopic, LogTopic
from tests.realtime.fakes import Reader, Store, parts

NAME = "thing.1"


class Member:
    """A client in the state machines below, with the state made from what it received."""

    def __init__(self) -> None:
        self.reader = Reader()
        self.place = 0
        self.released = False
        self.snapshot: tuple[int, dict[str, int]] | None = None
        self.has: dict[str, int] = {}
        self.read = 0  # how many of the reader's texts are applied

    def news(self) -> list[tuple[int, str]]:
        texts = self.reader.texts[self.read :]
        self.read += len(texts)
        return parts(texts)


class State(Memory):
    """The state of a log, as it is kept in memory for joiners."""

    def __init__(self, number: int, has: dict[str, int]) -> None:
        super().__init__(number)
        self.has = dict(has)

    def take(self, number: int, text: str) -> None:
        ((_, key),) = parts([text])
        self.has[key] = number


class AnyWire(RuleBasedStateMachine):
    """A store, a hub's topic, members that come and go, and publications on their way."""

    delivery: Delivery
    apply: Callable[[Any, int, str], None]  # The truth and the wire
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
    """Each member gets each change once, in order, except changes that a later one has replaced."""

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
        """Subscribe again on the same socket and resume from its position."""
        if member in self.there and member.released:
            self.check_news()
            self.topic.remove(member.reader)
            self.topic.held[member.reader] = None
            self._catch_up(member)


class LatestWire(AnyWire):
    """No member gets an older value of a key after a newer one, except after a value that replaces the whole topic."""

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
    """The state machines can fail: they catch a topic that counts the head as delivered."""

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
