"""Where streams are shown. Streams do not know boards; apps that show streams register here."""

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
    """Call `changed` when a stream's label, unit … changes, in the same transaction.

    `show(stream, where, options)` shows a stream at an address that a form names. Call this in `AppConfig.ready`.
    """
    _showers.append(_Shower(changed, show))


def stream_changed(stream: Stream) -> None:
    """Tell everything that shows `stream` its new label, unit …; call it in the transaction of the change."""
    for each in _showers:
        each.changed(stream)


def show(stream: Stream, where: str, options: Mapping[str, Any] | None = None) -> None:
    """Show `stream` at the address `where`, which is made if it is missing. Raises ValidationError."""
    for each in _showers:
        each.show(stream, where, options)
