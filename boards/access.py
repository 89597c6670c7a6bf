"""Who may see a board without being signed in: what lets people in registers here."""

from collections.abc import Callable

from django.http import HttpRequest

#: Returns None when it knows nothing of a request, else whether the board at this address is shown.
WayIn = Callable[[HttpRequest, str], bool | None]

_ways_in: list[WayIn] = []


def register(way_in: WayIn) -> None:
    """Have `way_in` asked about requests of people who are not signed in; call it in `AppConfig.ready`."""
    _ways_in.append(way_in)


def lets_in(request: HttpRequest, slug: str) -> bool | None:
    """Return what the first of the ways in that knows this request says of the board `slug`; None: none knows it."""
    answers = (way_in(request, slug) for way_in in _ways_in)
    return next((answer for answer in answers if answer is not None), None)
