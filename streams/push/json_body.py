"""The JSON of a push (docs/protocol.md). Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from realtime.wire.protocol import decode_json
from streams.pushed import Pushed
from streams.values import WrongValue, check_value

#: The most values of one push.
PUSHED_VALUES: Final = 10_000
#: How far ahead of the server's clock a pushed `at` may be. It then counts as now; otherwise later values would seem
#: older.
AHEAD: Final = timedelta(seconds=60)


class WrongPush(ValueError):
    """A push that can't be taken. `field` names the part at fault, such as `value` or `[3].at`."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.detail = detail


def read_push(raw: bytes, kind: str, now: datetime) -> list[Pushed]:
    """Return the values of a push to a stream of `kind`, oldest first; WrongPush when any of them is wrong."""
    try:
        body = decode_json(raw)
    except ValueError as error:
        raise WrongPush("body", str(error)) from None
    if not isinstance(body, list):
        return [_read_pushed(body, kind, now, "")]
    if not 0 < len(body) <= PUSHED_VALUES:
        raise WrongPush("body", f"Push 1 to {PUSHED_VALUES} values at once.")
    pushed = [_read_pushed(item, kind, now, f"[{index}].") for index, item in enumerate(body)]
    return sorted(pushed, key=lambda each: each.at)


def _read_pushed(item: Any, kind: str, now: datetime, place: str) -> Pushed:
    if not isinstance(item, dict):
        raise WrongPush(place.rstrip(".") or "body", 'Push an object {"value": …, "at"?: …} or an array of them.')
    if "value" not in item:
        raise WrongPush(f"{place}value", "There is no value.")
    try:
        check_value(kind, item["value"])
    except WrongValue as error:
        raise WrongPush(f"{place}value", str(error)) from None
    at = item.get("at")
    if at is None:
        return Pushed(item["value"], now, is_now=True)
    return Pushed(item["value"], _read_time(at, now, f"{place}at"))


def _read_time(text: Any, now: datetime, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        moment = moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise WrongPush(field, "Give a time as 2026-01-31T09:00:00Z, with its zone.") from None
    if moment > now + AHEAD:
        raise WrongPush(field, f"That time is more than {AHEAD.seconds} s ahead of the server's.")
    return min(moment, now)
