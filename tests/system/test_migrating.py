"""The database is brought up to date while the site runs."""

import re

import psycopg
import pytest

from harness.launcher import ROOT, Launcher
from harness.servers import Manage, PostgreSQL


def on_postgresql(postgresql: PostgreSQL) -> dict[str, str]:
    return {
        "SECRET_KEY": "a key of fifty characters that only this test knows",
        "ALLOWED_HOSTS": "localhost",
        "DATABASE_URL": postgresql.create_database("migrating"),
    }


@pytest.mark.parametrize("file", ["systemd/switchboard-migrate.service", "compose.yaml"])
def test_a_migration_gives_up_when_a_backup_is_in_its_way(
    file: str, postgresql: PostgreSQL, launcher: Launcher
) -> None:
    """While it waits for the lock, it would block all later queries, so everybody."""
    options = re.search(r'PGOPTIONS="?(-c lock_timeout=\w+)', (ROOT / "deploy" / file).read_text())
    assert options
    settings = on_postgresql(postgresql) | {"PGOPTIONS": options[1]}
    site = Manage(launcher, "site", settings)
    site.manage("migrate", "--verbosity", "0")
    with psycopg.connect(settings["DATABASE_URL"]) as backup:
        backup.execute("LOCK TABLE chat_message IN ACCESS SHARE MODE")  # as pg_dump does
        with pytest.raises(AssertionError, match="lock timeout"):
            site.manage("migrate", "chat", "zero", "--verbosity", "0")
    site.manage("migrate", "chat", "zero", "--verbosity", "0")


@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
def test_no_index_does_what_another_one_does(engine: str, postgresql: PostgreSQL, launcher: Launcher) -> None:
    site = Manage(launcher, "site", {} if engine == "sqlite" else on_postgresql(postgresql))
    site.manage("migrate", "--verbosity", "0")
    look = """
from django.apps import apps
from django.db import connection
for model, field in [("chat.Membership", "room"), ("chat.Message", "room"), ("chat.PersonInRoom", "room"),
                     ("streams.Sample", "stream"), ("streams.TableRow", "stream")]:
    table = apps.get_model(model)._meta.db_table
    with connection.cursor() as cursor:
        for each in connection.introspection.get_constraints(cursor, table).values():
            if each["index"] and each["columns"] == [f"{field}_id"]:
                print(table)
"""
    assert site.shell(look) == ""
