"""The rules of docs/architecture.md, read from the imports and calls of the code itself."""

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import MAY_IMPORT, PACKAGES, ROOT, modules, name, scripts


def imports(path: Path) -> Iterator[str]:
    """Yield what a module imports, by full name, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def calls(path: Path) -> set[str]:
    """Return the names of the attributes that a module calls: `layer.group_send()` is `group_send`."""
    return {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_downwards(package: str) -> None:
    for path in modules(package):
        for imported in imports(path):
            other = imported.partition(".")[0]
            if other in PACKAGES and other != package:
                allowed = MAY_IMPORT[package]
                fits = other in allowed or any(imported.startswith(each) for each in allowed if "." in each)
                assert fits, f"{name(path)} imports {imported}"


def test_the_harness_knows_nothing_of_switchboard() -> None:
    """bin/prove and bin/bench use it without Django's settings, and on versions of Switchboard that they compare."""
    for path in (ROOT / "harness").glob("*.py"):
        used = {imported.partition(".")[0] for imported in imports(path)}
        assert not used & {*PACKAGES, "tests", "benchmarks"}, name(path)


def test_sockets_of_tests_are_opened_in_the_harness() -> None:
    """By one client; what else opens one says why in decision 0059."""
    opens = re.compile(r"websockets\..*connect|channels\.testing\..*")
    files = [path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    found = {name(path) for path in files if ".venv" not in path.parts and any(map(opens.fullmatch, imports(path)))}
    assert found == {"benchmarks/runners.py"}


def test_only_publish_sends_to_groups_and_only_the_link_joins_them() -> None:
    senders = {name(path) for path in modules() if "group_send" in calls(path)}
    joiners = {name(path) for path in modules() if calls(path) & {"group_add", "group_discard"}}
    assert senders == {"realtime/publish.py"}
    assert joiners == {"realtime/link.py"}


def test_topics_are_joined_only_by_way_of_joining() -> None:
    """Subscribe, read, send, release: nobody else releases."""
    releasers = {name(path) for path in modules() if re.search(r"hub\.release\(", path.read_text())}
    assert releasers == {"realtime/joining.py"}


def test_commands_are_answered_in_one_way() -> None:
    """By `answer`, `answer_when` or an exception: what a handler returns, nobody would send."""
    handlers = [
        node
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("on_") and len(node.args.args) == 2
    ]
    assert len(handlers) > 15
    assert [node.name for node in handlers if not node.returns or ast.unparse(node.returns) != "None"] == []


@pytest.mark.parametrize(("model", "store"), [("Message", "chat/log/store.py"), ("Sample", "streams/store.py")])
def test_log_rows_are_written_only_by_their_store(model: str, store: str) -> None:
    writes = {"create", "bulk_create", "update", "bulk_update", "delete", "get_or_create", "update_or_create", "save"}
    writers = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called, written = ast.unparse(node.func), ast.unparse(node)
                saves = called.startswith(f"{model}.objects") and called.rpartition(".")[2] in writes
                if saves or written.startswith((f"{model}(", f"bulk.make({model},")):
                    writers.add(name(path))
    assert writers == {store}


def test_there_are_no_signals_and_no_effects_in_save() -> None:
    for path in modules():
        assert not any(each.startswith("django.db.models.signals") for each in imports(path)), name(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and path.name == "models.py":
                methods = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
                assert "save" not in methods, f"{name(path)}: {node.name}.save"


def test_consumers_hold_no_orm() -> None:
    for path in [each for each in modules() if each.name in ("consumers.py", "handlers.py")]:
        assert ".objects" not in path.read_text(), name(path)


@pytest.mark.parametrize(
    "path", ["realtime/protocol.py", "realtime/outbox.py", "chat/commands.py", "streams/events.py"]
)
def test_protocol_and_outbox_are_pure(path: str) -> None:
    for imported in imports(ROOT / path):
        assert not imported.startswith(("channels", "django.db", "chat.models", "streams.models")), imported


def test_only_socket_js_constructs_a_websocket() -> None:
    assert [name(path) for path in scripts() if "new WebSocket(" in path.read_text()] == [
        "realtime/static/realtime/socket.js"
    ]


def test_scripts_do_not_import_in_circles() -> None:
    """File names carry a hash of their content, names of imports included: a circle has none. Types count, too."""
    imported = {
        path.resolve(): {
            (path.parent / found).resolve()
            for found in re.findall(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""", path.read_text())
        }
        for path in scripts()
    }
    assert len(imported) > 50
    graphlib.TopologicalSorter(imported).prepare()  # raises CycleError with the circle


def test_no_module_is_longer_than_one_can_know() -> None:
    long = {name(path): len(path.read_text().splitlines()) for path in modules()}
    assert {path: lines for path, lines in long.items() if lines > 400} == {}


def test_requests_say_for_whom_they_are() -> None:
    """`ask` of page.js names the page's person. A wall has a token, and a reload asks for a page of who is there."""
    found = {name(path) for path in scripts() if re.search(r"\bfetch\(|XMLHttpRequest|sendBeacon", path.read_text())}
    assert found == {
        "web/static/web/page.js",
        "boards/static/boards/full/reload.js",
        "walls/static/walls/wall.js",
    }


def test_only_storage_js_names_the_browsers_storage() -> None:
    """Where it is off, merely to name it throws, and a page would be empty."""
    named = {name(path) for path in scripts() if re.search(r"\b(local|session)Storage\b", path.read_text())}
    assert named == {"web/static/web/storage.js"}
