"""The servers that system tests start are gone afterwards."""

import subprocess
import sys

import psycopg
import pytest
import redis as client

from harness.launcher import ROOT, Launcher, listens
from harness.servers import Manage, PostgreSQL, Redis


def test_redis_answers_and_ends(launcher: Launcher) -> None:
    service = Redis(launcher, "another-redis")
    service.start()
    assert client.Redis.from_url(service.url).ping()
    service.stop()
    assert not listens(service.port)


def test_what_a_launcher_started_ends_with_it_and_so_do_its_folders() -> None:
    with Launcher() as launcher:
        service = Redis(launcher, "redis").start()
        folder = service.folder
        assert launcher.running == [service]
    assert not listens(service.port)
    assert not folder.exists()


def test_servers_end_with_tests_that_are_told_to_end() -> None:
    """For example by a time limit of CI, which sends SIGTERM."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "tests/system/never_ends.py"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout
        port = next(int(line.split()[1]) for line in tests.stdout if line.startswith("port "))
        assert listens(port)
        tests.terminate()
        tests.communicate(timeout=60)
    assert not listens(port)


def test_postgresql_makes_databases(postgresql: PostgreSQL) -> None:
    with psycopg.connect(postgresql.create_database("made-by-a-test")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_each_command_has_a_process_to_itself_and_a_failed_one_says_why(launcher: Launcher) -> None:
    site = Manage(launcher, "site", {})
    site.shell("import config; config.left_behind = 1")
    assert site.shell("import config; print(hasattr(config, 'left_behind'))") == "False\n"
    with pytest.raises(AssertionError, match=r"(?s)half of it.*ZeroDivisionError"):
        site.shell("print('half of it'); 1 / 0")
    with pytest.raises(AssertionError, match="Unknown command: 'dance'"):
        site.manage("dance")
    with pytest.raises(AssertionError):
        site.shell("import os; os.kill(os.getpid(), 9)")
