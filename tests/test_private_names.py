"""Tests go through what is public; a line that reaches into a private name says why: `# private: …`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRIVATE = re.compile(r"_[^_]\w*")
#: Names that only look private.
PUBLIC = {"_meta", "_asdict", "_replace", "_make", "_fields", "_state"}
REASON = re.compile(r"# private: \S+")
#: How many lines use a private name and say why. It may only fall.
WITH_A_REASON = 25


def reaches(source: str) -> Iterator[int]:
    """Yield the lines that use, import or patch a private name of something that is defined elsewhere."""
    tree = ast.parse(source)
    own = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                own.add(name)
            case ast.Attribute(attr=name, ctx=ast.Store(), value=ast.Name(id="self")):
                own.add(name)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if PRIVATE.fullmatch(name) and name not in own | PUBLIC:
                yield node.end_lineno or node.lineno
            case ast.ImportFrom(names=names) if any(PRIVATE.fullmatch(each.name) for each in names):
                yield node.lineno
            case ast.Call(func=ast.Attribute(attr="setattr" | "delattr"), args=[_, ast.Constant(value=str(name)), *_]):
                if PRIVATE.fullmatch(name):
                    yield node.lineno
            case ast.Call(func=ast.Attribute(attr="setattr" | "delattr"), args=[ast.Constant(value=str(name)), *_]):
                if PRIVATE.fullmatch(name.rpartition(".")[2]):
                    yield node.lineno


def has_reason(lines: list[str], number: int) -> bool:
    """Whether line `number`, or a comment just above it, says why."""
    above = lines[number - 2].strip() if number > 1 else ""
    return bool(REASON.search(lines[number - 1]) or (above.startswith("#") and REASON.search(above)))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("hub._x.y", [1]),
        ("from a import _b", [1]),
        ("patch.setattr(hub, '_x', 1)", [1]),
        ("patch.setattr('a.b._x', 1)", [1]),
        ("self._x.y; row._meta; hub.x; __name__", []),
        ("def _mine(): ...\nthis._mine()", []),
    ],
)
def test_reaches_are_found(source: str, found: list[int]) -> None:
    assert list(reaches(source)) == found


def test_what_is_private_is_used_by_tests_only_for_a_reason() -> None:
    bare, reasoned = [], 0
    for path in sorted((ROOT / "tests").rglob("*.py")):
        lines = path.read_text().splitlines()
        for number in sorted(set(reaches(path.read_text()))):
            if has_reason(lines, number):
                reasoned += 1
            else:
                bare.append(f"{path.relative_to(ROOT)}:{number}: {lines[number - 1].strip()}")
    assert not bare, "go through what is public, or say why not: # private: …\n" + "\n".join(bare)
    assert reasoned == WITH_A_REASON, "fewer are needed now: lower WITH_A_REASON; more: find a public way"
