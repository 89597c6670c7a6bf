"""What of npm is served, and that every module a page imports can be found, in DEBUG and with hashed names."""

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
