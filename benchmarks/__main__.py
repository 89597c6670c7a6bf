"""The command: measures scenario by scenario, the contestants in turn, and writes the results."""

import argparse
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from benchmarks import plot, publication, report
from benchmarks.runners import RUNNERS
from benchmarks.scenarios import EMBEDDED, OURS, PEERS, PIPE, SCENARIOS, STORING, Scenario
from benchmarks.servers import CLIENT_CORE, CORES, NCHAN, SERVER_CORE, Bench
from harness.launcher import ROOT

VAR: Final = Path(os.environ.get("SWITCHBOARD_VAR", ROOT / "var")) / "bench"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measures Switchboard beside its peers.")
    parser.add_argument("--quick", action="store_true", help="the most telling scenarios, in about two minutes")
    parser.add_argument("--only", metavar="SCENARIO", help="those whose names begin so; commas between several")
    parser.add_argument("--peers", help=f"commas between: {', '.join((*PEERS, *STORING))}; or none")
    parser.add_argument("--repeats", type=int, help="of each measurement (3, quick: 1)")
    parser.add_argument("--seconds", type=float, help="for which each is measured (3, quick: 2)")
    parser.add_argument("--list", action="store_true", help="say what there is to measure")
    options = parser.parse_args()
    options.repeats = options.repeats or (1 if options.quick else 3)
    options.seconds = options.seconds or (2.0 if options.quick else 3.0)
    return options


class Run:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.bench = Bench()
        self.began = time.monotonic()

    def tell(self, sentence: str) -> None:
        print(f"[{time.monotonic() - self.began:5.0f} s] {sentence}", flush=True)

    def scenarios(self) -> list[Scenario]:
        prefixes = tuple(self.options.only.split(",")) if self.options.only else ("",)
        chosen = [each for each in SCENARIOS if each.name.startswith(prefixes)]
        if not chosen:
            sys.exit(f"There is no scenario {self.options.only}: bin/bench --list names them.")
        return [each for each in chosen if each.quick or self.options.only or not self.options.quick]

    def contestants(self, scenario: Scenario) -> list[str]:
        wanted = set(scenario.quick if self.options.quick and scenario.quick else scenario.contestants)
        if self.options.peers:
            wanted &= {OURS, PIPE, EMBEDDED, *self.options.peers.split(",")}
        if not NCHAN.exists():
            wanted -= {"nchan"}
        return [each for each in scenario.contestants if each in wanted]

    def measure(self, found: dict[str, Any]) -> None:
        """Measure everything that was asked for; put the raw results into `found`, by scenario and contestant."""
        for scenario in self.scenarios():
            self.tell(f"{scenario.name}: {scenario.title}")
            rows: dict[str, list[Any]] = {name: [] for name in self.contestants(scenario)}
            for _ in range(self.options.repeats):
                for name, results in rows.items():
                    load = {"warmup": min(1.0, self.options.seconds / 2), "seconds": self.options.seconds}
                    try:
                        result = RUNNERS[scenario.runner](self.bench, scenario, name, load | scenario.load)
                    except AssertionError as error:  # a server that did not start, or did not end
                        result = {"error": str(error)}
                    results.append(result)
                    self.tell(f"  {name:20} {report.in_short(scenario, results[-1])}")
            found["scenarios"][scenario.name] = rows
            commit = publication.commit()
            found["how"][scenario.name] = (
                f"{self.options.repeats} × {self.options.seconds:g} s, {time.strftime('%Y-%m-%d')}, commit {commit}"
            )


def publish(found: dict[str, Any]) -> None:
    """Write the page and its plot. Unless they are one whole run of one commit, write them as a draft in `var`."""
    page = report.page(found)
    faults = publication.faults(page)
    folder = VAR if faults else ROOT / "benchmarks"
    (folder / "results.md").write_text(page)
    (folder / "results.svg").write_text(plot.plot(found["scenarios"]))
    print("\n".join([*faults, f"Written{' as a draft' if faults else ''}: results.md and results.svg in {folder}"]))


def machine() -> dict[str, str]:
    """Return a description of this machine."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores used": f"{len({SERVER_CORE, CLIENT_CORE})} of {os.cpu_count()}: one for the server, one for all else",
        "kernel": platform.release().partition("-")[0],
        "Python": platform.python_version(),
    }


def main() -> None:
    options = arguments()
    if options.list:
        for each in SCENARIOS:
            print(f"{each.name:20} {each.title}")
        return
    if len(CORES) < 2:
        sys.exit("bin/bench needs two processor cores: one for the server, one for the client.")
    if not NCHAN.exists():
        print("nchan is left out: it is not installed (on Debian: apt-get install libnginx-mod-nchan).")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Interrupted; everything that was started is stopped."))
    run = Run(options)
    if not options.quick and publication.commit().endswith(publication.DIRTY):
        print("There are changes that no commit has, so the page will be a draft. Commit them first to publish it.")
    # Scenarios that are not measured now keep their results, so that a page can be measured in parts. A part with only
    # some peers does not replace a whole one.
    path = VAR / ("quick.json" if options.quick else "some.json" if options.peers else "results.json")
    found = json.loads(path.read_text()) if path.exists() else {"scenarios": {}, "how": {}}
    found["machine"] = machine()
    try:
        run.measure(found)
    finally:
        run.bench.launcher.close()
    VAR.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1))
    now = {each.name: found["scenarios"][each.name] for each in run.scenarios()}
    print(f"\n{report.verdicts(now, every=False)}\n")
    if path.name == "results.json":
        publish(found)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as missing:
        sys.exit(f"{missing}")
    except KeyboardInterrupt:
        sys.exit("Interrupted; everything that was started is stopped.")
