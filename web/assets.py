"""Static files: the served files of npm packages, the manifest storage, and the map of module names."""

import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage
from django.templatetags.static import static
from whitenoise.storage import CompressedManifestStaticFilesStorage

#: The folder of npm packages below STATIC_URL.
NPM = "npm"

#: Module name in an `import` statement → file below node_modules. Nothing else of npm is served.
#: (lit's `style-map` writes a style attribute at its first render, which the CSP forbids: leave it out.)
NPM_MODULES = {
    "lit": "lit/index.js",
    "lit-html": "lit-html/lit-html.js",
    "lit-html/is-server.js": "lit-html/is-server.js",
    "lit-element/lit-element.js": "lit-element/lit-element.js",
    "@lit/reactive-element": "@lit/reactive-element/reactive-element.js",
    "uplot": "uplot/dist/uPlot.esm.js",
} | {
    f"{package}/directives/{name}.js": f"{package}/directives/{name}.js"
    for package in ("lit", "lit-html")
    for name in ("class-map", "guard", "if-defined", "keyed", "live", "ref", "repeat", "unsafe-html", "when")
}

#: Files those modules import by relative path, and style sheets.
NPM_OTHERS = (
    "lit-html/async-directive.js",
    "lit-html/directive.js",
    "lit-html/directive-helpers.js",
    "@lit/reactive-element/css-tag.js",
    "uplot/dist/uPlot.min.css",
)


class NodeModulesFinder(BaseFinder):
    """Finds the files of npm packages that we use, and no others, as `npm/<package>/<path>`."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        self.root = Path(settings.BASE_DIR) / "node_modules"
        self.storage = FileSystemStorage(location=self.root)
        self.storage.prefix = NPM  # type: ignore[attr-defined]
        served = [*NPM_MODULES.values(), *NPM_OTHERS]
        # lit's modules name their source maps, so the manifest storage needs these files, too.
        self.files = served + [f"{file}.map" for file in served if not file.startswith("uplot/")]

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        missing = [file for file in self.files if not (self.root / file).is_file()]
        if not missing:
            return []
        return [
            Error(
                f"The pages' npm packages are not installed ({missing[0]} and {len(missing) - 1} more files missing).",
                hint="Run bin/setup (or `npm ci`) in the project's folder.",
                id="assets.E001",
            )
        ]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        file = path.removeprefix(f"{NPM}/")
        if file == path or file not in self.files or not (self.root / file).is_file():
            return []
        return [str(self.root / file)] if find_all else str(self.root / file)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for file in self.files:
            ignored = any(fnmatchcase(file, pattern) for pattern in ignore_patterns or [])
            if not ignored and (self.root / file).is_file():
                yield file, self.storage


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Gives files hashed names, so that they can be cached forever, and compresses them.

    It also rewrites relative imports.
    """

    support_js_module_import_aggregation = True

    def url_converter(self, name: str, hashed_files: Any, template: Any = None) -> Callable[[re.Match[str]], str]:
        convert: Callable[[re.Match[str]], str] = super().url_converter(name, hashed_files, template)

        def unless_type(match: re.Match[str]) -> str:
            """Do not rewrite names that the import map knows, or imports of types.

            Modules may import each other's types in circles.
            """
            found = match["matched"]
            bare = not match["url"].startswith((".", "/"))
            is_type = re.match(r"\.[A-Z]", match.string[match.end() :]) is not None
            leave = name.endswith(".js") and found.startswith("import") and (bare or is_type)
            return found if leave else convert(match)

        return unless_type


def own_modules() -> dict[str, str]:
    """Return our JavaScript modules: name in an `import` statement (`realtime/socket.js`) → static path."""
    names = []
    for app in apps.get_app_configs():
        folder = Path(app.path) / "static"
        if Path(app.path).parent == Path(settings.BASE_DIR):
            names += [file.relative_to(folder).as_posix() for file in (folder / app.label).rglob("*.js")]
    return {name: name for name in sorted(names)}


def _import_map() -> dict[str, dict[str, str]]:
    modules = own_modules() | {name: f"{NPM}/{file}" for name, file in NPM_MODULES.items()}
    return {"imports": {name: static(path) for name, path in modules.items()}}


kept_import_map = cache(_import_map)


def import_map() -> dict[str, dict[str, str]]:
    """Return the pages' import map. In local mode, where files change, it is made again at each call."""
    return _import_map() if settings.LOCAL else kept_import_map()
