"""The load client: one process on one core that plays one scenario against a server and prints what it saw.

python -m benchmarks.load - <load.json       a `Load`, such as {"kind": "closed", "ports": [8000], …}
python -m benchmarks.load --self-test        what it can count when a server is nothing but a write
"""

import itertools
import json
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.client import Client, LoadError, Room
from benchmarks.dialects import DIALECTS
from benchmarks.measure import Stopwatch, percentile

#: Seconds without any delivery after which what is in flight counts as lost.
STALL: Final = 3.0

Result = dict[str, Any]


@dataclass(slots=True)
class Load:
    """What a scenario asks of the client."""

    kind: str
    ports: list[int]
    dialect: str
    rooms: list[str] = field(default_factory=lambda: ["bench"])
    size: int = 1000  # connections in each room
    in_flight: int = 1  # messages in each room, of a closed loop
    rate: float = 0.0  # messages a second, of an open loop
    warmup: float = 1.0
    seconds: float = 4.0
    pids: list[int] = field(default_factory=list)  # of the server
    cookies: list[str] = field(default_factory=list)


def main(arguments: list[str]) -> None:
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    if arguments == ["--self-test"]:
        result = self_test()
    else:
        load = Load(**json.load(sys.stdin))
        try:
            result = KINDS[load.kind](load)
        except (LoadError, OSError) as error:
            result = {"error": str(error)}
    print(json.dumps(result))


# What is measured


def opened(load: Load) -> tuple[Client, list[Room]]:
    client = Client(load.ports, DIALECTS[load.dialect], load.cookies)
    rooms = [Room(name) for name in load.rooms]
    began = time.perf_counter()
    client.open(rooms, load.size)
    client.opening = time.perf_counter() - began
    client.settle()
    client.settling = time.perf_counter() - began - client.opening
    client.keep_alive()
    return client, rooms


def closed(load: Load) -> Result:
    """Keep `in_flight` messages under way in each room: each that has reached all is followed by the next."""
    client, rooms = opened(load)
    numbers = itertools.count()
    times: list[float] = []

    def fill(room: Room) -> None:
        while room.in_flight() < load.in_flight:
            times.append(time.perf_counter())
            client.say(room.members[len(room.sent) % len(room.members)], next(numbers))

    began = time.perf_counter()
    stopwatch, before, said = None, 0, 0
    moved = began
    stalls = 0
    while (now := time.perf_counter()) < began + load.warmup + load.seconds:
        if stopwatch is None and now >= began + load.warmup:
            stopwatch, before, said = Stopwatch(load.pids), sum(room.delivered for room in rooms), len(times)
        for room in rooms:
            fill(room)
        if client.poll(0.05):
            moved = time.perf_counter()
        elif time.perf_counter() - moved > STALL:
            stalls += 1
            break
    assert stopwatch
    result = stopwatch.read()
    result["deliveries"] = (sum(room.delivered for room in rooms) - before) / result["seconds"]
    result["messages"] = (len(times) - said) / result["seconds"]
    drain(client, rooms)
    return finish(client, rooms, result | {"stalls": stalls}, times)


def open_loop(load: Load) -> Result:
    """Send at `rate`, whatever comes back; a latency counts from when the message was due."""
    client, rooms = opened(load)
    total = int(load.rate * (load.warmup + load.seconds))
    first = int(load.rate * load.warmup)
    began = time.perf_counter() + 0.1
    due = [began + number / load.rate for number in range(total)]
    stopwatch, before, number = None, 0, 0
    while number < total:
        now = time.perf_counter()
        if stopwatch is None and number >= first:
            stopwatch, before = Stopwatch(load.pids), sum(room.delivered for room in rooms)
        while number < total and due[number] <= now:
            room = rooms[number % len(rooms)]
            client.say(room.members[len(room.sent) % len(room.members)], number)
            number += 1
        if number < total:
            client.poll(max(0.001, due[number] - time.perf_counter()))
    assert stopwatch
    result = stopwatch.read()
    result["deliveries"] = (sum(room.delivered for room in rooms) - before) / result["seconds"]
    drain(client, rooms)
    return finish(client, rooms, result, due, first)


def drain(client: Client, rooms: Sequence[Room]) -> None:
    """Wait for what is under way."""
    moved = time.perf_counter()
    while any(room.in_flight() > 0 for room in rooms) and time.perf_counter() - moved < STALL:
        if client.poll(0.05):
            moved = time.perf_counter()
    client.poll(0.1)  # what came twice


def finish(
    client: Client, rooms: Sequence[Room], result: dict[str, Any], times: Sequence[float], first: int = 0
) -> Result:
    """Add what was lost, doubled or out of order, and the latencies of the parsed connections."""
    sums: Counter[str] = Counter()
    latencies = []
    for room in rooms:
        for connection in room.members:
            sums["lost"] += max(0, len(room.sent) - connection.count)
            sums["doubled"] += max(0, connection.count - len(room.sent))
        if DIALECTS["typing"] is not client.dialect:
            logs = [connection.log for connection in room.members if connection.reader]
            orders = [[number for number, _ in log] for log in logs]
            sums["reordered"] += sum(out_of_order(order, orders[0]) for order in orders[1:])
            latencies += [at - times[number] for log in logs for number, at in log if number >= first]
    if latencies:
        result |= {f"p{share}": percentile(latencies, share / 100) * 1000 for share in (50, 99)}
        result["slowest"] = max(latencies) * 1000
    result |= {name: sums[name] for name in ("lost", "doubled", "reordered")}
    result |= {"closed": len(client.lost), "opening": client.opening, "settling": client.settling}
    client.close()
    return result


def out_of_order(order: Sequence[int], reference: Sequence[int]) -> int:
    """Return how many of `order` come after one that precedes them in `reference`, which all must agree with."""
    places = {number: place for place, number in enumerate(reference)}
    wrong, furthest = 0, -1
    for number in order:
        place = places.get(number, furthest)
        wrong += place < furthest
        furthest = max(furthest, place)
    return wrong


# What the client itself can do


def self_test(connections: int = 200, seconds: float = 3.0) -> Result:
    """Count what a process on the other core writes as fast as it can; nothing else is between."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=connections)
    child = os.fork()
    if child == 0:
        os.sched_setaffinity(0, {0})
        blast(listener, connections)
    try:
        client = Client([listener.getsockname()[1]], DIALECTS["plain"])
        client.open([Room("blast")], connections)
        began = time.perf_counter()
        stopwatch, counted = Stopwatch([child]), 0
        while time.perf_counter() - began < seconds:
            counted += client.poll(0.05)
        result = stopwatch.read()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return result | {"frames": counted / result["seconds"]}


def blast(listener: socket.socket, connections: int) -> None:
    """Take handshakes unread, then write sixteen messages of 120 bytes to each connection, again and again."""
    accepted = []
    for _ in range(connections):
        sock, _ = listener.accept()
        sock.recv(4096)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        accepted.append(sock)
    payload = DIALECTS["plain"].say("", 1)
    frames = (bytes([0x81, len(payload)]) + payload) * 16
    while True:
        for sock in accepted:
            sock.sendall(frames)


KINDS: Final[dict[str, Callable[[Load], Result]]] = {"closed": closed, "open": open_loop}

if __name__ == "__main__":
    main(sys.argv[1:])
