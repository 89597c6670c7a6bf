from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rules import Condition, Fired, Heard, Resolved, Terms, Transition, Watched, pass_time, see
from tests.streams_and_boards import seconds

ABOVE, BELOW, SILENT = Condition.ABOVE, Condition.BELOW, Condition.SILENT
WARN, CRIT = Condition.WARN, Condition.CRIT
#: second, value
Values = list[tuple[int, Any]]


def terms(
    condition: Condition = ABOVE, limit: float = 90, margin: float = 0, hold: int = 60, settle: int = 120
) -> Terms:
    return Terms(condition, limit, margin, timedelta(seconds=hold), timedelta(seconds=settle))


def watch(rule: Terms, values: Values, until: int, looks: tuple[int, ...] = ()) -> list[Transition]:
    """Return what a rule reports about `values` up to `until`, when it is also evaluated at these times."""
    watched, found = Watched(), []

    def wait(now: int) -> None:
        nonlocal watched
        for stands, transition in pass_time(rule, watched, seconds(now)):
            watched = stands
            found.append(transition)

    events = sorted([*((at, 1, value) for at, value in values), *((at, 0, 0.0) for at in looks)])
    for at, is_value, value in events:
        wait(at)
        if is_value:
            watched = see(rule, watched, seconds(at), value)
    wait(until)
    return [each for each in found if each is not None]


def fired(since: int, at: int) -> Fired:
    return Fired(seconds(since), seconds(at))


def resolved(until: int, at: int) -> Resolved:
    return Resolved(seconds(until), seconds(at))


@pytest.mark.parametrize(
    ("rule", "values", "until", "told"),
    [
        (terms(), [(0, 90), (1000, 90)], 2000, []),
        (terms(), [(0, 91)], 59, []),
        (terms(), [(0, 91)], 60, [fired(0, 60)]),
        (terms(), [(0, 91), (59, 80)], 500, []),
        (terms(), [(0, 91), (30, 99), (59, 92)], 60, [fired(0, 60)]),
        (terms(hold=0), [(7, 91)], 7, [fired(7, 7)]),
        (terms(), [(0, 91), (100, 80)], 219, [fired(0, 60)]),
        (terms(), [(0, 91), (100, 80)], 220, [fired(0, 60), resolved(100, 220)]),
        (terms(BELOW, 10), [(0, 9), (100, 10)], 300, [fired(0, 60), resolved(100, 220)]),
        # Between the limit and the margin it stays as it is.
        (terms(margin=10), [(0, 91), (100, 85)], 9000, [fired(0, 60)]),
        (terms(margin=10), [(0, 91), (100, 80)], 9000, [fired(0, 60), resolved(100, 220)]),
        (terms(BELOW, 10, margin=5), [(0, 9), (100, 14), (200, 15)], 9000, [fired(0, 60), resolved(200, 320)]),
        # A second incident, when the first is over.
        (terms(settle=10), [(0, 91), (70, 0), (90, 91)], 150, [fired(0, 60), resolved(70, 80), fired(90, 150)]),
        # Nobody evaluated the rule for long; it still reports the change, with the real times.
        (terms(), [(0, 91), (100, 0)], 86_400, [fired(0, 60), resolved(100, 220)]),
        (terms(CRIT), [(0, "crit"), (30, "warn"), (40, {"level": "crit", "text": "no answer"})], 99, []),
        (terms(CRIT), [(0, {"level": "crit"}), (30, "crit"), (100, "warn")], 220, [fired(0, 60), resolved(100, 220)]),
        (terms(WARN), [(0, "warn"), (30, "crit"), (100, "info")], 220, [fired(0, 60), resolved(100, 220)]),
        # An unknown value is neither bad nor fine.
        (terms(CRIT), [(0, "crit"), (10, "unknown")], 60, [fired(0, 60)]),
        (terms(CRIT), [(0, "unknown")], 900, []),
        (terms(CRIT), [(0, "crit"), (100, "unknown")], 900, [fired(0, 60)]),
        (terms(SILENT), [(0, 1), (50, 1), (100, 1)], 159, []),
        (terms(SILENT), [(0, 1)], 60, [fired(0, 60)]),
        (terms(SILENT, settle=30), [(0, 1), (100, 1), (120, 1)], 130, [fired(0, 60), resolved(100, 130)]),
        (terms(SILENT), [(0, 1), (100, 1)], 900, [fired(0, 60)]),
        (terms(SILENT, settle=30), [(0, 1), (100, 1)], 900, [fired(0, 60), resolved(100, 130), fired(100, 160)]),
    ],
)
def test_what_is_told(rule: Terms, values: Values, until: int, told: list[Transition]) -> None:
    assert watch(rule, values, until) == told


