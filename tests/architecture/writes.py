"""Finds where rows of one model are written, as far as the source shows it.

An expression *has rows* when it comes from the model: its manager, a query, instances, or a relation that leads to
them. Types of parameters count; every parameter has one (mypy). `tests/watched_tables.py` finds in the database what
this misses.
"""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.architecture.source import Module, Source

WRITES: Final = {
    *("create", "bulk_create", "update", "bulk_update", "delete", "get_or_create", "update_or_create", "save"),
    *("save_base", "add", "set", "clear", "remove"),
}
WRITES_ALL: Final = WRITES | {f"a{name}" for name in WRITES}
MANAGERS: Final = {"objects", "_default_manager", "_base_manager"}
#: Functions that return rows when they get rows.
PASSES_ON: Final = {
    "list",
    "tuple",
    "sorted",
    "reversed",
    "set",
    "iter",
    "next",
    "filter",
    "map",
    "zip",
    "enumerate",
    "dict",
}
RELATIONS: Final = ("ForeignKey", "OneToOneField", "ManyToManyField")


class Writes:
    """Finds the writes of the model with this full name (`chat.models.Message`)."""

    def __init__(self, source: Source, model: str, table: str, bulk: str = "realtime.storage.bulk") -> None:
        self._source = source
        self._model = source.canonical(model)
        self._bulk = bulk
        self._sql = re.compile(rf"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\W+{table}\b", re.IGNORECASE)
        self._relations = set(self._find_relations())
        self._givers = set(self._find_givers())

    def found(self) -> Iterator[tuple[Module, int]]:
        """Yield where the model's rows are made or written."""
        for module in self._source.modules.values():
            for line in sorted(set(_Reader(self, module).lines())):
                yield module, line

    def is_model(self, module: Module, expression: ast.AST) -> bool:
        return isinstance(expression, ast.expr) and self._full(module, expression) == self._model

    def mentions(self, module: Module, annotation: ast.AST | None) -> bool:
        """Return whether an annotation is of the model's rows: `Message`, `"list[Message]"`, `QuerySet[Message]`."""
        if annotation is None:
            return False
        for node in ast.walk(annotation):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if self.mentions(module, _parsed(node.value)):
                    return True
            elif self.is_model(module, node):
                return True
        return False

    def gives(self, module: Module, call: ast.Call) -> bool:
        """Return whether this is a call of a function that returns the model's rows."""
        return self._full(module, call.func) in self._givers

    def is_bulk(self, module: Module, call: ast.Call, *names: str) -> bool:
        return self._full(module, call.func) in {f"{self._bulk}.{name}" for name in names}

    def is_relation(self, name: str) -> bool:
        return name in self._relations

    def is_sql(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(self._sql.search(node.value))

    def _full(self, module: Module, expression: ast.expr) -> str:
        return self._source.canonical(module.full_name(expression))

    def _find_relations(self) -> Iterator[str]:
        """Yield the names of the attributes that lead to the model: `room.messages`, `reaction.message`."""
        own = self._model.rpartition(".")[2]
        for each in self._source.classes.values():
            for node in ast.walk(each.node):
                if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Call):
                    continue
                call = node.value
                if each.module.full_name(call.func).rpartition(".")[2] not in RELATIONS:
                    continue
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                to = ast.unparse(call.args[0]).strip("'\"").rpartition(".")[2] if call.args else ""
                if each.name == self._model:
                    given = {keyword.arg: keyword.value for keyword in call.keywords}.get("related_name")
                    yield str(given.value) if isinstance(given, ast.Constant) else f"{own.lower()}_set"
                if (to == own or (to == "self" and each.name == self._model)) and isinstance(target, ast.Name):
                    yield target.id

    def _find_givers(self) -> Iterator[str]:
        for module in self._source.modules.values():
            for node in module.tree.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and self.mentions(module, node.returns):
                    yield f"{module.name}.{node.name}"


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


