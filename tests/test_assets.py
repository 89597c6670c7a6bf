"""Served files of npm; every imported module can be found, also with hashed names, and has a test."""

import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.template import Context, Template
from django.test import RequestFactory
from pytest_django import Settings

from web import assets

IMPORT = re.compile(
    r"""\b(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']"""
    r"""|\bimport\s*\(?\s*["']([^"']+)["']"""
)


def imports_of(source: str) -> Iterator[str]:
    source = re.sub(r"/\*.*?\*/|^\s*//.*?$", "", source, flags=re.DOTALL | re.MULTILINE)
    for match in IMPORT.finditer(source):
        yield match[1] or match[2]


def render_import_map() -> str:
    request = RequestFactory().get("/")
    request.csp_nonce = "n0nce"  # type: ignore[attr-defined]
    return Template("{% load assets %}{% import_map %}").render(Context({"request": request}))


def mapped_names() -> dict[str, str]:
    found = re.fullmatch(r'<script type="importmap" nonce="n0nce">(.*)</script>', render_import_map())
    assert found, render_import_map()
    imports: dict[str, str] = json.loads(found[1])["imports"]
    return imports


def served_modules() -> dict[str, Path]:
    """Return every module a browser may load: static path → file."""
    paths = [*assets.own_modules().values(), *(f"npm/{file}" for file in assets.NPM_MODULES.values())]
    paths += [f"npm/{file}" for file in assets.NPM_OTHERS if file.endswith(".js")]
    return {path: Path(str(finders.find(path))) for path in paths}


def test_the_regular_expression_sees_every_kind_of_import() -> None:
    source = """
        import { a,
                 b } from "./one.js";
        import * as two from './two.js';import"./three.js";export*from"./four.js";
        export { x } from "five"; const lazy = await import("./six.js");
        // import "./not-this.js";
    """
    assert list(imports_of(source)) == ["./one.js", "./two.js", "./three.js", "./four.js", "five", "./six.js"]


def test_every_import_of_every_served_module_is_served_too() -> None:
    names, modules = assets.import_map()["imports"], served_modules()
    for path, file in modules.items():
        for wanted in imports_of(file.read_text()):
            if wanted.startswith("."):
                target = posixpath.normpath(posixpath.join(posixpath.dirname(path), wanted))
                assert target in modules, f"{path} imports {wanted}, which is not served: see web/assets.py"
            else:
                assert wanted in names, f"{path} imports {wanted!r}, which is not in web/assets.py"


def test_the_import_map_names_our_modules_and_lit(settings: Settings) -> None:
    settings.LOCAL = True
    names = mapped_names()
    assert names["lit"] == "/static/npm/lit/index.js"
    assert names["uplot"] == "/static/npm/uplot/dist/uPlot.esm.js"
    for name in assets.own_modules():
        assert names[name] == f"/static/{name}"


@pytest.mark.parametrize(
    "path",
    [
        "npm/axe-core/axe.js",
        "npm/lit/package.json",
        "npm/lit/development/index.js",
        "npm/../package.json",
        "npm/lit/../../package.json",
        "npm/typescript/package.json",
        "lit/index.js",
        "npm/",
    ],
)
def test_nothing_else_of_npm_is_served(path: str) -> None:
    assert finders.find(path) is None


def test_missing_packages_are_said_in_a_sentence(settings: Settings, tmp_path: Path) -> None:
    assert assets.NodeModulesFinder().check() == []
    settings.BASE_DIR = tmp_path
    [error] = assets.NodeModulesFinder().check()
    assert "not installed" in error.msg
    assert "bin/setup" in str(error.hint)


def test_with_hashed_names_every_module_is_loaded_under_one_address(settings: Settings, tmp_path: Path) -> None:
    settings.LOCAL = False
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "web.assets.ManifestStorage"}}
    assets.kept_import_map.cache_clear()
    try:
        call_command("collectstatic", interactive=False, verbosity=0)
        names = mapped_names()
    finally:
        assets.kept_import_map.cache_clear()
    hashed = re.compile(r"\.[0-9a-f]{12}\.js$")
    for name, address in names.items():
        assert hashed.search(address), f"{name} is not hashed"
        assert (tmp_path / address.removeprefix("/static/")).is_file()
    for path in served_modules():
        file = tmp_path / staticfiles_storage.stored_name(path)  # type: ignore[attr-defined]
        for wanted in imports_of(file.read_text()):
            # A module reached by two addresses would be two modules, each with its own state.
            if wanted.startswith((".", "/")):
                assert hashed.search(wanted), f"{path} still imports {wanted} (an import must end with a semicolon)"
                assert (file.parent / wanted).is_file()
    assert list(tmp_path.glob("npm/lit/index.*.js.gz"))


