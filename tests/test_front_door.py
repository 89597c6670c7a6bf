"""First steps of a newcomer: wrong addresses, wrong starts, an unsupported Python."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
import yaml
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from boards.models import Board
from chat.models import Room
from harness.launcher import Launcher, free_port
from harness.servers import Web
from realtime import process
from realtime.management.commands import serve
from realtime.serving import embedded

ROOT = Path(__file__).resolve().parent.parent
#: Files that tools look for only at the root.
HIDDEN = {".dockerignore", ".editorconfig", ".gitignore", ".npmrc", ".pre-commit-config.yaml"}
PAGES = {"README.md", "LICENSE", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "requirements.txt"}


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
def test_a_page_with_a_traceback_tells_nothing_of_the_settings(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_that_fails(monkeypatch)
    assert "Traceback" in page
    assert "hush" not in page


@pytest.mark.parametrize(
    "caller",
    [
        {"REMOTE_ADDR": "192.168.1.7"},
        {"REMOTE_ADDR": "192.168.1.7", "HTTP_ACCEPT": "text/plain"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "192.168.1.7"},
        {"HTTP_FORWARDED": "for=192.168.1.7"},
    ],
)
@override_settings(DEBUG=True)
def test_nobody_but_this_machine_sees_a_traceback(
    db: None, caller: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_that_fails(monkeypatch, **caller)
    assert "Something went wrong" in page
    assert "Traceback" not in page
    assert "oh no" not in page


def page_that_fails(monkeypatch: pytest.MonkeyPatch, **caller: str) -> str:
    def fail() -> None:
        raise RuntimeError("oh no")

    monkeypatch.setattr(process, "build", fail)
    answer = Client(raise_request_exception=False).get("/healthz", **caller)  # type: ignore[arg-type]
    assert answer.status_code == 500
    return answer.content.decode()


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("caller", ["127.0.0.1", "192.168.1.7"])
def test_a_host_that_is_not_allowed_is_told_in_a_sentence_what_to_set(debug: bool, caller: str) -> None:
    with override_settings(DEBUG=debug):
        answer = Client().get("/", headers={"Host": "192.168.1.5:8000"}, REMOTE_ADDR=caller)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "ALLOWED_HOSTS=192.168.1.5 HOST=0.0.0.0 bin/serve" in page
    assert "Traceback" not in page
    assert "DisallowedHost" not in page
    call = Client().get("/api/rooms/", headers={"Host": "192.168.1.5:8000"})
    assert (call.status_code, call.json()["error"]["code"]) == (400, "bad_message")
    odd = Client().get("/", headers={"Host": "<script>"})
    assert "script" not in odd.content.decode()


@pytest.mark.parametrize(("host", "refused"), [("0.0.0.0", True), ("127.0.0.1", False)])
@override_settings(DEBUG=True)
def test_tracebacks_are_not_served_to_others(host: str, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "Server", Mock())
    monkeypatch.setattr(embedded, "claim", lambda: None)
    if refused:
        with pytest.raises(CommandError, match="DEBUG=1 shows the insides"):
            call_command("serve", host=host, port=free_port())
    else:
        call_command("serve", host=host, port=free_port())


@override_settings(LOCAL=False)
def test_who_forgot_to_collect_the_static_files_is_told(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STATIC_ROOT = tmp_path
    with pytest.raises(CommandError, match="collectstatic"):
        call_command("serve", port=free_port())


@pytest.mark.parametrize("environment", [{"DEBUG": "0"}, {"ALLOWED_HOSTS": "192.168.1.5"}, {"DEBUG": "1"}])
def test_pages_are_served_without_a_key_whatever_else_is_set(environment: dict[str, str], launcher: Launcher) -> None:
    site = Web(launcher, "site", environment)
    site.manage("migrate", "--verbosity", "0")
    site.start()
    try:
        for host in ["localhost", *environment.get("ALLOWED_HOSTS", "").split()]:
            page = httpx.get(site.address, headers={"Host": f"{host}:{site.port}"}, trust_env=False)
            assert page.status_code == 200
            style = re.search(r'href="(/static/[^"]+\.css)"', page.text)
            assert style
            assert httpx.get(site.address + style[1], trust_env=False).status_code == 200
    finally:
        site.stop()


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


@pytest.mark.parametrize(("options", "guests"), [([], False), (["--guests"], True)])
@pytest.mark.parametrize("local", [True, False])
def test_demo_content_in_production_is_open_to_guests_only_if_one_says_so(
    db: None, settings: Any, local: bool, options: list[str], guests: bool
) -> None:
    settings.LOCAL = local
    call_command("loaddemo", *options)
    assert set(Room.objects.values_list("guests", flat=True)) == {guests or local}
    assert set(Board.objects.values_list("guests", flat=True)) == {guests or local}


def tracked() -> list[Path]:
    """Return the files of the project, as git has them."""
    found = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if found.returncode:
        pytest.skip("this is no clone")
    return [path for path in map(Path, found.stdout.splitlines()) if (ROOT / path).exists()]


def test_the_root_shows_at_most_twelve_files() -> None:
    names = {path.name for path in tracked() if path.parent == Path()}
    assert {name for name in names if name.startswith(".")} <= HIDDEN
    shown = {name for name in names if not name.startswith(".")}
    assert shown >= PAGES
    assert len(shown) <= 12, f"move one into a folder: {sorted(shown)}"


def test_the_readme_fits_on_a_page() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) < 120
    assert sum(line.startswith("![") for line in lines) == 1


def test_the_changelog_has_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(rf"^## v{re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$", (ROOT / "CHANGELOG.md").read_text(), re.M)


def test_every_list_of_dependencies_is_watched_for_updates() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    watched = {(each["package-ecosystem"], each["directory"]) for each in updates}
    needed = {("uv", "/")}  # looks into requirements/, too
    for path in tracked():
        folder = "/" if path.parent == Path() else f"/{path.parent}"
        needed |= {("npm", folder)} if path.name == "package.json" else set()
        needed |= {("docker", folder)} if path.name == "Dockerfile" else set()
        needed |= {("docker-compose", folder)} if path.name == "compose.yaml" else set()
    assert watched == needed


def test_pre_commit_checks_what_ci_checks_first() -> None:
    """The hooks are the steps of bin/test that take seconds."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook["id"] for repository in config["repos"] for hook in repository["hooks"]]
    steps = re.findall(r'^        Step\("(\w+)"', (ROOT / "bin/test").read_text(), re.M)
    assert sorted(hooks) == sorted(steps)
