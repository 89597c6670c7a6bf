"""Writes the results as lines, tables and ratios; pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from benchmarks import capacity, publication
from benchmarks.measure import Spread
from benchmarks.scenarios import OURS, PIPE, SCENARIOS, Scenario
from benchmarks.targets import TARGETS, Results, values

#: When the client used more than this share of its core, the client limited the run.
CLIENT_BOUND: Final = 0.9
FLAWS: Final = ("lost", "doubled", "reordered", "behind", "closed")


def in_short(scenario: Scenario, result: Mapping[str, Any]) -> str:
    """Return a measurement as one line."""
    if "error" in result:
        return f"FAILED: {result['error']}"
    parts = [f"{result[scenario.value]:>12,.1f} {scenario.unit}", *_details(scenario, result)]
    if "opening" in result:
        parts.append(f"opened in {result['opening']:.1f} s, quiet {result['settling']:.1f} s later")
    return ", ".join(parts)


def _details(scenario: Scenario, result: Mapping[str, Any]) -> Iterable[str]:
    if "deliveries" in result and scenario.value != "deliveries":
        yield f"{result['deliveries']:,.0f} deliveries/s"
    if "alone_p50" in result:
        yield f"alone p50 {result['alone_p50']:,.1f} ms, p99 {result['alone_p99']:,.1f} ms"
    if "p50" in result:
        yield f"p50 {result['p50']:,.1f} ms, p99 {result['p99']:,.1f} ms"
    if "per_core" in result:
        yield f"{result['per_core']:,.0f} per core-second"
    if "client_cpu" in result:
        yield f"client {result['client_cpu']:.0%}, server {result['server_cpu']:.0%} of a core"
        if result["client_cpu"] > CLIENT_BOUND:
            yield "CLIENT-BOUND"
    if "history_queries" in result:
        yield f"{result['history']} messages of history each, {result['history_queries']} history queries"
    if "conflated" in result:
        yield f"{result['streams']} streams, {result['conflated']:.1%} conflated"
    yield from (f"{result[name]} {name}" for name in FLAWS if result.get(name))


def spread(found: Spread | None, digits: int | None = None) -> str:
    """Return a median with its least and greatest value, with a few digits."""
    if found is None:
        return "–"
    parts = [number(each, digits) for each in (found.median, found.least, found.most)]
    return parts[0] if parts[1] == parts[2] else f"{parts[0]} ({parts[1]} – {parts[2]})"


def number(value: float, digits: int | None = None) -> str:
    if math.isnan(value):
        return "–"
    if digits is None:
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def verdicts(results: Results, every: bool = True) -> str:
    """Return the table of targets; without `every`, only of measured ones."""
    lines = ["| what | wanted | reached | |", "|---|---|---|---|"]
    for target in TARGETS:
        verdict = target.judge(results)
        if verdict.reached is None and not every:
            continue
        mark = "not measured" if verdict.reached is None else "met" if verdict.met else "**not met**"
        lines.append(f"| {verdict.what} | {verdict.wanted} | {spread(verdict.reached)} | {mark} |")
    return "\n".join(lines)


def details(scenario: Scenario, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the table of one scenario, with medians and the least and greatest values.

    Ours is at the top, then the best first.
    """
    medians = {name: _median(measured, scenario.value) for name, measured in rows.items()}
    smaller_is_better = scenario.unit.split()[0] not in ("deliveries/s", "messages/s", "connections/s")

    def place(name: str) -> tuple[bool, bool, float]:
        value = medians[name]
        return name not in (OURS, PIPE), math.isnan(value), value if smaller_is_better else -value

    with_latency = scenario.value != "p99"
    lines = [
        f"| | {scenario.unit} | p50 ms{' | p99 ms' if with_latency else ''}"
        " | deliveries per core-second | client | server | remarks |",
        f"|---|---|---|{'---|' if with_latency else ''}---|---|---|---|",
    ]
    for name in sorted(rows, key=place):
        measured = rows[name]
        own = values(measured, scenario.value)
        cells = [name, spread(Spread.of(own) if own else None), number(_median(measured, "p50"))]
        if with_latency:
            cells.append(number(_median(measured, "p99")))
        cells.append(number(_median(measured, "per_core")))
        cells += [_percent(_median(measured, f"{who}_cpu")) for who in ("client", "server")]
        lines.append(f"| {' | '.join([*cells, remarks(measured)])} |")
    return "\n".join(lines)


def remarks(measured: Sequence[Mapping[str, Any]]) -> str:
    """Return remarks about a contestant's repeats, mainly flaws."""
    said = [f"{sum(each.get(name, 0) for each in measured):,} {name}" for name in FLAWS]
    said = [each for each in said if not each.startswith("0 ")]
    if any(each.get("client_cpu", 0) > CLIENT_BOUND for each in measured):
        said.append("client-bound")
    said += sorted({each["error"].partition("\n")[0][:80] for each in measured if "error" in each})
    queries = [each["history_queries"] for each in measured if "history_queries" in each]
    if queries:
        said.append(f"{max(queries)} history queries at most")
    alone = _median(measured, "alone_p99")
    if not math.isnan(alone):
        said.append(f"alone p99 {number(alone)} ms; busy room {number(_median(measured, 'deliveries'))} deliveries/s")
    conflated = _median(measured, "conflated")
    if not math.isnan(conflated):
        said.append(f"{number(_median(measured, 'deliveries'))} updates/s, {conflated:.1%} conflated")
    return ", ".join(said)


def page(found: Mapping[str, Any]) -> str:
    """Return `results.md`, with a mark when it is not one whole run of one commit."""
    results: Results = found["scenarios"]
    parts = [
        "# Results of bin/bench",
        "Written by `bin/bench`; how it measures and what the rows mean is in `docs/performance.md`. Medians of the "
        "repeats, the least and the most in brackets; a ratio's are those of repeats that ran one after the other.",
        machine(found["machine"]),
        "![Deliveries a second](results.svg)",
        "## What it must reach",
        verdicts(results),
    ]
    for scenario in SCENARIOS:
        if rows := results.get(scenario.name):
            how = found["how"][scenario.name]
            parts += [f"## {scenario.title}", f"`{scenario.name}`, {how}.", details(scenario, rows)]
    try:
        each = capacity.costs(results)
    except KeyError:
        pass
    else:
        parts += ["## Past one machine", capacity.constants(each), capacity.table(each)]
    return publication.marked("\n\n".join(parts) + "\n")


def machine(facts: Mapping[str, str]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items())])


def _median(measured: Sequence[Mapping[str, Any]], name: str) -> float:
    found = values(measured, name)
    return Spread.of(found).median if found else math.nan


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.0%}"
