"""The pure parts of the benchmark: counting, and evaluating."""

import json
import math
import random
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as command
from benchmarks import capacity, publication, report
from benchmarks.counter import MarkerCounter
from benchmarks.dialects import DIALECTS, MESSAGE_BYTES, WORD, body, number_in
from benchmarks.load_client import Room
from benchmarks.loads.board import Seen
from benchmarks.loads.outcome import out_of_order
from benchmarks.measure import Spread, percentile
from benchmarks.plot import plot
from benchmarks.scenarios import FAST, MANY_FAST, MANY_SLOW, SCENARIOS, SLOW
from benchmarks.targets import TARGETS, Limit, Ratio
from harness.frames import PING, TEXT, FrameReader, WireError, text_frame

ROOT = Path(__file__).resolve().parent.parent


def server_frame(payload: bytes, first: int = 0x81) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes([first, size]) + payload
    if size < 65536:
        return bytes([first, 126]) + size.to_bytes(2) + payload
    return bytes([first, 127]) + size.to_bytes(8) + payload


def pieces(data: bytes, seed: int) -> list[bytes]:
    """Cut `data` at random places, often into single bytes."""
    rng = random.Random(seed)
    cut = []
    while data:
        size = rng.choice([1, 1, 2, 3, 10, 100, 1000])
        cut.append(data[:size])
        data = data[size:]
    return cut


# Counting


@pytest.mark.parametrize("seed", range(20))
def test_markers_across_reads_count_once(seed: int) -> None:
    counter = MarkerCounter(WORD)
    stream = b"".join(server_frame(DIALECTS["plain"].say("", number)) for number in range(50))
    counted, tail = 0, b""
    for piece in pieces(stream, seed):
        counter.view[: len(piece)] = piece
        found, tail = counter.count(len(piece), tail)
        counted += found
    assert counted == 50


def test_connections_that_share_the_buffer_do_not_mix() -> None:
    counter = MarkerCounter(b"abcd")
    tails = {"one": b"", "two": b""}
    counted = {"one": 0, "two": 0}
    for name, piece in [("one", b"xab"), ("two", b"cd"), ("one", b"cd"), ("two", b"abcdab"), ("one", b"ab")]:
        counter.view[: len(piece)] = piece
        found, tails[name] = counter.count(len(piece), tails[name])
        counted[name] += found
    assert counted == {"one": 1, "two": 1}


def test_the_tail_never_holds_a_whole_marker() -> None:
    counter = MarkerCounter(b"aa")
    counter.view[:2] = b"aa"
    found, tail = counter.count(2, b"")
    assert (found, tail) == (1, b"a")


# Parsing


@pytest.mark.parametrize("seed", range(20))
def test_frames_are_read_however_they_are_cut(seed: int) -> None:
    payloads = [b"", b"x", b"y" * 125, b"z" * 126, b"a" * 65535, b"b" * 65536, "ü".encode()]
    stream = b"".join(server_frame(payload) for payload in payloads) + server_frame(b"p", 0x89)
    reader = FrameReader()
    read = [frame for piece in pieces(stream, seed) for frame in reader.feed(piece)]
    assert read == [*((TEXT, payload) for payload in payloads), (PING, b"p")]
    assert reader.rest == b""


def test_fragments_are_joined_around_control_frames() -> None:
    stream = server_frame(b"one ", 0x01) + server_frame(b"", 0x89) + server_frame(b"two", 0x80)
    assert FrameReader().feed(stream) == [(PING, b""), (TEXT, b"one two")]


@pytest.mark.parametrize(
    "stream",
    [
        b"\x81\x81\0\0\0\0x",  # masked
        b"\xc1\x01x",  # a reserved bit
        b"\x81\x7e\x00\x01x",  # a length of one in three bytes
        b"\x80\x01x",  # a continuation of nothing
        b"\x01\x01x\x81\x01y",  # a beginning within a message
        b"\x09\x00",  # a fragmented ping
    ],
)
def test_what_a_server_may_not_send_is_refused(stream: bytes) -> None:
    with pytest.raises(WireError):
        FrameReader().feed(stream)


