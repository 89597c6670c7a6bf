"""The tests' database. It is made once for each state of models and migrations, and kept. Each run works on a copy."""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import django
from django.apps import apps
from django.conf import settings
from django.db import connection

#: A file that no run has used for this many seconds is deleted.
LEFT: Final = 7 * 24 * 3600


def state() -> str:
    """Return a name for what the database is made from."""
    found = hashlib.sha256(f"{django.VERSION}".encode())
    for app in apps.get_app_configs():
        if not Path(app.path).is_relative_to(settings.BASE_DIR):
            continue
        for path in sorted(Path(app.path).rglob("*.py")):
            if {"migrations", "models", "models.py"} & set(path.relative_to(app.path).parts):
                found.update(path.read_bytes())
    return found.hexdigest()[:16]


def kept(folder: Path) -> Path:
    """Return the database for this state of the code; make it if it is missing. Runs at the same time are safe."""
    path = folder / f"schema-{state()}.sqlite3"
    if path.exists():
        path.touch()
        return path
    draft = folder / f"draft-{os.getpid()}.sqlite3"
    with using(draft):
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
    draft.replace(path)
    return path


@contextmanager
def using(path: Path) -> Iterator[None]:
    """Make Django use another file as its database."""
    before = connection.settings_dict["NAME"]
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = str(path)
    try:
        yield
    finally:
        connection.close()
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = before


@contextmanager
def copied() -> Iterator[Path]:
    """Make Django use a copy of the kept database during a run of tests."""
    folder = settings.VAR_DIR
    for path in folder.glob("*.sqlite3*"):
        if time.time() - path.stat().st_mtime > LEFT:
            path.unlink(missing_ok=True)
    copy = folder / f"run-{os.getpid()}.sqlite3"
    shutil.copyfile(kept(folder), copy)
    with using(copy):
        yield copy
    for path in folder.glob(f"{copy.name}*"):
        path.unlink(missing_ok=True)
