"""The changes of docs/building.md apply to the code, and their tests pass."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.house import ROOT

PAGE: Final = (ROOT / "docs/building.md").read_text()
DIFFS: Final = re.findall(r"^```diff\n(.*?^)```$", PAGE, re.MULTILINE | re.DOTALL)
PYTEST: Final = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
NODE: Final = ["node", "--import=./tests/js/resolve.js", "--test"]


def test_the_page_has_three_changes() -> None:
    assert len(DIFFS) == 3


@pytest.mark.parametrize("diff", DIFFS, ids=["command", "tile", "source"])
def test_each_change_applies_and_its_test_passes(tmp_path: Path, diff: str) -> None:
    tree = tmp_path / "tree"
    left_out = shutil.ignore_patterns(".git", ".venv", "node_modules", "var", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, tree, ignore=left_out)
    for linked in (".venv", "node_modules"):
        if (ROOT / linked).exists():
            (tree / linked).symlink_to(ROOT / linked)
    subprocess.run(["git", "apply", "-"], cwd=tree, input=diff, text=True, check=True)
    (test,) = re.findall(r"^\+\+\+ b/(tests/.*(?:test_\w+\.py|\.test\.js))$\n@@ -0,0", diff, re.MULTILINE)
    environment = {**os.environ, "SWITCHBOARD_VAR": str(tmp_path / "var")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    command = NODE if test.endswith(".js") else PYTEST
    done = subprocess.run(
        [*command, test], cwd=tree, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
