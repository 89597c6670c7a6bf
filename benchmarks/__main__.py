"""The command: measures scenario by scenario, the contestants in turn, and writes what it saw."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from benchmarks import report
from benchmarks.measure import Spread, processes_of
from benchmarks.scenarios import OURS, PEERS, QUICK, SCENARIOS, TYPING, Scenario
from benchmarks.servers import CORES, Bench
from tests.services import ROOT, Service

VAR: Final = Path(os.environ.get("SWITCHBOARD_VAR", ROOT / "var")) / "bench"
#: Seconds after which a load client is given up.
PATIENCE: Final = 240


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measures Switchboard beside its peers.")
    parser.add_argument("--quick", action="store_true", help="the most telling scenarios, in about two minutes")
    parser.add_argument("--only", metavar="SCENARIO", help="those whose names begin so; commas between several")
    parser.add_argument("--peers", help=f"commas between: {', '.join(PEERS)}, or none")
    parser.add_argument("--repeats", type=int, help="of each measurement (3, quick: 1)")
    parser.add_argument("--seconds", type=float, help="for which each is measured (4, quick: 2)")
    parser.add_argument("--list", action="store_true", help="say what there is to measure")
    options = parser.parse_args()
    options.repeats = options.repeats or (1 if options.quick else 3)
    options.seconds = options.seconds or (2.0 if options.quick else 4.0)
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
        wanted = set(QUICK) if self.options.quick else set(PEERS)
        if self.options.peers:
            wanted = set(self.options.peers.split(","))
        return [each for each in scenario.contestants if each in wanted or each in (OURS, TYPING)]

    def measure(self) -> dict[str, Any]:
        """Measure everything that was asked for; return the raw results by scenario and contestant."""
        found: dict[str, Any] = {}
        for scenario in self.scenarios():
            self.tell(scenario.title)
            rows: dict[str, list[Any]] = {name: [] for name in self.contestants(scenario)}
            for _ in range(self.options.repeats):
                for name, results in rows.items():
                    results.append(self.play(scenario, name))
                    self.tell(f"  {name:20} {report.in_short(results[-1])}")
            found[scenario.name] = rows
        return found

    def play(self, scenario: Scenario, name: str) -> dict[str, Any]:
        """Start one server, let the client play one scenario against it, stop it."""
        load = {"warmup": min(1.0, self.options.seconds / 2), "seconds": self.options.seconds, **scenario.load}
        if name in (OURS, TYPING):
            load |= {"dialect": "typing" if name == TYPING else "switchboard", "cookies": self.bench.cookies()}
            server: Service = self.bench.switchboard({"TYPING_EVERY": "0"} if name == TYPING else {})
        else:
            special = {"stock": "stock", "socketio": "socketio", "python-socketio": "socketio"}
            load["dialect"] = special.get(name, "plain")
            server = self.bench.peer(name)
        assert server.process
        load |= {"ports": [server.port], "pids": processes_of(server.process.pid)}
        try:
            return self.client(load)
        finally:
            self.bench.stop(server)

    def client(self, load: dict[str, Any]) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.load", "-"]
        done = subprocess.run(
            command, cwd=ROOT, input=json.dumps(load), capture_output=True, text=True, timeout=PATIENCE
        )
        if done.returncode:
            return {"error": done.stderr.strip().splitlines()[-1]}
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result


def main() -> None:
    options = arguments()
    if options.list:
        for each in SCENARIOS:
            print(f"{each.name:20} {each.title}")
        return
    if len(CORES) < 2:
        sys.exit("bin/bench needs two processor cores: one for the server, one for the client.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Interrupted."))
    run = Run(options)
    try:
        found = run.measure()
    finally:
        run.bench.end()
    VAR.mkdir(parents=True, exist_ok=True)
    (VAR / "results.json").write_text(json.dumps(found, indent=1))
    for name, rows in found.items():
        print(name, {who: Spread.of([each.get("deliveries", 0) for each in results]) for who, results in rows.items()})


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Interrupted; everything that was started is stopped.")
