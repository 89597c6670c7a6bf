"""Values that are pushed into a stream. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Pushed:
    """A value and its time; `is_now`: nobody gave one, so it is the time at which the value is stored."""

    value: Any
    at: datetime
    is_now: bool = False