class _Reader:
    """Reads one module: which names have rows, and what happens to them.

    A name counts within its outermost function; an attribute of `self` counts in the whole module.
    """

    def __init__(self, writes: Writes, module: Module) -> None:
        self._writes = writes
        self._module = module
        self._attributes: set[str] = set()
        self._known: set[str] = set()

    def lines(self) -> Iterator[int]:
        scopes = list(_scopes(self._module.tree))
        before = -1
        while before < len(self._attributes):  # until nothing more is learned
            before = len(self._attributes)
            for nodes in scopes:
                self._learn_all(nodes)
        for nodes in scopes:
            self._learn_all(nodes)
            for node in nodes:
                if (isinstance(node, ast.Call) and self._is_write(node)) or self._writes.is_sql(node):
                    yield node.lineno  # type: ignore[attr-defined]

    def _learn_all(self, nodes: list[ast.AST]) -> None:
        self._known = set()
        before = -1
        while before < len(self._known) + len(self._attributes):
            before = len(self._known) + len(self._attributes)
            for node in nodes:
                self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        writes, module = self._writes, self._module
        match node:
            case ast.arg(arg=name, annotation=annotation) if writes.mentions(module, annotation):
                self._known.add(name)
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                if writes.mentions(module, annotation) or self._has_rows(value):
                    self._know(target)
            case ast.Assign(targets=targets, value=value) if self._has_rows(value):
                for target in targets:
                    self._know(target)
            case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                if self._has_rows(value):
                    self._know(target)
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                if self._has_rows(node.iter):
                    self._know(node.target)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target) if self._has_rows(value):
                self._know(target)

    def _know(self, target: ast.expr) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._known.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                self._attributes.add(node.attr)

    def _has_rows(self, node: ast.AST | None) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self._known
            case ast.Attribute(value=value, attr=name):
                is_manager = name in MANAGERS and self._writes.is_model(self._module, value)
                return is_manager or name in self._attributes or self._writes.is_relation(name)
            case ast.Call():
                return self._call_has_rows(node)
            case ast.Subscript(value=value) | ast.Await(value=value) | ast.Starred(value=value):
                return self._has_rows(value)
            case ast.NamedExpr(value=value) | ast.GeneratorExp(elt=value) | ast.ListComp(elt=value):
                return self._has_rows(value)
            case ast.SetComp(elt=value) | ast.DictComp(value=value):
                return self._has_rows(value)
            case ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values) | ast.Dict(values=values):
                return any(map(self._has_rows, values))
            case ast.BoolOp(values=values):
                return any(map(self._has_rows, values))
            case ast.IfExp(body=first, orelse=second) | ast.BinOp(left=first, right=second):
                return self._has_rows(first) or self._has_rows(second)
        return False

    def _call_has_rows(self, call: ast.Call) -> bool:
        writes, module = self._writes, self._module
        if writes.is_model(module, call.func) or writes.gives(module, call):
            return True
        if writes.is_bulk(module, call, "make", "instances") and call.args:
            return writes.is_model(module, call.args[0])
        if isinstance(call.func, ast.Name):
            return call.func.id in PASSES_ON and any(map(self._has_rows, call.args))
        return isinstance(call.func, ast.Attribute) and self._has_rows(call.func.value)

    def _is_write(self, call: ast.Call) -> bool:
        writes, module = self._writes, self._module
        if writes.is_model(module, call.func):
            return True
        if writes.is_bulk(module, call, "insert", "update", "make"):
            return any(self._has_rows(each) or writes.is_model(module, each) for each in call.args[:1])
        func = call.func
        return isinstance(func, ast.Attribute) and func.attr in WRITES_ALL and self._has_rows(func.value)


def _scopes(node: ast.AST) -> Iterator[list[ast.AST]]:
    """Yield the nodes of each outermost function, and those outside all functions."""
    outside: list[ast.AST] = []

    def look(node: ast.AST) -> Iterator[list[ast.AST]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield list(ast.walk(child))
            else:
                outside.append(child)
                yield from look(child)

    yield from look(node)
    yield outside
