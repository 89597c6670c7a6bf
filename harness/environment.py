"""Finds, in the code, the settings that Switchboard reads from its environment.

Uses only Python's standard library, since bin/test needs it before anything is installed.
"""

import os
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
_READ: Final = re.compile(r'(?:environ|env|from_env|integer|boolean|time_zone)[\w.]*[(\[]\s*"([A-Z_]+)"')


def settings_read() -> set[str]:
    """Return the names of all variables that are settings."""
    files = [path for folder in ("config", "realtime", "web") for path in (ROOT / folder).glob("*.py")]
    return {name for path in files for name in _READ.findall(path.read_text())} - {"DJANGO_SETTINGS_MODULE"}


def forget_exported() -> None:
    """Remove exported settings from the environment, and put the programs of .venv first in PATH.

    Python may keep what it compiles: else each of the many processes that the tests start compiles everything.
    """
    for name in settings_read() | {"PYTHONDONTWRITEBYTECODE"}:
        os.environ.pop(name, None)
    programs = str(ROOT / ".venv" / "bin")
    path = os.environ.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] != programs:
        os.environ["PATH"] = f"{programs}{os.pathsep}{path}"
