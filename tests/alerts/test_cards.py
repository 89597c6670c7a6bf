from datetime import timedelta
from typing import Any

import pytest

from alerts.cards import card, condition_text, duration, shown
from tests.streams_and_boards import seconds

ABOUT = {
    "title": "Processor",
    "unit": "%",
    "condition": "above 90 % for 1 min",
    "when": "above",
    "hold": 60,
    "limit": 90.0,
    "severity": "crit",
    "board": None,
}

SAID: dict[str, Any] = {
    "since": seconds(0),
    "fired_at": seconds(60),
    "until": None,
    "withdrawn": False,
    "value": 97.25,
    "points": [[1, 2.0]],
    "gap": 60.0,
    "version": 3,
}


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (97.25, "%", "97.2 %"),
        (90.0, "%", "90 %"),
        (-3, "", "\u22123"),
        (12345.6, "/min", "12346 /min"),
        (0.0123456, "", "0.0123"),
        (1_340_000_000, "B", "1.34 GB"),
        (999_600, "B/s", "1 MB/s"),
        (12, "B", "12 B"),
        (45, "s", "45 s"),
        (4020, "s", "1 h 7 min"),
        (1e300, "s", "1e+300 s"),
        (None, "%", "–"),
        ("much", "%", "–"),
        ("warn", "", "warning"),
        ({"level": "crit", "text": "no answer"}, "", "critical: no answer"),
    ],
)
def test_values_as_people_read_them(value: Any, unit: str, text: str) -> None:
    assert shown(value, unit) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (60, "1 min"),
        (725, "12 min 5 s"),
        (3605, "1 h"),
        (4020, "1 h 7 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations(length: int, text: str) -> None:
    assert duration(timedelta(seconds=length)) == text


def test_conditions() -> None:
    minute = timedelta(minutes=1)
    assert condition_text("above", 90, "%", minute) == "above 90 % for 1 min"
    assert condition_text("below", 1.5, "", timedelta()) == "below 1.5"
    assert condition_text("silent", None, "%", minute) == "no new value for 1 min"
    assert condition_text("crit", None, "", minute) == "critical for 1 min"
    assert condition_text("warn", None, "", timedelta()) == "warning or critical"


def test_a_card_in_words_and_as_fields() -> None:
    def say(**fields: Any) -> tuple[str, dict[str, Any]]:
        return card(ABOUT, **(SAID | fields))

    body, fields = say()
    assert body == "■ Processor: above 90 % for 1 min. Now 97.2 %. Since 2026-11-21 09:00:00 UTC."
    assert fields == {
        "severity": "crit",
        "title": "Processor",
        "condition": "above 90 % for 1 min",
        "when": "above",
        "hold": 60,
        "limit": 90.0,
        "value": 97.25,
        "unit": "%",
        "shown": "97.2 %",
        "since": "2026-11-21T09:00:00.000Z",
        "fired_at": "2026-11-21T09:01:00.000Z",
        "until": None,
        "withdrawn": False,
        "board": None,
        "points": [[1, 2.0]],
        "gap": 60.0,
        "version": 3,
    }
    body, fields = say(until=seconds(725))
    assert body == "● Processor: above 90 % for 1 min. Over after 12 min 5 s."
    assert fields["until"] == "2026-11-21T09:12:05.000Z"
    assert say(until=seconds(725), withdrawn=True)[0].endswith("No longer watched.")
    assert "Now" not in say(value=None)[0]
    silent = ABOUT | {"limit": None, "when": "silent"}
    assert "Last 97.2 %." in card(silent, **SAID)[0], "what is silent has no value now"
    of_old = {name: value for name, value in silent.items() if name not in ("when", "hold")}
    assert "Last 97.2 %." in card(of_old, **SAID)[0]
