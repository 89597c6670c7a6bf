"""Names of time zones. Pure."""

from functools import cache
from zoneinfo import available_timezones


@cache
def _names() -> set[str]:
    """Return the names of all time zones; cached, since finding them reads some 600 files."""
    return available_timezones()


def check_zone(zone: str) -> None:
    """Raise ValueError with a sentence when `zone` is neither empty nor the name of a time zone."""
    if zone and zone not in _names():
        raise ValueError(f"There is no time zone {zone!r}: give one such as Europe/Oslo.")