def test_our_frames_are_masked_with_zeros() -> None:
    assert text_frame(b"hi") == b"\x81\x82\0\0\0\0hi"
    assert text_frame(b"x" * 200)[:8] == b"\x81\xfe\x00\xc8\0\0\0\0"


# What is said


@pytest.mark.parametrize("number", [0, 7, 9_999_999])
def test_messages_are_equally_long_and_carry_their_number_and_one_marker(number: int) -> None:
    payload = DIALECTS["plain"].say("bench", number)
    assert len(payload) == MESSAGE_BYTES
    assert payload.count(WORD) == 1
    assert number_in(payload) == number
    assert json.loads(payload)["message"] == body(number)


def test_ours_are_told_from_acks() -> None:
    marker = DIALECTS["switchboard"].marker
    assert marker in b'{"type":"message","room":"bench"}'
    assert marker not in b'{"type":"ack","room":"bench"}'


# Order


@pytest.mark.parametrize(
    ("order", "wrong"), [([1, 2, 3], 0), ([2, 1, 3], 1), ([3, 1, 2], 2), ([1, 3], 0), ([1, 9, 2], 0)]
)
def test_order_is_compared_with_a_reference(order: list[int], wrong: int) -> None:
    assert out_of_order(order, [1, 2, 3]) == wrong


# Statistics


def test_percentiles_are_nearest_ranks() -> None:
    values = range(1, 101)
    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert percentile([7.0], 0.99) == 7.0
    assert math.isnan(percentile([], 0.5))


def test_a_spread_is_the_median_and_both_ends() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


# What a viewer of a board saw


def update(slug: str, seq: int, value: float | None) -> bytes:
    return json.dumps({"type": "update", "streams": {slug: {"seq": seq, "value": value}}}).encode()


def test_a_viewer_of_a_board_sees_gaps_order_and_age() -> None:
    frames = [(update("a", 1, 9.0), 9.5), (update("a", 4, 10.0), 10.25), (update("a", 3, 11.0), 11.5)]
    seen = Seen.of(frames, since=10.0)
    assert seen.latencies == [0.25, 0.5]
    assert (seen.updates, seen.skipped, seen.reordered) == (3, 2, 1)


def test_a_producer_that_has_just_begun_has_no_value_to_be_late() -> None:
    seen = Seen.of([(update("a", 1, None), 10.1), (update("a", 2, 10.0), 10.25)], since=10.0)
    assert (seen.latencies, seen.last) == ([0.25], {"a": 2})


# In flight


def room_of(members: int) -> Room:
    room = Room("bench")
    room.members = [object()] * members  # type: ignore[list-item]
    return room


def test_a_status_that_comes_with_an_old_value_is_no_late_value() -> None:
    seen = Seen.of([(update("a", 1, 10.0), 10.5), (update("a", 2, 10.0), 12.0)], since=9.0)
    assert (seen.latencies, seen.last) == ([0.5], {"a": 2})


def test_a_message_is_in_flight_until_it_has_reached_all() -> None:
    room = room_of(3)
    room.sent = [0, 1]
    room.delivered = 5
    assert room.in_flight() == 1
    room.delivered = 6
    assert room.in_flight() == 0


def test_what_never_comes_is_given_up_after_a_while() -> None:
    room = room_of(3)
    room.sent = [0]
    room.delivered = 2
    room.look(100.0)
    room.look(101.0)
    assert room.in_flight() == 1
    room.look(104.0)
    assert room.in_flight() == 0


# Targets


def measured(**figures: Sequence[float]) -> list[dict[str, float]]:
    return [dict(zip(figures, each, strict=True)) for each in zip(*figures.values(), strict=True)]


