"""bin/test: which runner gets which tests, and its last line. Also pytest by itself."""

import os
import subprocess
import sys
import threading
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from harness import environment, programs

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def bin_test() -> ModuleType:
    loader = SourceFileLoader("bin_test", str(ROOT / "bin/test"))
    spec = spec_from_loader("bin_test", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_each_part_goes_to_its_runner(bin_test: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert [step.name for step in bin_test.steps_for(["tests/js"], tmp_path)] == ["javascript"]
    [step] = bin_test.steps_for(["tests/js/backoff.test.js"], tmp_path)
    assert step.command[-1] == "tests/js/backoff.test.js"
    [step] = bin_test.steps_for(["-k", "resume"], tmp_path)
    assert step.command[-2:] == ["-k", "resume"]
    assert {"ruff", "mypy", "tsc", "unit", "javascript", "browser", "system"} <= {
        step.name for step in bin_test.steps_for([], tmp_path)
    }


def test_each_python_test_is_in_one_lane(bin_test: ModuleType, tmp_path: Path) -> None:
    """A lane imports only what it runs."""
    chosen = {step.name: step.command for step in bin_test.all_steps(tmp_path)}
    folders = {name: chosen[name][-1] for name in ("browser", "screens", "system")}
    ignored = {
        name: {argument.removeprefix("--ignore=") for argument in chosen[name] if argument.startswith("--ignore=")}
        for name in ("unit", *folders)
    }
    assert ignored["unit"] == {folders["browser"], folders["system"]}
    assert ignored["browser"] == {folders["screens"]}, "which lies in its folder"
    assert not ignored["screens"] | ignored["system"]


def test_any_chromium_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find", lambda name: name if name == "chromium-headless-shell" else None)
    assert programs.missing(["chromium", "nginx"]) == ["nginx"]


def test_outcomes_are_counted(bin_test: ModuleType, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        "<testsuites><testsuite><testcase/><testcase/><testcase><failure/></testcase>"
        "<testcase><error/></testcase><testcase><skipped/></testcase></testsuite></testsuites>"
    )
    assert bin_test.count(report) == (2, 2, 1)


def test_a_runner_that_dies_counts_as_failed(bin_test: ModuleType, tmp_path: Path) -> None:
    outcome = bin_test.run(bin_test.Step("crash", ["false"], tmp_path / "never-written.xml"))
    assert (outcome.ok, outcome.passed, outcome.failed) == (False, 0, 1)


def test_the_processor_time_of_a_step_contains_its_processes(bin_test: ModuleType) -> None:
    burn = "import time; [None for _ in iter(lambda: time.process_time() < 0.3, False)]"
    parent = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {burn!r}]))"
    for alone in (True, False):
        outcome = bin_test.run(bin_test.Step("burn", [sys.executable, "-c", parent]), alone=alone)
        assert outcome.ok
        assert 0.3 <= outcome.processor < 5
    asleep = bin_test.run(bin_test.Step("sleep", ["sleep", "0.5"]))
    assert asleep.processor < 0.3 < asleep.seconds


def test_all_steps_run_at_most_four_at_once_after_the_first(
    bin_test: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: set[str] = set()
    beside: dict[str, int] = {}
    together = threading.Barrier(4)

    def run(step: tuple[str, list[str]], alone: bool) -> str:
        assert not alone, "or the outputs mix"
        running.add(step[0])
        beside[step[0]] = len(running)
        if step[0] != "0":
            together.wait(10)  # fails unless four run at once
        assert step[0] == "0" or "0" not in running
        running.remove(step[0])
        return step[0]

    monkeypatch.setattr(bin_test, "run", run)
    names = [str(number) for number in range(9)]
    assert bin_test.run_all([bin_test.Step(name, []) for name in names]) == names
    assert beside["0"] == 1
    assert max(beside.values()) == 4


def test_python_keeps_what_it_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"PYTHONDONTWRITEBYTECODE": "1"})
    environment.forget_exported()
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ


def test_what_is_missing_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(programs, "find", lambda name: None if name in ("nginx", "initdb") else name)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit, match=r"sudo apt-get install nginx postgresql.* and run this again, or not"):
        programs.install(programs.SERVERS, otherwise=", or not")
    programs.install(programs.SERVERS)
    assert "nginx postgresql" in capsys.readouterr().out
    programs.install(["redis-server"], otherwise="")


def test_pytest_alone_runs_twice_at_once_whatever_a_developer_has_exported() -> None:
    exported = {"SECRET_KEY": "short", "DATABASE_URL": "postgres://nowhere/none", "STRANGERS": "many"}
    settings = {"DJANGO_SETTINGS_MODULE": "none.such", "SWITCHBOARD_VAR": "/proc/nowhere"}
    runs = [
        subprocess.Popen(
            [ROOT / ".venv/bin/pytest", "-q", "tests/accounts/test_models.py"],
            cwd=ROOT,
            env=os.environ | exported | settings,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for run in runs:
        printed, _ = run.communicate(timeout=60)
        assert run.returncode == 0, printed
