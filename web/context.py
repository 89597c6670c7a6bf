"""What every page's template knows. Apps above this one register their part."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from realtime.process import build

Read = Callable[[HttpRequest], Any]

parts: dict[str, Read] = {}


def register(name: str, read: Read) -> None:
    """Have templates know `read(request)` as `name`: read when one asks, once a page. Call it in `AppConfig.ready`."""
    parts[name] = read


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name and all that was registered; templates call what can be called."""
    known = {"site_name": settings.SITE_NAME, "guests_allowed": settings.GUESTS_ALLOWED, "build": build()}
    return known | {name: cache(partial(read, request)) for name, read in parts.items()}
