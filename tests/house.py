"""The packages of Switchboard and their layers, lowest first, for the tests of the architecture."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
#: The packages that each package may import; the lowest package first.
MAY_IMPORT: Final[dict[str, set[str]]] = {
    "realtime": set(),
    "web": {"realtime"},
    "accounts": {"web", "realtime"},
    "chat": {"accounts", "web", "realtime"},
    "roulette": {"chat", "accounts", "web", "realtime"},
    "streams": {"chat.public", "accounts", "web", "realtime"},
    "boards": {"streams", "chat.public", "accounts", "web", "realtime"},
    "walls": {"boards", "streams", "chat.public", "accounts", "web", "realtime"},
    "alerts": {"boards", "streams", "chat.public", "accounts", "web", "realtime"},
    "config": {"alerts", "walls", "boards", "streams", "roulette", "chat", "accounts", "web", "realtime"},
}
PACKAGES: Final = tuple(MAY_IMPORT)
#: The tables that only one module may write.
TABLES: Final = {"chat_message": "chat/log/store.py", "streams_sample": "streams/store.py"}
#: Pure modules, which do no I/O and import nothing that does: the wire's messages, values, and what they add up to.
PURE: Final = (
    *("realtime.wire.protocol", "realtime.wire.outbox", "realtime.wire.newest", "realtime.limits.buckets"),
    *("web.visible", "web.markdown", "web.markdown.blocks", "web.markdown.emoji", "web.markdown.inline"),
    *(
        "chat.commands",
        "roulette.commands",
        "streams.values",
        "streams.retention.periods",
        "streams.events",
        "streams.pushed",
        "streams.push.json_body",
        "streams.push.influx",
    ),
    *("boards.edits", "walls.commands", "alerts.rules", "alerts.cards"),
)
#: The floors inside each package, lowest first. A module imports nothing from a floor above its own. A folder stands
#: for everything in it.
FLOORS: Final[dict[str, tuple[str, ...]]] = {
    "realtime": (
        "models per_loop wire",  # rows, and one socket as bytes and frames
        "storage limits",  # the database, and what one person may ask for
        "background",
        "checks delivery",  # who listens to what: publish, channel layer, hub
        "process serving",  # this process and its server
        "siblings",  # what the other processes say
        "consumers",  # the base of every endpoint
        "echo routing management apps",
    ),
    "web": (
        "visible assets context markdown http mail admin_site carryover",
        "throttling middleware templatetags health debugging admin",
        "views management apps",
    ),
    "accounts": (
        "people.names signing_in.cors models",
        "signing_in.tokens people.namesakes signing_in.sessions signing_in.guessing",
        "signing_in.socket_sign_in signing_in.forms signing_in.middleware",
        "people signing_in.housekeeping signing_in.recheck",
        "admin signing_in management",
        "urls apps",
    ),
    "chat": (
        "models commands topics",
        "rooms presence",  # who may be where, and who is there
        "log",  # what was said
        "readback entering",
        "public",
        "consumers api admin views demo",
        "recheck urls apps",
    ),
    "roulette": ("models commands", "seats", "pairing", "consumers admin views", "routing urls apps"),
    "streams": (
        "values retention.periods pushed tables zones threads",
        "models events",
        "producers sources.results sources.addresses sources.feeds sources.sealing",
        "store retention history leases shown",
        "catalogue produced readback sources push",
        "producing",
        "admin management urls apps",
    ),
    "boards": (
        "options edits models access",
        "boards",
        "layout showing demo",
        "api views admin management",
        "urls apps",
    ),
    "walls": (
        "commands models",
        "plan",
        "links screens codes",
        "screen_sockets room_windows",
        "consumers api views code_views admin",
        "routing urls apps",
    ),
    "alerts": ("rules cards feeders", "models", "incidents", "watching admin", "apps"),
    "config": ("environment logs settings", "asgi urls"),
}
#: Folders that may have more files side by side than others: how many, and why.
LARGER: Final[dict[str, int]] = {}


def modules(*packages: str) -> Iterator[Path]:
    """Yield the Python files of these packages, or of all, without migrations."""
    for package in packages or PACKAGES:
        yield from (path for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts)


def scripts(*packages: str) -> Iterator[Path]:
    """Yield the JavaScript modules of these packages, or of all."""
    for package in packages or PACKAGES:
        yield from (ROOT / package).rglob("static/**/*.js")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))
