"""The docs name what the code has: every command, event, error, setting, endpoint and management command."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

import chat.commands
import roulette.commands
import walls.commands
from config.asgi import application
from harness.environment import settings_read
from realtime.wire.protocol import Close, Ping
from tests.house import PACKAGES, modules
from web.http import STATUS

ROOT = Path(__file__).resolve().parent.parent
PROTOCOL = (ROOT / "docs/protocol.md").read_text()
ALL_DOCS = "".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def commands() -> set[str]:
    structs = [
        *get_args(chat.commands.Commands),
        *get_args(roulette.commands.Commands),
        Ping,
        walls.commands.Watch,
        walls.commands.Report,
    ]
    return {struct.__struct_config__.tag for struct in structs}


def events() -> set[str]:
    """Return the `type` of every dict literal in the code that is sent to clients."""
    found = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "type" and isinstance(value, ast.Constant):
                        found.add(str(value.value))
    return {each for each in found if not each.startswith(("websocket.", "hub.", "http."))}


def paths(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from paths(pattern.url_patterns, route)
        else:
            yield route


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_is_described(command: str) -> None:
    assert f'"type": "{command}"' in PROTOCOL or f"→ {command}" in PROTOCOL


def test_every_event_is_described() -> None:
    found = events()
    assert {"message", "hello", "snapshot", "roulette.paired"} <= found
    assert {event for event in found if f'"type": "{event}"' not in PROTOCOL} == set()


def test_every_error_and_close_code_is_described() -> None:
    http_only = {"sign_in", "method_not_allowed", "invalid"}
    assert {code for code in STATUS.keys() - http_only if f"`{code}`" not in PROTOCOL} == set()
    assert {code for code in Close if f"| {int(code)} |" not in PROTOCOL} == set()


def test_every_endpoint_is_described() -> None:
    routes = {
        f"/{route}" for route in paths(get_resolver().url_patterns) if route.startswith("api/") and "rest" not in route
    }
    routes |= {"/healthz", "/readyz", "/metrics"}
    described = PROTOCOL.replace("<seq>", "<id>")
    told = {re.sub(r"<int:\w+>", "<id>", route).replace("<slug:slug>", "<slug>") for route in routes}
    assert {route for route in told if route not in described} == set()


def test_every_socket_is_described() -> None:
    router = application.application_mapping["websocket"].application
    for route in [str(route.pattern) for route in router.routes]:
        if route.startswith("ws/"):
            assert f"/{route.replace('<slug:slug>', '<slug>')}" in PROTOCOL, route


def test_every_environment_variable_is_described() -> None:
    deployment = (ROOT / "docs/deployment.md").read_text()
    names = settings_read()
    assert {"SECRET_KEY", "REDIS_URL", "GUESTS_ALLOWED"} <= names
    assert {name for name in names | {"SWITCHBOARD_BUILD"} if f"`{name}`" not in deployment} == set()


def test_every_management_command_is_described() -> None:
    commands = {path.stem for path in modules() if path.parent.name == "commands" and path.stem != "__init__"}
    assert {command for command in commands if command not in ALL_DOCS} == set()


def test_links_between_docs_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
        for target in re.findall(rf"`((?:docs|{'|'.join(PACKAGES)}|bin|deploy|tests)/[\w./-]+)`", page.read_text()):
            assert (ROOT / target).exists(), f"{page.name} names {target}"


def test_lines_of_docs_are_short() -> None:
    """Tables, blocks of code, and links that cannot be broken may be longer."""
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for number, line in enumerate(re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL).splitlines(), 1):
            free = line.startswith(("|", "    ")) or "](" in line
            assert len(line) <= 120 or free, f"{page.name}:{number}: {line[:60]}"
