from hypothesis import given
from hypothesis import strategies as st

from realtime.wire.outbox import SLOW_BYTES, Outbox, Verdict
from realtime.wire.protocol import Frame

CAP = 1024 * 1024


def frame(text: str = "x") -> Frame:
    return Frame(text)


def texts(frames: list[Frame]) -> list[str]:
    return [each.text for each in frames]


def test_what_may_not_be_lost_is_written_while_it_fits() -> None:
    outbox = Outbox(CAP)
    assert outbox.must(100, 0) is Verdict.WRITE
    assert outbox.must(100, CAP - 100) is Verdict.WRITE
    assert outbox.must(100, CAP - 99) is Verdict.CLOSE


def test_one_frame_over_the_cap_is_written_when_nothing_waits() -> None:
    outbox = Outbox(CAP)
    assert outbox.must(2 * CAP, 0) is Verdict.WRITE
    assert outbox.must(2 * CAP, 1) is Verdict.CLOSE


def test_a_value_is_written_at_once_to_a_reader_that_keeps_up() -> None:
    outbox = Outbox(CAP)
    # at exactly this size nothing would report that the buffer has emptied
    for waiting in (0, SLOW_BYTES - 1, SLOW_BYTES):
        assert outbox.latest(("cpu", ""), frame(), waiting) is Verdict.WRITE
    assert outbox.take() == []


def test_only_the_newest_value_of_each_key_waits_for_a_slow_reader() -> None:
    outbox = Outbox(CAP)
    for key, text in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("c", "c1"), ("b", "b2")]:
        assert outbox.latest(("table", key), frame(text), SLOW_BYTES + 1) is Verdict.WAIT
    assert texts(outbox.take()) == ["a2", "c1", "b2"]
    assert outbox.take() == []


def test_a_value_never_overtakes_one_that_waits() -> None:
    outbox = Outbox(CAP)
    assert outbox.latest(("cpu", ""), frame("old"), SLOW_BYTES + 1) is Verdict.WAIT
    assert outbox.latest(("cpu", ""), frame("new"), 0) is Verdict.WAIT
    assert texts(outbox.take()) == ["new"]
    assert outbox.latest(("cpu", ""), frame(), 0) is Verdict.WRITE


def test_the_whole_topic_replaces_its_parts_and_no_others() -> None:
    outbox = Outbox(CAP)
    for topic, key, text in [("t", "a", "1"), ("u", "a", "2"), ("t", "b", "3"), ("t", "", "4"), ("t", "a", "5")]:
        outbox.latest((topic, key), frame(text), SLOW_BYTES + 1)
    assert texts(outbox.take()) == ["2", "4", "5"]


def test_a_topic_can_be_forgotten() -> None:
    outbox = Outbox(CAP)
    for topic, key in [("t", "a"), ("t", ""), ("u", ""), ("t", "b")]:
        outbox.latest((topic, key), frame(topic + key), SLOW_BYTES + 1)
    outbox.forget("t")
    assert texts(outbox.take()) == ["u"]


def test_what_nobody_misses_is_dropped_for_a_slow_reader() -> None:
    outbox = Outbox(CAP)
    assert outbox.ephemeral(SLOW_BYTES) is Verdict.WRITE
    assert outbox.ephemeral(SLOW_BYTES + 1) is Verdict.DROP


@given(
    st.lists(st.tuples(st.sampled_from("tu"), st.sampled_from(["", "a", "b"]), st.sampled_from([0, SLOW_BYTES + 1])))
)
def test_a_reader_ends_with_the_newest_of_everything(steps: list[tuple[str, str, int]]) -> None:
    """At any pace, what was written leads to the same state as everything that was sent."""
    outbox = Outbox(CAP)
    truth: dict[str, dict[str, int]] = {"t": {}, "u": {}}
    seen: dict[str, dict[str, int]] = {"t": {}, "u": {}}

    def apply(state: dict[str, dict[str, int]], topic: str, key: str, number: int) -> None:
        if not key:
            state[topic].clear()
        assert state[topic].get(key, -1) < number
        state[topic][key] = number

    def read(each: Frame) -> None:
        topic, key, number = each.text.split(",")
        apply(seen, topic, key, int(number))

    for number, (topic, key, waiting) in enumerate(steps):
        apply(truth, topic, key, number)
        value = frame(f"{topic},{key},{number}")
        if outbox.latest((topic, key), value, waiting) is Verdict.WRITE:
            read(value)
    for waited in outbox.take():
        read(waited)
    assert seen == truth
