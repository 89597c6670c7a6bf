"""Values that are pushed into a stream. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Pushed:
    """A value and its time. `is_now`: no time was given, so it is the time of storing."""

    value: Any
    at: datetime
    is_now: bool = False