def test_every_static_file_that_a_template_names_exists() -> None:
    root = Path(__file__).resolve().parent.parent
    for template in [*root.glob("templates/**/*.html"), *root.glob("*/templates/**/*.html")]:
        for path in re.findall(r"""{%\s*static\s+["']([^"']+)["']""", template.read_text()):
            assert finders.find(path), f"{template.relative_to(root)} names {path}, which does not exist"


# Scripts that only render a template or set up a page; browser tests cover them. All others have their own tests.
VIEWS = {
    "boards": """board-connection board-tile board-view board copy-command editor/tile-dialog line-chart new-board
        rewind/rewind-bar thumbnail tiles/line tiles/room tiles/translated""",
    "chat": """log/message-view log/room-log outbox/composer outbox/unsent-messages page/no-room
        page/room-head presence/client-count
        presence/room-people rooms/connection-line rooms/connection rooms/home rooms/room-members rooms/room-talk
        rooms/room rooms/sidebar""",
    "roulette": "roulette",
    "walls": "code screen-list wall",
    "web": "console/console open-link own-links shell switcher/switcher translated",
}
JS_TESTS = Path(__file__).parent / "js"


def own_scripts() -> set[str]:
    return {
        str(path.relative_to(app / "static"))
        for app in JS_TESTS.parent.parent.iterdir()
        for path in app.glob("static/**/*.js")
    }


def faults_of_mirror(scripts: set[str], tests: set[str], views: set[str]) -> list[str]:
    """Return scripts without a test and tests without a script, by paths such as "web/page.js" and "web/page.test.js".

    A script may have several tests: "web/time-region.test.js" belongs to "web/time.js".
    """
    tested = {test.removesuffix(".test.js") + ".js" for test in tests}
    logic = scripts - views
    faults = [f"{name} has no test: add tests/js/{name[:-3]}.test.js" for name in logic - tested]
    faults += [f"{name} is called a view, and is not there" for name in views - scripts]
    faults += [f"{name} is called a view, and has a test" for name in views & tested]
    faults += [
        f"tests/js/{name[:-3]}.test.js tests no script"
        for name in tested - scripts
        if not any(name.startswith(f"{script[:-3]}-") for script in logic)
    ]
    return sorted(faults)


def test_each_script_of_logic_has_its_test() -> None:
    tests = {str(path.relative_to(JS_TESTS)) for path in JS_TESTS.rglob("*.test.js")} - {"web/styles/palette.test.js"}
    views = {f"{app}/{name}.js" for app, names in VIEWS.items() for name in names.split()}
    scripts = own_scripts()
    assert len(scripts) > 80
    assert faults_of_mirror(scripts, tests, views) == []


def test_a_script_without_a_test_and_a_test_without_a_script_are_found() -> None:
    scripts = {"web/page.js", "web/time.js", "web/shell.js"}
    tests = {"web/page.test.js", "web/time.test.js", "web/time-region.test.js"}
    assert faults_of_mirror(scripts, tests, {"web/shell.js"}) == []
    assert faults_of_mirror(scripts, tests, set()) == ["web/shell.js has no test: add tests/js/web/shell.test.js"]
    assert faults_of_mirror(scripts, tests, {"web/shell.js", "web/page.js"}) == [
        "web/page.js is called a view, and has a test"
    ]
    assert faults_of_mirror(scripts, tests | {"web/old.test.js"}, {"web/shell.js"}) == [
        "tests/js/web/old.test.js tests no script"
    ]
    assert faults_of_mirror(scripts - {"web/shell.js"}, tests, {"web/shell.js"}) == [
        "web/shell.js is called a view, and is not there"
    ]
