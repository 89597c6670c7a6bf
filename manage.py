#!/usr/bin/env python3
"""Django's command line for Switchboard. It runs in `.venv`, whichever Python it was started with."""

import os
import sys
from pathlib import Path

OWN_PYTHON = Path(__file__).resolve().parent / ".venv/bin/python"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as missing:
        if OWN_PYTHON.exists() and Path(sys.prefix) != OWN_PYTHON.parent.parent:
            os.execv(OWN_PYTHON, [str(OWN_PYTHON), *sys.argv])  # noqa: S606 - our own Python
        sys.exit(f"{missing.name} is not installed: run bin/serve once, it sets everything up.")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        sys.exit(f"Switchboard cannot start: {wrong}")


if __name__ == "__main__":
    main()
