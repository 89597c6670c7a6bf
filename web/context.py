"""The variables of every page's template. Apps above this one register theirs."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from realtime.process import build

Read = Callable[[HttpRequest], Any]

parts: dict[str, Read] = {}


def register(name: str, read: Read) -> None:
    """Give templates the variable `name`.

    `read(request)`, called at the first use on a page. Call this in `AppConfig.ready`.
    """
    parts[name] = read


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name and everything registered. (Templates call callables themselves.)"""
    known = {"site_name": settings.SITE_NAME, "guests_allowed": settings.GUESTS_ALLOWED, "build": build()}
    return known | {name: cache(partial(read, request)) for name, read in parts.items()}
