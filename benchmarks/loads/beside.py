"""A quiet room beside a busy room or board."""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Final

from benchmarks.dialects import DIALECTS
from benchmarks.load_client import LoadClient, Room
from benchmarks.loads.load import Load, Result, opened
from benchmarks.loads.outcome import drain, finish, latency
from benchmarks.loads.rooms import Loop, Pace
from benchmarks.measure import Stopwatch


def fair(load: Load) -> Result:
    """A quiet room at `rate`, first alone, then beside a busy room or board.

    Its people are connected from the start.
    """
    client, rooms = opened(load)
    busy = BESIDE[load.beside](client, load)
    client.settle()
    pace = Pace(client, rooms, load.rate, 2 * load.seconds)
    half = int(load.rate * load.seconds)
    while pace.sent < half:
        pace.fill()
        client.poll(min(0.05, pace.pause()))
    drain(client, rooms)
    busy.begin()
    pace.delay()
    stopwatch, before = Stopwatch(load.leaders), busy.delivered()
    while pace.sent < len(pace.due):
        pace.fill()
        busy.push()
        client.poll(min(0.05, pace.pause()))
    result = stopwatch.read()
    result["deliveries"] = (busy.delivered() - before) / result["seconds"]
    drain(client, rooms)  # read now: during the busy part nobody notes when the last message came
    busy.end()
    logs = [item for room in rooms for connection in room.members for item in connection.log]
    alone = [at - pace.due[number] for number, at in logs if number < half]
    result |= latency(alone, "alone_")
    return finish(client, rooms, result, pace.due, half)


class BusyRoom:
    """A room with `in_flight` messages under way."""

    def __init__(self, client: LoadClient, load: Load) -> None:
        self.client = client
        self.room = Room("bench")
        client.open([self.room], load.busy, load.at_once, first=load.size * len(load.rooms))
        self.loop = Loop(client, [self.room], load.in_flight)

    def delivered(self) -> int:
        return self.room.delivered

    def begin(self) -> None:
        self.push()

    def push(self) -> None:
        self.loop.fill()

    def end(self) -> None:
        drain(self.client, [self.room])


class BusyBoard:
    """Viewers of a board that another process feeds. That process is started as in `board`."""

    def __init__(self, client: LoadClient, load: Load) -> None:
        self.viewers = LoadClient(load.ports, DIALECTS["board"], load.cookies)
        self.viewers.open([Room("bench")], load.busy, load.at_once, first=load.size * len(load.rooms))

    def delivered(self) -> int:
        return self.viewers.delivered

    def begin(self) -> None:
        print("ready", flush=True)
        self.source = int(sys.stdin.readline())
        until = time.perf_counter() + 1.0
        while time.perf_counter() < until:
            self.viewers.poll(0.05)

    def push(self) -> None:
        self.viewers.poll(0)

    def end(self) -> None:
        os.kill(self.source, signal.SIGTERM)
        self.viewers.settle()
        self.viewers.close()


BESIDE: Final[dict[str, Callable[[LoadClient, Load], BusyRoom | BusyBoard]]] = {"room": BusyRoom, "board": BusyBoard}
