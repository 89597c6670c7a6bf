"""The deployment's files fit together, and its page names every setting."""

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from harness.environment import settings_read

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*"))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return content


def commands_in(text: str) -> set[str]:
    return set(re.findall(r"manage\.py[\"',\s]+([a-z]+)", text))


def test_the_page_names_every_setting_and_no_other() -> None:
    table = (ROOT / "docs/deployment.md").read_text().split("## Settings")[1].split("\n## ")[0]
    documented = {
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert documented == settings_read()


@pytest.mark.parametrize("path", ["deploy/compose.yaml", "deploy/Dockerfile", "docs/deployment.md", *map(str, UNITS)])
def test_every_command_exists(path: str) -> None:
    assert commands_in((ROOT / path).read_text()) <= get_commands().keys()


def test_compose_services_depend_on_each_other_and_on_volumes_that_exist(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {"postgresql", "redis", "migrate", "web", "worker", "nginx"} == services.keys()
    for name, service in services.items():
        assert "image" in service, name
        for other, condition in service.get("depends_on", {}).items():
            needs_health = condition["condition"] == "service_healthy"
            assert not needs_health or "healthcheck" in services[other]
        for mount in service.get("volumes", []):
            source = re.sub(r"\$\{.*?\}", "/given", mount).split(":")[0]
            known = source in compose["volumes"] or source == "/given" or (DEPLOY / source).exists()
            assert known, f"{name} mounts {mount}"
        for config in service.get("configs", []):
            assert config["source"] in compose["configs"]


def test_compose_sets_only_settings_that_exist(compose: dict[str, Any]) -> None:
    for name in ("migrate", "web", "worker"):
        environment = compose["services"][name]["environment"]
        assert environment.keys() <= settings_read()
        assert environment.keys() >= {"SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "BEHIND_PROXY"}
        # The image fixes these, so its user does not set them; production refuses DEBUG.
        assert settings_read() - environment.keys() == {"SWITCHBOARD_VAR", "PRODUCERS_DIR", "DEBUG"}
        literal = {setting for setting, value in environment.items() if value is not None and "${" not in value}
        assert literal == {"REDIS_URL", "BEHIND_PROXY"}, "all others can be set in deploy/.env"
    wanted = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text()))
    offered = set(re.findall(r"^(\w+)=", (DEPLOY / "compose.env.example").read_text(), re.MULTILINE))
    assert wanted == offered


def goes_into_the_image(path: str) -> bool:
    """Return whether `.dockerignore` lets a file in. The last line counts that names the file or one of its folders."""
    parts = path.split("/")
    above = ["/".join(parts[: number + 1]) for number in range(len(parts))]
    taken = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern = re.escape(line.lstrip("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
            if any(re.fullmatch(pattern, each) for each in above):
                taken = line.startswith("!")
    return taken


SECRET_OR_HEAVY = (
    *("deploy/.env", ".env", "chat/.env", "secret-key", "switchboard.env", "var/switchboard.sqlite3", "var/secret-key"),
    *("dump.sql", "switchboard.dump", "copy.sqlite3", "config/copy.sqlite3-wal", "deploy/privkey.pem", "chat/tls.key"),
    *(".git/config", ".venv/bin/python", "node_modules/typescript/package.json", "tests/conftest.py"),
    *("chat/__pycache__/api.cpython-311.pyc", "var-of-mine/secret-key", "certificates/privkey.pem"),
)


@pytest.mark.parametrize("path", SECRET_OR_HEAVY)
def test_what_is_secret_or_heavy_stays_out_of_the_image(path: str) -> None:
    assert not goes_into_the_image(path)


def test_what_runs_goes_into_the_image() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    ours = listed.stdout.splitlines()
    packages = {path.split("/")[0] for path in ours if re.fullmatch(r"\w+/__init__\.py", path)} - {
        "tests",
        "benchmarks",
        "harness",
    }
    wanted = [path for path in ours if path.split("/")[0] in {*packages, "templates"}]
    copied = re.findall(r"^COPY ([\w. -]+) \./$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    wanted += ["manage.py", "producers/mine.py", *" ".join(copied).split()]
    assert [path for path in wanted if not goes_into_the_image(path)] == []


def test_every_builder_reads_the_same_list(compose: dict[str, Any]) -> None:
    build = compose["x-switchboard"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    dockerfile = ROOT / build["dockerfile"]
    assert not dockerfile.with_name(f"{dockerfile.name}.dockerignore").exists()  # only some builders would read it


@pytest.mark.parametrize("path", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda path: path.name)
def test_units_run_what_is_there_as_nobody_special(path: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(path)
    service = unit["Service"]
    assert service["User"] == "switchboard"
    assert service["ExecStart"].startswith("/opt/switchboard/.venv/bin/python manage.py ")
    assert "SWITCHBOARD_VAR=/var/lib/switchboard" in service["Environment"]
    for name in re.findall(r"switchboard-[a-z]+@?", unit["Unit"].get("Requires", "")):
        assert (DEPLOY / "systemd" / f"{name}.service").exists()


def test_nginx_waits_longer_than_two_heartbeats(settings: Any) -> None:
    [seconds] = re.findall(r"proxy_read_timeout (\d+)s", (DEPLOY / "nginx.conf").read_text())
    assert int(seconds) > 2 * settings.HEARTBEAT


def production(folder: Path, **more: str) -> dict[str, str]:
    return {
        "SECRET_KEY": "fifty characters that only this test knows, abcdef",
        "ALLOWED_HOSTS": "switchboard.example.org",
        "DATABASE_URL": "postgres://somebody@127.0.0.1:1/nothing?sslmode=require",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "BEHIND_PROXY": "1",
        "SWITCHBOARD_VAR": str(folder),
        "PATH": os.environ["PATH"],
        **more,
    }


def test_production_settings_pass_the_deployment_checks(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=production(tmp_path), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "max-age=31536000"),
        ({"HSTS_SUBDOMAINS": "1"}, "max-age=31536000; includeSubDomains"),
        ({"HSTS_SUBDOMAINS": "1", "HSTS_PRELOAD": "1"}, "max-age=31536000; includeSubDomains; preload"),
        ({"HTTPS": "0"}, "None"),
    ],
)
def test_https_is_asked_of_this_host_alone_unless_somebody_says_so(
    tmp_path: Path, more: dict[str, str], told: str
) -> None:
    ask = "from django.test import Client; a = {'HTTP_HOST': 'switchboard.example.org', 'secure': True}"
    ask += "; print(Client().get('/healthz', **a).headers.get('Strict-Transport-Security'))"
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", ask]
    done = subprocess.run(command, cwd=ROOT, env=production(tmp_path, **more), capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1:] == [told], done.stderr


def test_what_the_address_of_the_database_says_more_is_kept(tmp_path: Path) -> None:
    ask = "from django.conf import settings; o = settings.DATABASES['default']['OPTIONS']"
    command = [
        sys.executable,
        "manage.py",
        "shell",
        "--verbosity",
        "0",
        "-c",
        ask + "; print(o['sslmode'], 'pool' in o)",
    ]
    done = subprocess.run(command, cwd=ROOT, env=production(tmp_path), capture_output=True, text=True)
    assert done.stdout.split() == ["require", "True"], done.stderr
