"""Who may see a board without being signed in. Apps that let such people in register here."""

from collections.abc import Callable

from django.http import HttpRequest

#: Returns whether the request may see the board at this address; None when it knows nothing of the request.
WayIn = Callable[[HttpRequest, str], bool | None]

_ways_in: list[WayIn] = []


def register(way_in: WayIn) -> None:
    """Ask `way_in` about requests of people who are not signed in. Call this in `AppConfig.ready`."""
    _ways_in.append(way_in)


def lets_in(request: HttpRequest, slug: str) -> bool | None:
    """Return the answer for the board `slug` of the first way in that knows this request; None when none does."""
    answers = (way_in(request, slug) for way_in in _ways_in)
    return next((answer for answer in answers if answer is not None), None)
