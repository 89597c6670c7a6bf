import time

from hypothesis import given
from hypothesis import strategies as st

from realtime.wire.newest import Newest

puts = st.lists(st.tuples(st.sampled_from("tu"), st.sampled_from(["", "a", "b"])))


@given(puts)
def test_what_waits_says_the_same_as_all_that_came(puts: list[tuple[str, str]]) -> None:
    def state(told: list[tuple[str, str, int]]) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for topic, key, value in told:
            if not key:
                found = {each: old for each, old in found.items() if each[0] != topic}
            found[topic, key] = value
        return found

    newest: Newest[int] = Newest()
    came = [(topic, key, number) for number, (topic, key) in enumerate(puts)]
    for each in came:
        newest.put(*each)
    taken = newest.take()
    assert state(taken) == state(came)
    assert len(taken) == len(state(came)), "each key once"
    for topic in "tu":
        order = [number for each, _, number in taken if each == topic]
        assert order == sorted(order), "the newest last"
    assert not newest


def test_a_topic_that_is_forgotten_leaves_the_others() -> None:
    newest: Newest[int] = Newest()
    newest.put("t", "a", 1)
    newest.put("u", "a", 2)
    newest.forget("t")
    assert newest.take() == [("u", "a", 2)]


def test_many_topics_cost_no_more_each_than_few() -> None:
    """A worker with thousands of streams puts a whole value of each, several times a second."""
    newest: Newest[int] = Newest()
    began = time.process_time()
    for number in range(40_000):
        newest.put(f"stream.{number}", "", number)
    assert time.process_time() - began < 2, "looking through all that wait takes a minute"
