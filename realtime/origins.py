"""Which pages may open a socket or call the API with a cookie: our own, and those named in the settings. Pure."""

from collections.abc import Collection
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def is_allowed(origin: str, *, host: str, https: bool, allowed: Collection[str]) -> bool:
    """Tell whether `origin` (an Origin header) is `host` (a Host header) by the same scheme, or in `allowed`.

    Scheme, host name and port all count; anything malformed is refused.
    """
    wanted = _parts(origin)
    if wanted is None:
        return False
    own = _parts(f"{'https' if https else 'http'}://{host}")
    return wanted == own or any(wanted == _parts(each) for each in allowed)


def _parts(origin: str) -> tuple[str, str, int] | None:
    try:
        url = urlsplit(origin)
        if url.scheme not in _PORTS or not url.hostname or url.path or url.query or url.fragment or url.username:
            return None
        return url.scheme, url.hostname.rstrip("."), url.port or _PORTS[url.scheme]
    except ValueError:
        return None
