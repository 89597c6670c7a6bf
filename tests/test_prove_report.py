"""The tables of a run say what happened, and during which fault."""

from tests.prove.checker import Violation
from tests.prove.record import Answer, Phase, Reading, Received, Record, Said, State
from tests.prove.report import percentile, summary, tallies

STATE = State(1, "id", 1, "hello", "<p>hello", False, False, None, ())


def run() -> Record:
    """One message in each of two faults; the second reached its reader late, by a page."""
    record = Record(phases=[Phase("calm", 0, 10, 0.1, {"web-1": 80}), Phase("kill-web", 10, 20, 2.0, {"web-1": 90})])
    for rev, at in ((1, 5.0), (2, 15.0)):
        record.said.append(Said(1, "lobby", "send", id=f"{rev}", at=at, tries=1, answers=[Answer(rev, rev, at)]))
    received = [Received(1, STATE, 5.25), Received(2, STATE, 19.0, live=False)]
    record.readings.append(Reading("ada", "lobby", got=received))
    return record


def test_each_fault_has_its_own_messages_and_deliveries() -> None:
    found = tallies(run(), [])
    assert [(name, tally.messages, tally.deliveries) for name, tally in found.items()] == [
        ("calm", 1, 1),
        ("kill-web", 1, 1),
        ("the end", 0, 0),
        ("all", 2, 2),
    ]


def test_only_what_came_by_itself_counts_as_delivery_time() -> None:
    found = tallies(run(), [])
    assert found["calm"].delays == [0.25]
    assert found["kill-web"].delays == []


def test_a_violation_is_counted_where_it_happened() -> None:
    record = run()
    lost = Violation("lost", "lobby", "ada", "change 2 of message 2", 15.0)
    found = tallies(record, [lost])
    assert (found["calm"].broken["lost"], found["kill-web"].broken["lost"], found["all"].broken["lost"]) == (0, 1, 1)
    assert "LOST in lobby, ada: change 2 of message 2" in summary(record, [lost])


def test_what_did_not_go_on_is_told() -> None:
    record = run()
    record.failures.append("web-1 did not stop")
    assert "NOT GOING ON: web-1 did not stop" in summary(record, [])


def test_percentiles() -> None:
    assert percentile([], 0.5) == 0
    assert percentile([1], 0.99) == 1
    assert percentile(list(range(100)), 0.99) == 99
