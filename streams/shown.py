"""Where streams are shown. Streams know no board: what shows them registers here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from streams.models import Stream

Changed = Callable[[Stream], None]
Show = Callable[[Stream, str, Mapping[str, Any] | None], Any]


@dataclass(frozen=True, slots=True)
class _Shower:
    changed: Changed
    show: Show


_showers: list[_Shower] = []


def register(*, changed: Changed, show: Show) -> None:
    """Have `changed` called when a stream has another label, unit …, in the transaction of the change.

    `show(stream, where, options)` shows a stream at an address, from the end of a form. Call it in `AppConfig.ready`.
    """
    _showers.append(_Shower(changed, show))


def stream_changed(stream: Stream) -> None:
    """Have everything that shows `stream` learn of its label, unit …; call it in the transaction of the change."""
    for each in _showers:
        each.changed(stream)


def show(stream: Stream, where: str, options: Mapping[str, Any] | None = None) -> None:
    """Show `stream` at the address `where`, which is made when there is nothing. Raises ValidationError."""
    for each in _showers:
        each.show(stream, where, options)
