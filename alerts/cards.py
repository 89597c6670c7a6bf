"""The text and fields of an incident's card (docs/protocol.md, Alerts). Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from alerts.rules import Condition
from realtime.wire.protocol import timestamp
from streams.values import is_number, level_of

LEVEL_NAMES: Final = {
    "ok": "ok",
    "warn": "warning",
    "crit": "critical",
    "info": "info",
    "unknown": "unknown",
}
SIGNS: Final = {"crit": "■", "warn": "▲", "info": "◆"}
_SCALES: Final = ("", "k", "M", "G", "T", "P")


def shown(value: Any, unit: str) -> str:
    """Return a value as text for people: `97.2 %`, `1.34 GB`, `2 min 5 s`, `critical: no backup`."""
    if level := level_of(value):
        return ": ".join(filter(None, (LEVEL_NAMES[level], value.get("text", "") if isinstance(value, dict) else "")))
    if not is_number(value):
        return "–"
    if unit == "s":
        return duration(timedelta(seconds=value)) if 120 <= value < 10**9 else f"{_digits(value)} s"
    if unit == "B" or unit.startswith("B/"):
        scale = 0
        while abs(value) >= 999.5 and scale < len(_SCALES) - 1:
            value, scale = value / 1000, scale + 1
        return f"{_digits(value)} {_SCALES[scale]}{unit}"
    return f"{_digits(value)} {unit}".strip()


def _digits(value: float) -> str:
    """Return whole numbers unchanged, others with three significant digits."""
    if float(value).is_integer() and abs(value) < 10**15:
        return str(int(value)).replace("-", "\u2212")
    text = f"{value:.0f}" if 1000 <= abs(value) < 10**15 else f"{value:.3g}"
    return text.replace("-", "\u2212")


def duration(length: timedelta) -> str:
    """Return a length of time in at most two units: `45 s`, `12 min`, `1 h 7 min`, `3 d 4 h`."""
    rest = max(0, round(length.total_seconds()))
    parts: list[str] = []
    for name, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {name}" if count else "")
    return " ".join(part for part in parts[:2] if part) or "0 s"


def condition_text(condition: str, limit: float | None, unit: str, hold: timedelta) -> str:
    """Return a rule's condition as text: `above 90 % for 1 min`, `critical for 2 min`, `no new value for 5 min`."""
    if condition == Condition.SILENT:
        return f"no new value for {duration(hold)}"
    lasting = f" for {duration(hold)}" if hold else ""
    if condition == Condition.CRIT:
        return f"critical{lasting}"
    if condition == Condition.WARN:
        return f"warning or critical{lasting}"
    return f"{condition} {shown(limit, unit)}{lasting}"


class Silence(Protocol):
    """The part of an incident that a shared card shows."""

    about: Any
    since: datetime
    fired_at: datetime
    until: datetime | None
    withdrawn: bool


def card_of_many(incidents: Sequence[Silence], feeder: str, version: int) -> tuple[str, dict[str, Any]]:
    """Return the shared card of several streams that fell silent together because their feeder failed.

    `feeder`: its name. The first incident is the one that was posted first. The card is over when all incidents are.
    """
    lasting = [each for each in incidents if each.until is None]
    ends = [each.until for each in incidents if each.until is not None]
    about = min((each.about for each in incidents), key=lambda each: list(SIGNS).index(each["severity"]))
    conditions = {each.about["condition"] for each in incidents}
    titles = list(dict.fromkeys(each.about["title"] for each in incidents))
    title = f"{len(titles)} streams of {feeder.removeprefix('push ')}"
    combined = incidents[0].about | {
        "severity": about["severity"],
        "title": title,
        "condition": conditions.pop() if len(conditions) == 1 else "no new value",
    }
    body, fields = card(
        combined,
        since=min(each.since for each in incidents),
        fired_at=min(each.fired_at for each in incidents),
        until=None if lasting else max(ends),
        withdrawn=not lasting and all(each.withdrawn for each in incidents),
        value=None,
        points=(),
        gap=None,
        version=version,
    )
    streams = [
        {
            "title": each.about["title"],
            "since": timestamp(each.since),
            "until": timestamp(each.until) if each.until else None,
        }
        for each in incidents
    ]
    return f"{body} {', '.join(titles)}.", fields | {"streams": streams}


def card(
    about: dict[str, Any],
    *,
    since: datetime,
    fired_at: datetime,
    until: datetime | None,
    withdrawn: bool,
    value: Any,
    points: Sequence[Any],
    gap: float | None,
    version: int,
) -> tuple[str, dict[str, Any]]:
    """Return a card as text and as fields. `about`: see `Incident`."""
    text = shown(value, about["unit"])
    start = f"{about['title']}: {about['condition']}"
    if withdrawn:
        body = f"○ {start}. No longer watched."
    elif until is not None:
        body = f"● {start}. Over after {duration(until - since)}."
    else:
        word = "Last" if about.get("when", Condition.SILENT) == Condition.SILENT else "Now"
        now = "" if value is None else f" {word} {text}."
        body = f"{SIGNS[about['severity']]} {start}.{now} Since {since:%Y-%m-%d %H:%M:%S} UTC."
    return body, {
        "severity": about["severity"],
        "title": about["title"],
        "condition": about["condition"],
        "when": about.get("when"),
        "hold": about.get("hold"),
        "limit": about["limit"],
        "value": value if is_number(value) else level_of(value),
        "unit": about["unit"],
        "shown": text,
        "since": timestamp(since),
        "fired_at": timestamp(fired_at),
        "until": timestamp(until) if until else None,
        "withdrawn": withdrawn,
        "board": about["board"],
        "points": list(points),
        "gap": gap,
        "version": version,
    }