def test_flapping_is_one_incident() -> None:
    values: Values = [(at, 99 if at // 30 % 2 == 0 else 10) for at in range(0, 3600, 10)]
    assert watch(terms(hold=20, settle=60), values, 3600) == [fired(0, 20)]
    assert watch(terms(hold=60, settle=60), values, 3600) == []


@pytest.mark.parametrize("value", [None, "99", True, float("nan"), {"level": "crit"}])
def test_what_is_no_number_changes_nothing(value: object) -> None:
    before = Watched(firing=True, bad_since=seconds(0))
    assert see(terms(), before, seconds(1), value) == before


@pytest.mark.parametrize("value", [None, 99, "critical", {"text": "crit"}, ["crit"], {"level": ["crit"]}])
def test_what_is_no_status_changes_nothing(value: object) -> None:
    before = Watched(firing=True, bad_since=seconds(0))
    assert see(terms(CRIT), before, seconds(1), value) == before


rules = st.builds(
    terms,
    condition=st.sampled_from([ABOVE, BELOW, SILENT]),
    limit=st.just(50.0),
    margin=st.sampled_from([0.0, 10.0]),
    hold=st.integers(1, 40),
    settle=st.integers(0, 40),
)
streams = st.lists(st.tuples(st.integers(0, 400), st.sampled_from([0.0, 45.0, 50.0, 55.0, 100.0])), max_size=30).map(
    lambda values: sorted(values, key=lambda each: each[0])
)
looks = st.lists(st.integers(0, 500), max_size=20).map(tuple)


@given(rule=rules, values=streams, at=looks)
def test_it_does_not_matter_when_one_looks(rule: Terms, values: Values, at: tuple[int, ...]) -> None:
    unique = list(dict(values).items())
    assert watch(rule, unique, 500, at) == watch(rule, unique, 500)


@given(rule=rules, values=streams)
def test_every_incident_lasted_ends_once_and_does_not_overlap_the_next(rule: Terms, values: Values) -> None:
    told = watch(rule, values, 1000)
    for place, each in enumerate(told):
        assert isinstance(each, Fired) == (place % 2 == 0)
        if isinstance(each, Fired):
            assert each.at - each.since == rule.hold
        else:
            assert each.at - each.until == rule.settle
            before = told[place - 1]
            assert isinstance(before, Fired)
            assert before.at <= each.until <= each.at
    assert [each.at for each in told] == sorted(each.at for each in told)


LAPSE = timedelta(seconds=6)


def listen(rule: Terms, values: Values, breaks: list[tuple[int, int]], until: int) -> list[Transition]:
    """Return the changes by `values`, evaluated every second except during `breaks`, in which no value comes."""
    watched, heard, found = Watched(bad_since=seconds(0)), Heard(), []
    away = {second for begin, length in breaks for second in range(begin, begin + length)}
    known = {at: value for at, value in values if at not in away}
    for now in range(until + 1):
        if now in away:
            continue
        heard = heard.go_on(seconds(now), LAPSE)
        for stands, transition in pass_time(rule, watched, seconds(now), heard.since):
            watched = stands
            found.append(transition)
        if now in known:
            watched = see(rule, watched, seconds(now), known[now])
    return [each for each in found if each is not None]


def test_the_time_in_which_nobody_watched_is_no_silence() -> None:
    rule, values = terms(SILENT, hold=30, settle=10), [(at, 1) for at in range(0, 301, 10)]
    assert listen(rule, values, [(15, 41)], 300) == []
    assert listen(rule, values[:2], [(15, 41)], 300) == [fired(10, 86)], "what stays silent then is told, with its time"
    assert listen(rule, values[:2], [(15, 5)], 300) == [fired(10, 40)], "a worker that takes over at once is no break"


@given(
    hold=st.integers(1, 60),
    pause=st.integers(1, 60),
    breaks=st.lists(st.tuples(st.integers(1, 300), st.integers(7, 120)), max_size=4),
)
def test_no_outage_of_ours_makes_a_stream_silent(hold: int, pause: int, breaks: list[tuple[int, int]]) -> None:
    rule = terms(SILENT, hold=hold, settle=5)
    values: Values = [(at, 1) for at in range(0, 501, pause)]
    alone = listen(rule, values, [], 500)
    assert (alone == []) == (hold > pause or not values)
    for each in listen(rule, values, breaks, 500):
        assert hold <= pause, "a stream that comes in time is never called silent"
        if isinstance(each, Fired):
            for begin, length in breaks:
                assert not seconds(begin) <= each.at < seconds(begin + length + hold), "it was heard for so long before"


@given(st.lists(st.integers(1, 6), min_size=1, max_size=50))
def test_it_is_heard_without_a_break_while_somebody_looks_often_enough(pauses: list[int]) -> None:
    heard, now = Heard(), 0
    for pause in pauses:
        now += pause
        heard = heard.go_on(seconds(now), LAPSE)
    assert heard == Heard(None, seconds(now))
    assert heard.go_on(seconds(now + 7), LAPSE) == Heard(seconds(now + 7), seconds(now + 7))
    assert heard.go_on(seconds(now - 3), LAPSE) == heard, "a clock that goes back changes nothing"