def test_a_ratio_is_of_medians_between_those_of_the_repeats() -> None:
    rows = {"switchboard": measured(deliveries=[100, 400, 300]), "stock": measured(deliveries=[10, 20, 10])}
    verdict = Ratio("Fan-out", "some", "deliveries", "stock", 30).judge({"some": rows})
    assert verdict.reached == Spread(30, 10, 30)
    assert verdict.met
    assert not Ratio("Fan-out", "some", "deliveries", "stock", 31).judge({"some": rows}).met


def test_less_is_better_where_that_is_wanted() -> None:
    rows = {"switchboard": measured(memory=[20.0]), "stock": measured(memory=[40.0])}
    assert Ratio("Memory", "some", "memory", "stock", 0.6, most=True).judge({"some": rows}).met
    assert not Ratio("Memory", "some", "memory", "stock", 0.4, most=True).judge({"some": rows}).met


def test_a_limit_holds_in_every_repeat() -> None:
    rows = {"switchboard": measured(p99=[10.0, 51.0, 12.0])}
    assert not Limit("Values", "some", "p99", 50, " ms").judge({"some": rows}).met
    assert Limit("Values", "some", "p99", 51, " ms").judge({"some": rows}).met


@pytest.mark.parametrize("rows", [{}, {"switchboard": [{"error": "refused"}], "stock": measured(deliveries=[1])}])
def test_what_was_not_measured_is_not_met(rows: dict[str, list[dict[str, Any]]]) -> None:
    verdict = Ratio("Fan-out", "some", "deliveries", "stock", 0.1).judge({"some": rows})
    assert verdict.reached is None
    assert not verdict.met


def test_every_target_names_a_scenario_and_those_who_take_part() -> None:
    scenarios = {each.name: each for each in SCENARIOS}
    for target in TARGETS:
        contestants = scenarios[target.scenario].contestants
        if isinstance(target, Ratio):
            assert {target.ours, target.peer} <= set(contestants)


# The page and the plot


def run_of_everything() -> dict[str, Any]:
    figures = {"deliveries": 1000.0, "messages": 50.0, "p50": 1.0, "p99": 2.0, "rate": 9.0, "memory": 20.0, "live": 3.0}
    one = figures | {"client_cpu": 0.95, "server_cpu": 0.5, "silent_cpu": 0.1, "redis_cpu": 0.1, "lost": 0, "closed": 2}
    sent = {each.name: {"messages": float(each.load.get("rate", 50))} for each in SCENARIOS}
    return {
        "machine": {"processor": "a fast one"},
        "how": {each.name: "3 × 4 s, 2026-11-30, commit abc1234" for each in SCENARIOS},
        "scenarios": {each.name: {who: [one | sent[each.name]] for who in each.contestants} for each in SCENARIOS},
    }


def test_the_page_shows_all_scenarios_and_says_what_is_wrong() -> None:
    page = report.page(run_of_everything())
    for scenario in SCENARIOS:
        assert f"## {scenario.title}\n" in page
    assert "client-bound" in page
    assert "2 closed" in page
    assert "**not met**" in page


