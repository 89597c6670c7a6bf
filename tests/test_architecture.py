"""The rules of docs/architecture.md, held against the code itself.

`tests/architecture` has the rules, and tests that each finds violations. `tests/house.py` has the layers.
"""

import graphlib
import re

import pytest

from tests.architecture import rules
from tests.architecture.source import Source
from tests.house import FLOORS, LARGER, MAY_IMPORT, PACKAGES, PURE, ROOT, TABLES, name, scripts

CONSUMER = "realtime.consumers.SocketConsumer"
#: The one file that may use private names of libraries (Autobahn, Twisted).
SERVER_PRIVATES = "realtime/serving/sockets.py"
#: They begin with an underscore, but the documentation of Django and Python names them.
DOCUMENTED = {"_meta", "_db", "_default_manager", "_exit"}


@pytest.fixture(scope="module")
def house() -> Source:
    return Source(ROOT, PACKAGES)


def test_packages_import_only_downwards(house: Source) -> None:
    assert rules.packages_import_downwards(house, MAY_IMPORT) == []


def test_inside_a_package_modules_import_only_downwards(house: Source) -> None:
    assert rules.floors_hold(house, FLOORS) == []


def test_no_module_imports_itself_by_way_of_others(house: Source) -> None:
    assert rules.no_circles(house) == []


def test_the_harness_knows_nothing_of_switchboard() -> None:
    """bin/prove and bin/bench use it without Django's settings, and against several versions of Switchboard."""
    imported = {name for module in Source(ROOT, ["harness"]).modules.values() for name, _ in module.imported()}
    assert not {name.partition(".")[0] for name in imported} & {*PACKAGES, "tests", "benchmarks"}


def test_sockets_of_tests_are_opened_in_the_harness() -> None:
    """By its one client. Decision 0059 explains the exceptions."""
    opens = re.compile(r"websockets\..*connect|channels\.testing\..*")
    others = Source(ROOT, ("tests", "benchmarks"))
    found = {
        others.place(module)
        for module in others.modules.values()
        if any(opens.fullmatch(name) for name, _ in module.imported())
    }
    assert found == {"benchmarks/runners.py"}


def test_only_publish_sends_to_groups_and_only_the_link_joins_them(house: Source) -> None:
    assert rules.only_one_uses(house, {"group_send"}, "realtime/delivery/publish.py") == []
    assert rules.only_one_uses(house, {"group_add", "group_discard"}, "realtime/delivery/layer_link.py") == []


def test_topics_are_joined_only_by_way_of_joining(house: Source) -> None:
    """Subscribe, read, send, release: nobody else releases."""
    assert rules.only_one_uses(house, {"hub.release"}, "realtime/delivery/joining.py") == []


def test_commands_are_answered_in_one_way(house: Source) -> None:
    assert len(house.subclasses(CONSUMER)) > 5
    assert rules.commands_are_answered_in_one_way(house, CONSUMER) == []


@pytest.mark.parametrize(
    ("model", "table"), [("chat.models.Message", "chat_message"), ("streams.models.Sample", "streams_sample")]
)
def test_log_rows_are_written_only_by_their_store(house: Source, model: str, table: str) -> None:
    assert rules.rows_are_written_by(house, model, table, TABLES[table]) == []


def test_there_are_no_signals_and_no_effects_in_save(house: Source) -> None:
    assert len(house.subclasses(*rules.MODELS)) > 20
    assert rules.models_have_no_effects(house) == []


def test_consumers_hold_no_orm(house: Source) -> None:
    assert rules.consumers_hold_no_orm(house, CONSUMER) == []


def test_what_is_said_on_the_wire_is_pure(house: Source) -> None:
    assert rules.are_pure(house, PURE) == []


def test_only_one_file_uses_private_names_of_others(house: Source) -> None:
    assert rules.no_foreign_privates(house, SERVER_PRIVATES, DOCUMENTED) == []


def test_no_folder_is_larger_than_one_can_see(house: Source) -> None:
    assert rules.folders_are_small(house, 16, LARGER, ("templates", "harness", "bin", "deploy")) == []


def test_no_module_is_longer_than_one_can_know(house: Source) -> None:
    assert rules.modules_are_short(house, 400) == []


def test_only_connect_js_constructs_a_websocket() -> None:
    assert [name(path) for path in scripts() if "new WebSocket(" in path.read_text()] == [
        "realtime/static/realtime/connect.js"
    ]


def test_scripts_do_not_import_in_circles() -> None:
    """File names contain a hash of the content, which includes the imported names.

    In a circle no hash exists. Types count, too.
    """
    imported = {
        path.resolve(): {
            (path.parent / found).resolve()
            for found in re.findall(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""", path.read_text())
        }
        for path in scripts()
    }
    assert len(imported) > 50
    graphlib.TopologicalSorter(imported).prepare()  # raises CycleError with the circle


def test_requests_say_for_whom_they_are() -> None:
    """`ask` of page.js names the page's person.

    Exceptions: a wall has a token, and a reload wants the page of the present person.
    """
    found = {name(path) for path in scripts() if re.search(r"\bfetch\(|XMLHttpRequest|sendBeacon", path.read_text())}
    assert found == {
        "web/static/web/page.js",
        "boards/static/boards/full/reload.js",
        "walls/static/walls/wall.js",
    }


def test_only_storage_js_names_the_browsers_storage() -> None:
    """Where storage is off, even naming it throws, and the page would stay empty."""
    named = {name(path) for path in scripts() if re.search(r"\b(local|session)Storage\b", path.read_text())}
    assert named == {"web/static/web/storage.js"}
