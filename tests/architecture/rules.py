"""The rules of the architecture. Each returns its violations, one sentence each; nothing when there is none."""

import ast
import graphlib
import importlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from tests.architecture.source import Class, Module, Source
from tests.architecture.writes import Writes

Broken = list[str]

#: The base classes of models.
MODELS: Final = (
    "django.db.models.Model",
    "django.db.models.base.Model",
    "django.contrib.auth.models.AbstractUser",
    "django.contrib.auth.models.AbstractBaseUser",
    "django.contrib.auth.models.PermissionsMixin",
)
IMPURE: Final = ("channels", "django.db", "django.core.cache", "asyncio", "socket", "redis")
EFFECTS: Final = {"save", "asave", "delete", "adelete", "save_base"}
#: Only the ORM has these.
ORM: Final = {
    *(
        "objects",
        "_default_manager",
        "_base_manager",
        "save",
        "asave",
        "adelete",
        "refresh_from_db",
        "arefresh_from_db",
    ),
    *(
        "aget",
        "acreate",
        "aupdate",
        "afirst",
        "acount",
        "aexists",
        "get_or_create",
        "aget_or_create",
        "update_or_create",
    ),
    *("bulk_create", "bulk_update", "select_related", "prefetch_related", "select_for_update", "values_list"),
}


# Who imports whom


def packages_import_downwards(source: Source, may_import: Mapping[str, Collection[str]]) -> Broken:
    """Each package imports only the packages, or single modules (`chat.public`), that `may_import` names for it."""
    return [
        f"{source.place(module, line)} imports {name}"
        for module in source.modules.values()
        for name, line in module.imported()
        if (other := name.partition(".")[0]) in source.packages
        and other != (own := module.name.partition(".")[0])
        and not any(name == each or name.startswith(f"{each}.") for each in may_import[own])
    ]


def floors_hold(source: Source, floors: Mapping[str, Sequence[str]]) -> Broken:
    """Inside a package, a module imports nothing from a floor above its own.

    Floors: the names on each, the lowest first. A name stands for a module, or for a folder with everything in it.
    Every module is on a floor.
    """
    broken = []
    for package, levels in floors.items():
        level_of = {f"{package}.{name}": level for level, names in enumerate(levels) for name in names.split()}
        broken += [f"{name} is on a floor, but there is no such module" for name in level_of.keys() - source.modules]
        for name, imports in source.imports.items():
            if name.partition(".")[0] != package or name == package:
                continue
            own = _level(level_of, name)
            if own is None:
                broken.append(f"{source.place(source.modules[name])} is on no floor of {package}")
                continue
            for other, line in imports.items():
                above = _level(level_of, other)
                if above is not None and above > own:
                    broken.append(f"{source.place(source.modules[name], line)} imports {other}, which is above it")
    return broken


def _level(levels: Mapping[str, int], name: str) -> int | None:
    while name and name not in levels:
        name = name.rpartition(".")[0]
    return levels.get(name)


def no_circles(source: Source) -> Broken:
    """No module imports itself through others. Imports inside functions count, too."""
    try:
        graphlib.TopologicalSorter(source.imports).prepare()
    except graphlib.CycleError as error:
        return ["a circle of imports: " + " ← ".join(error.args[1])]
    return []


# What is written, and where


def rows_are_written_by(source: Source, model: str, table: str, store: str) -> Broken:
    """Rows of `model` are made and written only in the file `store`."""
    return [
        f"{source.place(module, line)} writes rows of {model.rpartition('.')[2]}"
        for module, line in Writes(source, model, table).found()
        if source.place(module) != store
    ]


def models_have_no_effects(source: Source) -> Broken:
    """No model does anything extra when it is saved or deleted, and no code listens to signals."""
    effects = [
        f"{source.place(each.module, node.lineno)} has {each.node.name}.{node.name}"
        for each in source.subclasses(*MODELS)
        for node in each.node.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in EFFECTS
    ]
    signals = [
        f"{source.place(module, line)} imports {name}"
        for module in source.modules.values()
        for name, line in module.imported()
        if name.startswith(("django.db.models.signals", "django.dispatch"))
    ]
    return effects + signals


def consumers_hold_no_orm(source: Source, base: str) -> Broken:
    """A module with a consumer (a subclass of `base`) calls services, never the ORM."""
    with_consumers = {each.module.name: each.module for each in source.subclasses(base)}
    return [
        f"{source.place(module, node.lineno)}: {ast.unparse(node)}"
        for module in with_consumers.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in ORM
    ]


