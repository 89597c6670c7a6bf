"""Draw docs/pictures/house.svg from the imports and lines of the code: `bin/picture`."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final

from tests.house import MAY_IMPORT, PACKAGES, ROOT, modules, scripts

PICTURE: Final = ROOT / "docs/pictures/house.svg"
#: For each package, its folders and their lines; "" stands for files outside folders.
Sizes = dict[str, dict[str, int]]
Arrow = tuple[str, str]

WIDEST, LEFT, TOP, FLOOR, BOX, LANES, LANE = 560, 16, 78, 90, 60, 576, 34
STYLE: Final = """
  svg { --ground: #fff; --ink: #1b1f27; --soft: #626a78; --line: #c9ced8; --box: #e4edfb; --edge: #4b7bd0 }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #14171d; --ink: #e8ebf1; --soft: #99a2b3; --line: #3b424f; --box: #1f3150; --edge: #7ea5ec }
  }
  text { font: 12px system-ui, sans-serif; fill: var(--ink) }
  .soft { fill: var(--soft); font-size: 11px } .name { font-weight: 600; font-size: 14px }
  .title { font-weight: 600; font-size: 18px }
  .along, .down, .lead { text-anchor: middle } .down { font-size: 10.5px } .loose { fill-opacity: 0.4 }
  .ground { fill: var(--ground) } .folder { fill: var(--box); stroke: var(--ground) }
  .room { fill: none; stroke: var(--edge) }
  .shelf { stroke: var(--line) } .lane { stroke: var(--edge); stroke-width: 1.5 } .head { fill: var(--edge) }
"""


def folder(path: Path) -> str:
    """Return the folder of its room that holds a file: `log` for chat/static/chat/log/log.js and chat/log/pages.py."""
    room, *inside = path.relative_to(ROOT).parts[:-1]
    if inside[:2] == ["static", room]:
        inside = inside[2:]
    return inside[0] if inside else ""


@cache
def sizes() -> Sizes:
    """Return the lines of Python, JavaScript and CSS in each folder of each room, without migrations.

    The largest folder is first, and what lies in no folder is last.
    """
    found = {}
    for room in PACKAGES:
        lines: Counter[str] = Counter()
        for path in (*modules(room), *scripts(room), *(ROOT / room).rglob("static/**/*.css")):
            lines[folder(path)] += len(path.read_text().splitlines())
        found[room] = {
            name: count for name, count in sorted(lines.items(), key=lambda each: (not each[0], -each[1])) if count
        }
    return found


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the imports of a file, also inside functions; for `from package import name` also `package.name`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update((node.module, *(f"{node.module}.{each.name}" for each in node.names)))
    return frozenset(found)


@cache
def arrows() -> list[Arrow]:
    """Return which room imports which other, in Python, once for each pair."""
    found = {(room, name.partition(".")[0]) for room in PACKAGES for path in modules(room) for name in imported(path)}
    return sorted((room, other) for room, other in found if other in PACKAGES and other != room)


@cache
def floors() -> list[list[str]]:
    """Return the rooms from the top floor down. Rooms that may import the same stand on one floor."""
    return [list(rooms) for _, rooms in groupby(reversed(PACKAGES), key=lambda room: MAY_IMPORT[room])]


def level(room: str) -> int:
    """Return the number of floors above that of a room."""
    return next(number for number, rooms in enumerate(floors()) if room in rooms)


def drawn(found: Sizes, arrows: list[Arrow]) -> str:
    """Return the picture as SVG. Arrows that go up are drawn, too; a test refuses them."""
    total = sum(sum(folders.values()) for folders in found.values())
    width, height = LANES + LANE * len(PACKAGES), TOP + FLOOR * len(floors())
    size = f'width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size} role="img">',
        f"<title>The rooms of Switchboard and what they import</title><style>{STYLE}</style>",
        f'<rect class="ground" {size}/>',
        text(LEFT, 30, f"The house: {total // 1000} 000 lines", "title"),
        text(LEFT, 48, "A box is as wide as its room has lines. Its folders lie in it; the pale part is in none."),
        text(LANES - 14, 48, "Each room leads down to all that it imports."),
    ]
    return "\n".join([*parts, *boxes(found, total), *lanes(arrows), "</svg>\n"])


def text(x: float, y: float, words: str, kind: str = "soft", more: str = "") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}"{more}>{words}</text>'


def roof(room: str) -> int:
    return TOP + FLOOR * level(room) + 16


def boxes(found: Sizes, total: int) -> Iterator[str]:
    """Draw each floor: its line, the rooms side by side, and their folders."""
    scale = WIDEST / max(sum(sum(found[room].values()) for room in rooms) for rooms in floors())
    for rooms in floors():
        x, y = float(LEFT), roof(rooms[0])
        yield f'<path class="shelf" d="M{LEFT} {y}H{LANES + LANE * len(PACKAGES) - 26}"/>'
        for room in rooms:
            left, lines = x, sum(found[room].values())
            share = f'<tspan class="soft">{100 * lines / total:.0f} %</tspan>'
            yield text(x, y - 5, f"{room} {share}", "name")
            for name, count in found[room].items():
                yield from slice_of(room, name, count, x, y, count * scale)
                x += count * scale
            yield f'<rect class="room" {area(left, y, x - left)}/>'
            x += 70


def area(x: float, y: int, width: float) -> str:
    return f'x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BOX}"'


def slice_of(room: str, name: str, lines: int, x: float, y: int, width: float) -> Iterator[str]:
    """Draw one folder of a room, with its name along or down as it fits."""
    kind = "folder" if name else "folder loose"
    yield f'<rect class="{kind}" data-room="{room}" data-folder="{name}" data-lines="{lines}" {area(x, y, width)}/>'
    middle, centre = x + width / 2, y + BOX / 2
    if name and width > 6.4 * len(name) + 4:
        yield text(middle, centre + 4, name, "along")
    elif name and width >= 11:
        yield text(middle, centre, name, "down", f' transform="rotate(-90 {middle:.1f} {centre:.1f})" dy="3.5"')


def lanes(arrows: list[Arrow]) -> Iterator[str]:
    """Draw a line for each room, from its floor to those of all that it imports."""
    for number, room in enumerate(PACKAGES):
        x, start = LANES + LANE * number, roof(room)
        ends = [roof(other) for importer, other in arrows if importer == room]
        if ends:
            yield f'<path class="lane" d="M{x} {min(start, *ends)}V{max(start, *ends)}"/>'
            yield f'<circle class="head" cx="{x}" cy="{start}" r="3.5"/>'
            yield text(x, start - 8, room, "soft lead")
        yield from (f'<path class="head" d="M{x - 4.5} {end - 8}h9L{x} {end}z"/>' for end in sorted(ends))


def committed_sizes() -> Sizes:
    """Return the sizes that the committed picture was drawn with."""
    found: Sizes = {}
    for room, name, lines in re.findall(
        r'data-room="(\w+)" data-folder="([\w-]*)" data-lines="(\d+)"', PICTURE.read_text()
    ):
        found.setdefault(room, {})[name] = int(lines)
    return found


if __name__ == "__main__":
    PICTURE.write_text(drawn(sizes(), arrows()))
