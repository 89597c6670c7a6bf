"""Which pages may open a socket or call the API with a cookie: our own, and those named in the settings. Pure."""

import re
from collections.abc import Collection
from typing import Final

_PORTS: Final = {"http": 80, "https": 443}
#: An origin as browsers write it (RFC 6454, 6.2): scheme, name or bracketed IPv6 address, and port unless it is the
#: default.
_ORIGIN: Final = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)


def is_allowed(origin: str, *, host: str, https: bool, allowed: Collection[str]) -> bool:
    """Return whether `origin` (an Origin header) is `host` (a Host header) with the same scheme, or is in `allowed`.

    Scheme, host name and port all count; anything malformed is refused.
    """
    wanted = _parts(origin)
    if wanted is None:
        return False
    own = _parts(f"{'https' if https else 'http'}://{host}")
    return wanted == own or any(wanted == _parts(each) for each in allowed)


def _parts(origin: str) -> tuple[str, str, int] | None:
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        return None
    scheme, name, port = match[1].lower(), match[2].lower(), match[3]
    return scheme, name.removesuffix("."), _PORTS[scheme] if port is None else int(port)
