"""The rooms of the house, from the ground up, as the tests of its rules know them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
#: What each package may import of the others; from the ground up.
MAY_IMPORT: Final[dict[str, set[str]]] = {
    "realtime": set(),
    "web": {"realtime"},
    "accounts": {"web", "realtime"},
    "chat": {"accounts", "web", "realtime"},
    "streams": {"chat.public", "accounts", "web", "realtime"},
    "boards": {"streams", "chat.public", "accounts", "web", "realtime"},
    "walls": {"boards", "streams", "chat.public", "accounts", "web", "realtime"},
    "alerts": {"boards", "streams", "chat.public", "accounts", "web", "realtime"},
    "config": {"alerts", "walls", "boards", "streams", "chat", "accounts", "web", "realtime"},
}
PACKAGES: Final = tuple(MAY_IMPORT)


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
