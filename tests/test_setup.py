"""bin/setup installs once, and says in a sentence what is missing. Scripts replace Python, pip, uv and npm here."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("sh", "dirname", "cat", "cksum", "grep", "mktemp", "tail", "rm", "mkdir", "cp", "chmod")
FILES = (
    "requirements.txt",
    *(f"requirements/{name}.txt" for name in ("dev", "node", "uv", "bench")),
    "package.json",
    "package-lock.json",
    ".npmrc",
)

PYTHON = """#!/bin/sh
echo "python $*" >>"$CALLS"
case "$*" in
    --version) echo "Python $VERSION" ;;
    *version_info*) [ "$VERSION" != 3.9.2 ] ;;
    *ensurepip*) [ -z "${NO_VENV:-}" ] ;;
    "-m venv --clear "*) mkdir -p "$4/bin" && cat "$0" >"$4/bin/python" && chmod +x "$4/bin/python" ;;
    "-m pip config list") echo "${PIP_CONFIG:-}" ;;
    "-m pip install "*)
        [ -z "${NO_NETWORK:-}" ] || { echo "no route to host"; exit 1; }
        case "$*" in *uv.txt)
            [ -z "${NO_UV:-}" ] || { echo "no wheel of uv"; exit 1; }
            cp "$UV" .venv/bin/uv ;;
        esac ;;
esac
"""
UV = """#!/bin/sh
echo "uv $*" >>"$CALLS"
[ -z "${BROKEN_UV:-}" ] || { echo "uv finds no index"; exit 1; }
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
        (self.clone / "requirements").mkdir()
        for name in FILES:
            (self.clone / name).write_text(name)
        for name in TOOLS:
            (self.programs / name).symlink_to(str(shutil.which(name)))
        for name, script in (("python3", PYTHON), ("node", NODE), ("npm", NPM)):
            self.program(self.programs / name, script)
        self.program(folder / "uv", UV)

    def program(self, path: Path, script: str) -> None:
        path.write_text(script)
        path.chmod(0o755)

    def setup(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run bin/setup there."""
        self.calls.write_text("")
        return subprocess.run(
            [self.clone / "bin/setup", *arguments],
            env={"VERSION": "3.11.2"}
            | environment
            | {"PATH": str(self.programs), "CALLS": str(self.calls), "UV": str(self.folder / "uv")},
            capture_output=True,
            text=True,
        )

    @property
    def installed(self) -> list[str]:
        """Return the calls of installers: each program and its last argument."""
        calls = re.findall(
            r"^(uv|npm|python)(?: -m pip)? (?:pip install|install|ci) .*?(\S+)$", self.calls.read_text(), re.M
        )
        return [f"{'pip' if name == 'python' else name} {what}" for name, what in calls]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_it_installs_once(machine: Machine) -> None:
    assert machine.setup().returncode == 0
    assert machine.installed == ["pip requirements/uv.txt", "uv requirements.txt", "npm --omit=dev"]
    again = machine.setup()
    assert (again.returncode, again.stdout, again.stderr, machine.installed) == (0, "", "", [])


def test_the_tests_needs_come_on_top_and_satisfy_the_server(machine: Machine) -> None:
    machine.setup()
    machine.setup("--dev")
    assert machine.installed == ["uv requirements/dev.txt", "npm --include=dev"]
    machine.setup("--dev")
    assert machine.installed == []
    machine.setup()
    assert machine.installed == []


@pytest.mark.parametrize(
    ("changed", "installed"), [("requirements.txt", "uv requirements.txt"), ("package-lock.json", "npm --omit=dev")]
)
def test_a_changed_lock_is_installed(machine: Machine, changed: str, installed: str) -> None:
    machine.setup()
    (machine.clone / changed).write_text("something newer")
    machine.setup()
    assert machine.installed == [installed]


def test_without_node_it_comes_from_pypi(machine: Machine) -> None:
    assert machine.setup(NO_NODE="1").returncode == 0
    assert machine.installed[1:] == ["uv requirements.txt", "uv requirements/node.txt", "npm --omit=dev"]


def test_a_uv_that_is_there_is_used(machine: Machine) -> None:
    machine.program(machine.programs / "uv", UV)
    assert machine.setup().returncode == 0
    assert machine.installed == ["uv requirements.txt", "npm --omit=dev"]


@pytest.mark.parametrize(
    ("environment", "tried", "said"),
    [
        ({"NO_UV": "1"}, ["pip requirements/uv.txt"], "uv cannot be had here (no wheel of uv)."),
        (
            {"BROKEN_UV": "1"},
            ["pip requirements/uv.txt", "uv requirements.txt"],
            "uv could not install them (uv finds no index).",
        ),
        ({"PIP_CONFIG": "global.index-url='https://mirror.example'"}, [], ""),
        ({"PIP_CONFIG": ":env:.no-index='1'"}, [], ""),
        ({"INSTALLER": "pip"}, [], ""),
    ],
)
def test_where_uv_cannot_be_had_pip_does_it(
    machine: Machine, environment: dict[str, str], tried: list[str], said: str
) -> None:
    done = machine.setup(**environment)
    assert done.returncode == 0
    assert machine.installed == [*tried, "pip requirements.txt", "npm --omit=dev"]
    assert said in done.stderr
    assert "with pip" in done.stderr


def test_an_index_on_top_of_the_usual_one_does_not_keep_uv_away(machine: Machine) -> None:
    machine.setup(PIP_CONFIG="global.extra-index-url='file:///wheels'")
    assert "uv requirements.txt" in machine.installed


@pytest.mark.parametrize(("arguments", "compiled"), [((), True), (("--dev",), False)])
def test_the_servers_packages_are_compiled_for_those_who_may_not_write(
    machine: Machine, arguments: tuple[str, ...], compiled: bool
) -> None:
    machine.setup(*arguments)
    assert ("uv pip install --compile-bytecode" in machine.calls.read_text()) is compiled


def test_an_unknown_installer_is_refused(machine: Machine) -> None:
    done = machine.setup(INSTALLER="conda")
    assert (done.returncode, done.stderr) == (1, "INSTALLER is 'conda': say uv or pip.\n")


def test_the_peers_go_into_a_folder_of_their_own(machine: Machine) -> None:
    (machine.clone / "benchmarks").mkdir()
    (machine.clone / "benchmarks/package-lock.json").write_text("{}")
    assert machine.setup("--bench").returncode == 0
    assert machine.installed[-2:] == ["uv requirements/bench.txt", "npm --loglevel=error"]
    assert "--python benchmarks/.venv/bin/python" in machine.calls.read_text()
    machine.setup("--bench")
    assert machine.installed == []


def packages(path: str) -> dict[str, set[str]]:
    """Return the versions that a lock has of each package; some have one more for PyPy."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+).* \\$", (ROOT / path).read_text(), re.M):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("name", ["bench", "node", "uv"])
def test_all_locks_name_one_version_of_a_package(name: str) -> None:
    server, tests, own = (
        packages("requirements.txt"),
        packages("requirements/dev.txt"),
        packages(f"requirements/{name}.txt"),
    )
    assert own
    assert {package: tests.get(package) for package in server} == server
    assert {package for package in own.keys() & tests.keys() if own[package] != tests[package]} == set()


@pytest.mark.parametrize(
    "path", ["requirements.txt", *(f"requirements/{name}.txt" for name in ("dev", "bench", "node", "uv"))]
)
def test_every_locked_package_has_hashes(path: str) -> None:
    entries = re.findall(r"^[\w.-]+==(?:.*\\\n)*.*$", (ROOT / path).read_text(), re.M)
    assert entries
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


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
