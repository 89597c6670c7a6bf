"""Reports a run: a row per fault, with its verdict."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from tests.prove.checker import Violation, causes
from tests.prove.record import Phase, Record

#: Columns that must be 0, and the kinds of violation that they count.
MUST_BE_ZERO: Final = {
    "lost": ("lost", "unkept"),
    "doubled": ("doubled",),
    "reordered": ("reordered",),
    "invented": ("invented", "diverged"),
    "late": ("late",),
    "leaked": ("leaked",),
    "stale": ("stale",),
}
#: When the slowest resume took longer than this, its story is printed.
SLOW: Final = 5.0
HEAD: Final = ("fault", "times", "messages", "deliveries", *MUST_BE_ZERO, "p50 ms", "p99 ms", "resume s", "settled s")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the sorted `values` are; 0 for no values."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


class Tally:
    """What happened during all times of one fault."""

    def __init__(self) -> None:
        self.times = 0
        self.messages = 0
        self.deliveries = 0
        self.delays: list[float] = []
        self.resumes: list[float] = []
        self.settled: list[float] = []
        self.broken: Counter[str] = Counter()

    def line(self, name: str) -> tuple[str, ...]:
        delays = sorted(self.delays)
        return (
            name,
            str(self.times),
            str(self.messages),
            str(self.deliveries),
            *(str(sum(self.broken[kind] for kind in kinds)) for kinds in MUST_BE_ZERO.values()),
            f"{percentile(delays, 0.5) * 1000:.0f}",
            f"{percentile(delays, 0.99) * 1000:.0f}",
            f"{max(self.resumes, default=0):.1f}",
            f"{max(self.settled, default=0):.1f}",
        )


class Calendar:
    """Finds the phase of a moment. Moments before the first phase belong to the first, and so on."""

    def __init__(self, phases: Sequence[Phase]) -> None:
        self.phases = phases

    def name_at(self, moment: float) -> str:
        for phase in self.phases:
            if moment < phase.ended:
                return phase.name
        return "the end"


def tallies(record: Record, violations: Iterable[Violation]) -> dict[str, Tally]:
    """Sum up a run by fault, in the order in which they first ran; then "the end" (the last resume) and "all"."""
    calendar = Calendar(record.phases)
    found: dict[str, Tally] = {phase.name: Tally() for phase in record.phases}
    found["the end"] = Tally()
    every = Tally()
    for phase in record.phases:
        for tally in (found[phase.name], every):
            tally.times += 1
            tally.settled += [phase.settled] if phase.settled is not None else []
    caused = causes(record)
    for said in record.said:
        for tally in (found[calendar.name_at(said.at)], every):
            tally.messages += 1
    for reading in record.readings:
        for item in reading.got:
            for tally in (found[calendar.name_at(item.at)], every):
                tally.deliveries += 1
                said_at = caused.get((reading.room, item.rev))
                if item.live and said_at is not None:
                    tally.delays.append(item.at - said_at)
    for resume in record.resumes:
        for tally in (found[calendar.name_at(resume.at)], every):
            tally.resumes.append(resume.seconds)
    for violation in violations:
        for tally in (found[calendar.name_at(violation.at) if violation.at else "the end"], every):
            tally.broken[violation.kind] += 1
    return {**found, "all": every}


def table(lines: Sequence[Sequence[str]]) -> str:
    """Return `lines`, the first being the head, in columns."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(row))
        for row in (list(zip(line, widths, strict=True)) for line in lines)
    )


def summary(record: Record, violations: Sequence[Violation]) -> str:
    """Return the tables of a run, the first twenty violations, and what got stuck."""
    found = tallies(record, violations)
    lines = [table([HEAD, *(tally.line(name) for name, tally in found.items())]), "", _memory(record.phases)]
    if record.closes:
        lines.append("closed with: " + ", ".join(f"{code} × {count}" for code, count in sorted(record.closes.items())))
    if record.errors:
        lines.append("errors told: " + ", ".join(f"{code} × {count}" for code, count in record.errors.most_common()))
    slowest = max(record.resumes, key=lambda resume: resume.seconds, default=None)
    if slowest is not None and slowest.seconds > SLOW:
        lines.append(f"the slowest resume, {slowest.seconds:.1f} s: " + "; ".join(slowest.story))
    lines += [f"{each.kind.upper()} in {each.room}, {each.client}: {each.what}" for each in violations[:20]]
    if len(violations) > 20:
        lines.append(f"… and {len(violations) - 20} more")
    lines += [f"NOT GOING ON: {failure}" for failure in record.failures]
    return "\n".join(lines)


def _memory(phases: Sequence[Phase]) -> str:
    peaks: dict[str, dict[str, float]] = defaultdict(dict)
    for phase in phases:
        for process, size in phase.memory.items():
            peaks[process][phase.name] = max(size, peaks[process].get(phase.name, 0))
    names = list(dict.fromkeys(phase.name for phase in phases))
    head = ("peak memory, MiB", *names)
    rows = [(process, *(f"{sizes.get(name, 0):.0f}" for name in names)) for process, sizes in peaks.items()]
    return table([head, *rows])