def test_a_whole_run_of_one_commit_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert publish(run_of_everything(), tmp_path, monkeypatch) == {"benchmarks/results.md", "benchmarks/results.svg"}
    assert publication.MARK not in (tmp_path / "benchmarks/results.md").read_text()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda run: run["how"].update(rooms="3 × 4 s, 2026-11-30, commit fff0000"), "2 versions: abc1234, fff0000."),
        (
            lambda run: run["how"].update(dict.fromkeys(run["how"], "1 × 3 s, 2026-11-30, commit abc1234-dirty")),
            "Measured with changes that no commit has: fanout-100-1, ",
        ),
        (lambda run: run["scenarios"].pop("rooms"), "Not measured: rooms."),
        (
            lambda run: run["scenarios"]["fanout-1000-16"].pop("nchan"),
            "without some contestants: fanout-1000-16 (nchan).",
        ),
    ],
    ids=["mixed commits", "dirty", "a scenario left out", "a peer left out"],
)
def test_any_other_is_a_draft_that_says_why(
    spoil: Callable[[dict[str, Any]], object], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of_everything()
    spoil(run)
    assert publish(run, tmp_path, monkeypatch) == {"var/results.md", "var/results.svg"}
    _, mark, *_ = (tmp_path / "var/results.md").read_text().split("\n\n")
    assert mark.startswith(publication.MARK)
    assert reason in mark


def publish(run: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the files that a run writes."""
    monkeypatch.setattr(command, "ROOT", folder)
    monkeypatch.setattr(command, "VAR", folder / "var")
    for name in ("benchmarks", "var"):
        (folder / name).mkdir()
    command.publish(run)
    return {str(path.relative_to(folder)) for path in folder.rglob("*.*")}


def test_the_page_in_the_project_is_of_one_commit_or_marked() -> None:
    page = (ROOT / "benchmarks/results.md").read_text()
    assert publication.marked(page) == page


def test_a_tree_with_changes_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "ROOT", tmp_path)
    assert publication.commit() == "unknown"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "Begin"], check=True)
    assert re.fullmatch(r"[0-9a-f]+", publication.commit())
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks/results.md").write_text("what a run writes")
    assert not publication.commit().endswith("-dirty")
    (tmp_path / "new.py").write_text("")
    assert publication.commit().endswith("-dirty")


def test_the_plot_is_well_formed_and_shows_everybody() -> None:
    picture = ElementTree.fromstring(plot(run_of_everything()["scenarios"]))
    texts = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("nchan") == 3


# Past one machine


def test_costs_are_solved_from_the_slopes_between_two_rates() -> None:
    taking, hearing, giving, idle = 400e-6, 50e-6, 2e-6, 0.03
    results = {"memory": {"switchboard": measured(memory=[20.0])}, "writer": {"switchboard": measured(messages=[9e3])}}
    slow = (SLOW, FAST)
    many = (MANY_SLOW, MANY_FAST)
    for name, rates, receivers in (("100", slow, 100), ("1000", slow, 1000), ("rooms", many, 5)):
        for rate in rates:
            cpu = idle + rate * (taking + receivers * giving)
            heard = {"silent_cpu": [idle + rate * hearing], "redis_cpu": [idle + rate * 40e-6]}
            row = measured(server_cpu=[cpu], messages=[float(rate)], **heard)
            results[f"capacity-{name}-{rate}"] = {"switchboard": row}
    each = capacity.costs(results)
    assert (each.taking, each.hearing, each.giving) == pytest.approx((taking, hearing, giving))
    assert each.redis == pytest.approx(20e-6)


def test_costs_say_what_was_not_measured() -> None:
    with pytest.raises(KeyError, match="capacity-1000"):
        capacity.costs({})


def test_more_people_need_more_processes_and_each_keeps_its_headroom() -> None:
    each = capacity.Costs(500e-6, 50e-6, 2e-6, 20e-6, 25.0, 10_000.0)
    small, large = (capacity.needs(capacity.Usage(people, 50, 1 / 60), each) for people in (10_000, 300_000))
    assert small
    assert large
    assert small.processes < large.processes
    for people, need in ((10_000, small), (300_000, large)):
        usage = capacity.Usage(people, 50, 1 / 60)
        assert capacity.load(usage, need.processes, each) <= capacity.HEADROOM
        assert need.processes == 1 or capacity.load(usage, need.processes - 1, each) > capacity.HEADROOM


def test_what_one_group_cannot_carry_is_said() -> None:
    each = capacity.Costs(500e-6, 50e-6, 2e-6, 20e-6, 25.0, 10_000.0)
    usage = capacity.Usage(1_000_000, 50, 1 / 60)
    assert capacity.needs(usage, each) is None
    assert "too much to hear" in capacity.table(each, [usage])