def only_one_uses(source: Source, names: Collection[str], allowed: str) -> Broken:
    """Only the file `allowed` calls methods with these `names` (such as `group_send` or `hub.release`)."""
    found = [
        (source.place(module), node.lineno, text)
        for module in source.modules.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and (text := ast.unparse(node))
        if f".{text}".replace("._", ".").endswith(tuple(f".{name}" for name in names))
    ]
    broken = [f"{place}:{line} uses {text}" for place, line, text in found if place != allowed]
    return broken if len(found) > len(broken) else [*broken, f"{allowed} uses none of {names}"]


def are_pure(source: Source, pure: Collection[str]) -> Broken:
    """These modules import nothing that does I/O: no channel layer, no database, no module that is not pure."""
    broken = [f"there is no module {name}" for name in pure if name not in source.modules]
    for name in pure:
        if module := source.modules.get(name):
            broken += [
                f"{source.place(module, line)} imports {imported}"
                for imported, line in module.imported()
                if imported.startswith(IMPURE)
                or (source.module_of(imported) and source.module_of(imported) not in pure)
            ]
    return broken


def commands_are_answered_in_one_way(source: Source, base: str) -> Broken:
    """A handler answers by `answer`, `answer_when` or an exception. Its return value would not be sent."""
    return [
        f"{source.place(each.module, node.lineno)}: {node.name} returns something"
        for each in source.subclasses(base)
        for node in each.node.body
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("on_")
        if not node.returns or ast.unparse(node.returns) != "None"
    ]


# How large things are


def folders_are_small(source: Source, most: int, larger: Mapping[str, int], folders: Iterable[str] = ()) -> Broken:
    """No folder has more than `most` files side by side. `larger`: the limits of exceptions."""
    roots = [source.root / each for each in (*source.packages, *folders)]
    files = [path for root in roots for path in root.rglob("*") if path.is_file() and _counts(path)]
    sizes = Counter(str(path.parent.relative_to(source.root)) for path in files)
    return [
        f"{folder} has {count} files"
        for folder, count in sorted(sizes.items())
        if count > larger.get(folder, most) and not folder.endswith("migrations")
    ] + [f"{folder} is no exception any more" for folder in larger if sizes[folder] <= most]


def _counts(path: Any) -> bool:
    return path.name != "__init__.py" and "__pycache__" not in path.parts


def modules_are_short(source: Source, most: int) -> Broken:
    lengths = {source.place(module): len(module.text.splitlines()) for module in source.modules.values()}
    return [f"{place} has {lines} lines" for place, lines in lengths.items() if lines > most]


# Private names of other projects


def no_foreign_privates(source: Source, allowed_in: str, documented: Collection[str]) -> Broken:
    """Only the file `allowed_in` uses private names of libraries. `documented`: names that only look private.

    A name belongs to a library when it is imported from one, when nothing here defines it, or when a class here
    overrides it.
    """
    own = {name for module in source.modules.values() for name in _defined(module)} | set(documented)
    broken = []
    for module in source.modules.values():
        if source.place(module) == allowed_in:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and _is_private(node.attr) and node.attr not in own:
                broken.append(f"{source.place(module, node.lineno)}: {ast.unparse(node)}")
        broken += [
            f"{source.place(module, line)} imports {name}"
            for name, line in module.imported()
            if not source.module_of(name) and any(map(_is_private, name.split(".")))
        ]
    for each in source.classes.values():
        if source.place(each.module) not in allowed_in:
            broken += [
                f"{source.place(each.module, line)} overrides {name}" for name, line in _overridden(source, each)
            ]
    return broken


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


def _defined(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name


def _overridden(source: Source, each: Class) -> Iterator[tuple[str, int]]:
    """Yield the private names that a class defines and its base classes in libraries have, too."""
    foreign = [found for base in _ancestors(source, each) if (found := _library_class(base)) is not None]
    for node in each.node.body:
        name = getattr(node, "name", "")
        if _is_private(name) and any(hasattr(base, name) for base in foreign):
            yield f"{each.node.name}.{name}", node.lineno


def _ancestors(source: Source, each: Class) -> Iterator[str]:
    for base in map(source.canonical, each.bases()):
        if base in source.classes:
            yield from _ancestors(source, source.classes[base])
        else:
            yield base


def _library_class(name: str) -> Any:
    module, _, last = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), last, None) if module else None
    except ImportError:
        return None
