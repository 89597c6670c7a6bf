"""Parses the code for the rules: modules, their imports, classes and their bases. It does not import the code."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True, eq=False)
class Module:
    """One file. `name`: as it is imported (`chat.log.store`)."""

    name: str
    path: Path
    is_package: bool

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def names(self) -> dict[str, str]:
        """What each imported or defined name means, in full: `{"Room": "chat.models.Room"}`."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    found[each.asname or each.name.partition(".")[0]] = (
                        each.name if each.asname else each.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                found |= {each.asname or each.name: f"{self._base(node)}.{each.name}" for each in node.names}
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found[node.name] = f"{self.name}.{node.name}"
        return found

    def imported(self) -> Iterator[tuple[str, int]]:
        """Yield the full name and the line of every import, also inside functions."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((each.name, node.lineno) for each in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{self._base(node)}.{each.name}", node.lineno) for each in node.names)

    def full_name(self, expression: ast.expr) -> str:
        """Return the full name that `a.b.c` means in this module; "" when it is not a name."""
        if isinstance(expression, ast.Name):
            return self.names.get(expression.id, expression.id)
        if isinstance(expression, ast.Attribute) and (value := self.full_name(expression.value)):
            return f"{value}.{expression.attr}"
        return ""

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".") if self.is_package else self.name.split(".")[:-1]
        return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


@dataclass(frozen=True)
class Class:
    module: Module
    node: ast.ClassDef

    @property
    def name(self) -> str:
        return f"{self.module.name}.{self.node.name}"

    def bases(self) -> Iterator[str]:
        for base in self.node.bases:
            yield self.module.full_name(base.value if isinstance(base, ast.Subscript) else base)


class Source:
    """The modules of `packages` below `root`, migrations left out."""

    def __init__(self, root: Path, packages: Iterable[str]) -> None:
        self.root = root
        self.packages = tuple(packages)
        paths = [path for package in self.packages for path in sorted((root / package).rglob("*.py"))]
        made = [self._module(path) for path in paths if "migrations" not in path.parts]
        self.modules = {module.name: module for module in made}

    def _module(self, path: Path) -> Module:
        parts = path.relative_to(self.root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        return Module(".".join(parts[:-1] if is_package else parts), path, is_package)

    def place(self, module: Module, line: int | None = None) -> str:
        """Return where something is, for a message."""
        name = str(module.path.relative_to(self.root))
        return name if line is None else f"{name}:{line}"

    @cached_property
    def imports(self) -> dict[str, dict[str, int]]:
        """Return, for each module, which other modules here it imports, and in which line."""
        return {
            module.name: {
                found: line
                for name, line in module.imported()
                if (found := self.module_of(name)) and found != module.name
            }
            for module in self.modules.values()
        }

    def module_of(self, name: str) -> str:
        """Return the module of `name`; "" when it is in none of these."""
        while name and name not in self.modules:
            name = name.rpartition(".")[0]
        return name

    def canonical(self, name: str) -> str:
        """Return where `name` is defined, not where it was imported from."""
        seen = set()
        while name not in seen:
            seen.add(name)
            holder, _, last = name.rpartition(".")
            if holder in self.modules and name not in self.modules:
                name = self.modules[holder].names.get(last, name)
        return name

    @cached_property
    def classes(self) -> dict[str, Class]:
        found = [
            Class(module, node)
            for module in self.modules.values()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ClassDef)
        ]
        return {each.name: each for each in found}

    def subclasses(self, *roots: str) -> list[Class]:
        """Return the classes here that are subclasses of one of `roots`, which may be a library's."""
        below = set(roots)
        while True:
            more = {
                name
                for name, each in self.classes.items()
                if name not in below and any(self.canonical(base) in below for base in each.bases())
            }
            if not more:
                return [self.classes[name] for name in sorted(below) if name in self.classes and name not in roots]
            below |= more
