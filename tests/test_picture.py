"""The committed picture matches the code, and the code keeps the rules of the picture."""

import graphlib
from itertools import pairwise
from typing import Final

import pytest

from tests.house import PACKAGES, ROOT, modules
from tests.picture import PICTURE, arrows, committed_sizes, drawn, floors, imported, level, sizes

#: No package is larger than this share of the code.
LARGEST: Final = 0.25


def test_the_committed_picture_is_what_the_code_gives() -> None:
    """Folders and arrows must match exactly.

    Numbers of lines may differ by a tenth or 120, or every commit would need a new one.
    """
    now, then = sizes(), committed_sizes()
    assert PICTURE.read_text() == drawn(then, arrows()), "run bin/picture"
    assert {room: set(folders) for room, folders in now.items()} == {
        room: set(folders) for room, folders in then.items()
    }, "run bin/picture"
    for room, folders in now.items():
        for name, lines in folders.items():
            assert then[room][name] == pytest.approx(lines, rel=0.1, abs=120), f"{room}/{name}: run bin/picture"


def test_every_arrow_goes_down() -> None:
    assert [arrow for arrow in arrows() if level(arrow[0]) >= level(arrow[1])] == []


def test_the_floors_are_all_rooms_from_the_top_down() -> None:
    assert [room for rooms in reversed(floors()) for room in reversed(rooms)] == list(PACKAGES)
    assert all(level(upper[0]) + 1 == level(lower[0]) for upper, lower in pairwise(floors()))


def test_modules_do_not_import_in_circles() -> None:
    """By what they name, also inside functions and for types only."""
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in modules()
    }
    graph = {name: set(imported(path)) & names.keys() - {name} for name, path in names.items()}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError with the circle


def test_no_room_is_over_a_quarter_of_the_house() -> None:
    lines = {room: sum(folders.values()) for room, folders in sizes().items()}
    assert {room: count for room, count in lines.items() if count > LARGEST * sum(lines.values())} == {}


def test_an_arrow_that_goes_up_is_drawn_and_seen() -> None:
    up = ("realtime", "chat")
    assert level(up[0]) > level(up[1])
    assert drawn(sizes(), [*arrows(), up]) != drawn(sizes(), arrows())
