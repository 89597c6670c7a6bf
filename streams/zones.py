"""Names of time zones. Pure."""

from zoneinfo import available_timezones


def check_zone(zone: str) -> None:
    """Raise ValueError with a sentence when `zone` is neither empty nor the name of a time zone."""
    if zone and zone not in available_timezones():
        raise ValueError(f"There is no time zone {zone!r}: give one such as Europe/Oslo.")
