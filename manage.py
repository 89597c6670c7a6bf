#!/usr/bin/env python
"""Django's command line for Switchboard."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as missing:
        sys.exit(f"{missing.name} is not installed: run bin/serve once, it sets everything up.")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        sys.exit(f"Switchboard cannot start: {wrong}")


if __name__ == "__main__":
    main()
