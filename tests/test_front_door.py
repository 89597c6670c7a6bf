"""What a newcomer meets first: wrong addresses, wrong starts, a Python that is not ours."""

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.test import Client, override_settings

from chat.models import Room
from realtime import embedded
from realtime.management.commands import serve
from tests.services import free_port

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/api/streams/orders", "/api/session", "/api/nowhere/"])
def test_a_wrong_api_address_is_a_json_error(path: str, debug: bool, db: None) -> None:
    with override_settings(DEBUG=debug):
        answer = Client().post(path, "{}", content_type="application/json")
    assert answer.status_code == 404
    error = json.loads(answer.content)["error"]
    assert error["code"] == "not_found"
    assert ("slash" in error["detail"]) is not path.endswith("/")


def test_demo_content_is_loaded_once(db: None) -> None:
    call_command("loaddemo", once=True)
    Room.objects.filter(slug="kitchen").delete()
    call_command("loaddemo", once=True)
    assert not Room.objects.filter(slug="kitchen").exists()
    assert Room.objects.filter(slug="lobby").exists()


@override_settings(DEBUG=True, SQL_SOURCES={"shop": "postgres://reader:hush@db/shop"})
def test_a_page_with_a_traceback_tells_nothing_of_the_settings(db: None) -> None:
    answer = Client().get("/", headers={"Host": "evil.example"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Traceback" in page
    assert "hush" not in page


@pytest.mark.parametrize(("host", "warned"), [("0.0.0.0", True), ("127.0.0.1", False)])
@override_settings(DEBUG=True)
def test_who_shows_tracebacks_to_others_is_told(
    host: str, warned: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "Server", Mock())
    monkeypatch.setattr(embedded, "claim", lambda: None)
    call_command("serve", host=host, port=free_port())
    assert ("shows them tracebacks" in capsys.readouterr().err) is warned


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (("--port", "99999"), {}, "a port is 1 to 65535"),
        ((), {"SWITCHBOARD_VAR": "/proc/nowhere"}, "Cannot make the folder /proc/nowhere"),
        ((), {"SECRET_KEY": "x" * 64}, "SECRET_KEY could be guessed"),
        ((), {"TIME_ZONE": "Europe"}, "TIME_ZONE is 'Europe': give a time zone such as Europe/Oslo"),
    ],
)
def test_a_start_that_cannot_be_ends_with_a_sentence(
    arguments: tuple[str, ...], environment: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    ended = run(sys.executable, "manage.py", "serve", *arguments, **{"SWITCHBOARD_VAR": str(tmp_path)} | environment)
    assert ended.returncode != 0
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_manage_py_finds_its_own_python(tmp_path: Path) -> None:
    base = Path(sys.base_prefix) / "bin/python3"
    ended = run(str(base), "-I", "manage.py", "version", SWITCHBOARD_VAR=str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("5.2")
