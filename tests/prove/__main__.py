"""The command: plans the faults, runs them, checks the record, and reports."""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from harness import programs
from tests.prove import checker, report
from tests.prove.clients import Clients, Stuck
from tests.prove.deployment import Deployment, Embedded, Production, memory_of
from tests.prove.faults import FAULTS, Fault, Target
from tests.prove.record import Phase, Record, Table

#: Seconds after a fault within which everybody must have everything: a client's longest pause plus 15 s.
SETTLE = 60.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/prove",
        description="Shows that no message is lost, doubled, reordered or invented, whatever happens to the servers.",
        epilog="Faults: " + "; ".join(f"{each.name}: {each.sentence}" for each in FAULTS.values()) + ".",
    )
    parser.add_argument("--minutes", type=float, default=2, help="for how long faults go on; each comes at least once")
    parser.add_argument("--seed", type=int, default=None, help="of all that is random")
    parser.add_argument("--only", choices=FAULTS, action="append", help="this fault again and again")
    parser.add_argument("--embedded", action="store_true", help="SQLite and one process, as on a laptop")
    parser.add_argument("--clients", type=int, default=24)
    parser.add_argument("--rate", type=float, default=50, help="commands a second, of all clients together")
    return parser.parse_args()


def plan(options: argparse.Namespace, rng: random.Random) -> Iterator[Fault]:
    """Yield faults without end: first each once, then all in random order, with mixtures between."""
    faults = [each for each in FAULTS.values() if each.embedded or not options.embedded]
    if options.only:
        faults = [each for each in FAULTS.values() if each.name in options.only]
    yield from faults
    while True:
        rng.shuffle(faults)
        for each in faults:
            yield each
            if not options.only:
                yield FAULTS["mixed"]


class Run:
    """One proof."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.seed = options.seed if options.seed is not None else random.randrange(10**6)
        self.rng = random.Random(self.seed)
        self.record = Record()
        self.deployment: Deployment = Embedded() if options.embedded else Production()
        self.clients = Clients(options.clients, options.rate, self.record, self.rng)
        self.logs = Path(os.environ.get("SWITCHBOARD_VAR", "var")) / f"prove-{self.seed}"
        self.began = time.monotonic()

    def tell(self, sentence: str) -> None:
        print(f"[{time.monotonic() - self.began:5.0f} s] {sentence}", flush=True)

    async def prove(self) -> bool:
        """Run it all; return whether every promise was kept."""
        self.tell(f"seed {self.seed}: starting the servers")
        table: Table = {}
        try:
            await self.deployment.start(members=(self.options.clients + 2) // 3)
            self.tell(f"{self.options.clients} clients arrive")
            await self.clients.connect(self.deployment)
            await self.run_faults()
            table = await self.end()
        except Stuck as stuck:
            self.record.failures.append(str(stuck))
            with contextlib.suppress(Exception):
                table = self.deployment.table()
        finally:
            await self.clients.close()
            self.deployment.launcher.keep_logs(self.logs)
            await self.deployment.stop()
        self.tell("checking what everybody saw against the table")
        violations = checker.check(self.record, table) if table else []
        print(f"\n{report.summary(self.record, violations)}\n")
        ok = bool(table) and not violations and not self.record.failures
        print(f"seed {self.seed}: " + ("every promise was kept" if ok else f"BROKEN PROMISES; see {self.logs}"))
        return ok

    async def run_faults(self) -> None:
        """Run the faults one after the other until the time is over."""
        deadline = time.monotonic() + self.options.minutes * 60
        target = Target(self.deployment, self.clients, self.rng, min(1.0, max(0.4, self.options.minutes / 2)))
        due = 1 if self.options.only else sum(each.embedded or not self.options.embedded for each in FAULTS.values())
        faults = plan(self.options, self.rng)
        while time.monotonic() < deadline or due > 0:
            due -= 1
            await self.run_fault(next(faults), target)

    async def run_fault(self, fault: Fault, target: Target) -> None:
        phase = Phase(fault.name, time.monotonic())
        self.record.phases.append(phase)
        watching = asyncio.create_task(self.watch(phase))
        said = len(self.record.said)
        try:
            await asyncio.sleep(0.5)
            await fault.act(target)
            # Half of the time stay silent after the fault, so that no later message reveals what its end has lost.
            phase.settled = await self.clients.settle(SETTLE, quietly=self.rng.random() < 0.5)
        finally:
            phase.ended = time.monotonic()
            watching.cancel()
        said = len(self.record.said) - said
        if phase.settled is None:
            behind = self.clients.behind(self.clients.acknowledged())
            raise Stuck(
                ". ".join([f"{fault.name}: {self.clients.unanswered()} commands without an answer", *behind[:5]])
            )
        if crashes := self.clients.crashes():
            raise Stuck(f"{fault.name}: {crashes[0]}")
        self.tell(
            f"{fault.name}: {fault.sentence}: {said} commands in {phase.ended - phase.began:.0f} s, "
            f"everybody had everything {phase.settled:.1f} s later"
        )

    async def watch(self, phase: Phase) -> None:
        while True:
            for service in self.deployment.launcher.services:
                if service.name.startswith(("web", "worker", "redis")):
                    phase.memory[service.name] = max(phase.memory.get(service.name, 0), memory_of(service))
            await asyncio.sleep(0.5)

    async def end(self) -> Table:
        self.tell("silence; waiting for the last answers")
        await self.clients.fall_silent(SETTLE)
        table = self.deployment.table()
        self.tell("everybody catches up, and resumes once more")
        await self.clients.catch_up(table, SETTLE)
        self.tell("a third leaves; the others wait until they know who is there")
        await self.clients.thin_out(table, SETTLE)
        return self.deployment.table()


async def main() -> bool:
    options = arguments()
    if not options.embedded:
        programs.install(programs.SERVERS, otherwise=", or try it without them: bin/prove --embedded")
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await Run(options).prove()


if __name__ == "__main__":
    try:
        sys.exit(not asyncio.run(main()))
    except asyncio.CancelledError:
        sys.exit("Interrupted; everything that was started is stopped.")
