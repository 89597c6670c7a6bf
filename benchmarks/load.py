"""The load client: one process on one core that plays one scenario against a server and prints what it saw.

python -m benchmarks.load - <load.json       a `Load`, such as {"kind": "closed", "ports": [8000], …}
python -m benchmarks.load --self-test        what it can count when a server is nothing but a write
"""

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

from benchmarks.client import STALL, Client, LoadError, Room
from benchmarks.dialects import DIALECTS
from benchmarks.measure import Stopwatch, percentile, processes_of, resident_of

#: Seconds that what is under way in the end is waited for.
DRAIN: Final = 10.0

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
    at_once: int = 40  # handshakes that are under way together
    stall: float = STALL  # seconds without any delivery in a room after which what is in flight there counts as lost
    beside: str = "room"  # what is busy beside a quiet room: a `room` or a `board`
    busy: int = 0  # connections to that
    rate: float = 0.0  # messages a second, of an open loop
    warmup: float = 1.0
    seconds: float = 4.0
    leaders: dict[str, list[int]] = field(default_factory=dict)  # the first process of each server, by its name
    cookies: list[str] = field(default_factory=list)


def main(arguments: list[str]) -> None:
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    if arguments == ["--self-test"]:
        result = self_test()
    else:
        load = Load(**json.loads(sys.stdin.readline()))
        try:
            result = KINDS[load.kind](load)
            result |= per_core(result)
        except (LoadError, OSError) as error:
            result = {"error": str(error)}
    print(json.dumps(result))


# What is measured


def opened(load: Load) -> tuple[Client, list[Room]]:
    client = Client(load.ports, DIALECTS[load.dialect], load.cookies)
    rooms = [Room(name, stall=load.stall) for name in load.rooms]
    began = time.perf_counter()
    client.open(rooms, load.size, load.at_once)
    client.opening = time.perf_counter() - began
    client.settle()
    client.settling = time.perf_counter() - began - client.opening
    return client, rooms


class Loop:
    """Messages of one or many rooms, a fixed number of which is always under way in each."""

    def __init__(self, client: Client, rooms: Sequence[Room], in_flight: int) -> None:
        self.client = client
        self.rooms = rooms
        self.in_flight = in_flight
        self.times: list[float] = []  # when each message was sent, by its number

    def fill(self) -> None:
        """Send what may be sent: each message that has reached all is followed by the next."""
        now = time.perf_counter()
        for room in self.rooms:
            room.look(now)
            while room.members and room.in_flight() < self.in_flight:
                self.times.append(time.perf_counter())
                self.client.say(room.members[len(room.sent) % len(room.members)], len(self.times) - 1)


class Pace:
    """Messages at a fixed rate, whatever comes back; `due` is when each was to be sent, by its number."""

    def __init__(self, client: Client, rooms: Sequence[Room], rate: float, seconds: float) -> None:
        self.client = client
        self.rooms = rooms
        began = time.perf_counter() + 0.1
        self.due = [began + number / rate for number in range(int(rate * seconds))]
        self.sent = 0

    def fill(self) -> None:
        now = time.perf_counter()
        while self.sent < len(self.due) and self.due[self.sent] <= now:
            room = self.rooms[self.sent % len(self.rooms)]
            if not room.members:
                raise LoadError(f"The server closed all connections of the room {room.name}.")
            self.client.say(room.members[len(room.sent) % len(room.members)], self.sent)
            self.sent += 1

    def delay(self) -> None:
        """Begin what is left now."""
        late = time.perf_counter() + 0.1 - self.due[self.sent]
        self.due[self.sent :] = [due + late for due in self.due[self.sent :]]

    def pause(self) -> float:
        """Return the seconds until the next is due; epoll waits whole milliseconds."""
        return max(0.001, self.due[self.sent] - time.perf_counter()) if self.sent < len(self.due) else 0.05


def closed(load: Load) -> Result:
    """Fan-out as fast as it goes, with `in_flight` messages under way in each room."""
    client, rooms = opened(load)
    loop = Loop(client, rooms, load.in_flight)
    stopwatch, before, said = None, 0, 0
    began = time.perf_counter()
    while (now := time.perf_counter()) < began + load.warmup + load.seconds:
        if stopwatch is None and now >= began + load.warmup:
            stopwatch, before, said = Stopwatch(load.leaders), client.delivered, len(loop.times)
        loop.fill()
        client.poll(0.05)
    assert stopwatch
    result = stopwatch.read()
    result["deliveries"] = (client.delivered - before) / result["seconds"]
    result["messages"] = result["deliveries"] / load.size
    return finish(client, rooms, result, loop.times, said)


def paced(load: Load) -> Result:
    """`rate` messages a second; a latency counts from when the message was due."""
    client, rooms = opened(load)
    pace = Pace(client, rooms, load.rate, load.warmup + load.seconds)
    first = int(load.rate * load.warmup)
    stopwatch, before = None, 0
    while pace.sent < len(pace.due):
        if stopwatch is None and pace.sent >= first:
            stopwatch, before = Stopwatch(load.leaders), client.delivered
        pace.fill()
        client.poll(pace.pause())
    assert stopwatch
    result = stopwatch.read()
    result["deliveries"] = (client.delivered - before) / result["seconds"]
    result["messages"] = (pace.sent - first) / result["seconds"]
    return finish(client, rooms, result, pace.due, first)


def fair(load: Load) -> Result:
    """A quiet room at `rate`, first alone, then beside a busy room or board, whose people are there from the start."""
    client, rooms = opened(load)
    crowd = BESIDE[load.beside](client, load)
    client.settle()
    pace = Pace(client, rooms, load.rate, 2 * load.seconds)
    half = int(load.rate * load.seconds)
    while pace.sent < half:
        pace.fill()
        client.poll(min(0.05, pace.pause()))
    drain(client, rooms)
    crowd.begin()
    pace.delay()
    stopwatch, before = Stopwatch(load.leaders), crowd.delivered()
    while pace.sent < len(pace.due):
        pace.fill()
        crowd.push()
        client.poll(min(0.05, pace.pause()))
    result = stopwatch.read()
    result["deliveries"] = (crowd.delivered() - before) / result["seconds"]
    drain(client, rooms)  # at once: while the crowd goes, nobody would see when the last message came
    crowd.end()
    logs = [item for room in rooms for connection in room.members for item in connection.log]
    alone = [at - pace.due[number] for number, at in logs if number < half]
    result |= latency(alone, "alone_")
    return finish(client, rooms, result, pace.due, half)


class BusyRoom:
    """A room with `in_flight` messages under way."""

    def __init__(self, client: Client, load: Load) -> None:
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
    """Viewers of a board that another process feeds; it is asked for as `board` asks."""

    def __init__(self, client: Client, load: Load) -> None:
        self.viewers = Client(load.ports, DIALECTS["board"], load.cookies)
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


BESIDE: Final[dict[str, Callable[[Client, Load], BusyRoom | BusyBoard]]] = {"room": BusyRoom, "board": BusyBoard}


def connect(load: Load) -> Result:
    """How fast connections become live, from the handshake on, and what each holds of the server's memory.

    The first fifth warms the server up.
    """
    client = Client(load.ports, DIALECTS[load.dialect], load.cookies)
    rooms = [Room(name) for name in load.rooms]
    some = len(rooms) // 5
    client.open(rooms[:some], load.size, load.at_once)
    client.settle(1.0)
    pids = [pid for leader in load.leaders["server"] for pid in processes_of(leader)]
    memory, stopwatch = resident_of(pids), Stopwatch(load.leaders)
    opened = client.open(rooms[some:], load.size, load.at_once, first=some * load.size)
    result = stopwatch.read()
    client.settle(1.0)
    result["rate"] = len(opened) / result["seconds"]
    result["memory"] = (resident_of(pids) - memory) / len(opened) / 1024
    result |= latency([connection.took for connection in opened])
    client.close()
    return result


def come_back(load: Load) -> Result:
    """All at once, each with a place in the room from which something is missing."""
    client = Client(load.ports, DIALECTS[load.dialect], load.cookies)
    stopwatch = Stopwatch(load.leaders)
    opened = client.open([Room(load.rooms[0])], load.size, load.at_once)
    result = stopwatch.read()
    result["live"] = result["seconds"]
    result["history"] = min(connection.welcome.count(b'"kind":"text"') for connection in opened)
    result |= latency([connection.took for connection in opened])
    client.close()
    return result


def board(load: Load) -> Result:
    """Watch a board that another process feeds with the time of day as each value, and compare the last values.

    That process is started when we say that all viewers are there; the next line we read has its id.
    """
    client, rooms = opened(load)
    print("ready", flush=True)
    source = int(sys.stdin.readline())
    until = time.perf_counter() + load.warmup
    while time.perf_counter() < until:
        client.poll(0.05)
    since = time.time()
    stopwatch, before = Stopwatch(load.leaders), client.delivered
    until = time.perf_counter() + load.seconds
    while time.perf_counter() < until:
        client.poll(0.05)
    result = stopwatch.read()
    result["deliveries"] = (client.delivered - before) / result["seconds"]
    os.kill(source, signal.SIGTERM)
    client.settle(1.0)
    seen = [Seen.of(connection.frames, since) for room in rooms for connection in room.members if connection.reader]
    latencies = [latency for each in seen for latency in each.latencies]
    result |= latency(latencies)
    newest = {slug: max(each.last.get(slug, 0) for each in seen) for slug in set().union(*(each.last for each in seen))}
    result["streams"] = len(newest)
    result["lost"] = sum(each.last.get(slug) != seq for each in seen for slug, seq in newest.items())
    result["reordered"] = sum(each.reordered for each in seen)
    result["conflated"] = sum(each.skipped for each in seen) / max(1, sum(each.updates for each in seen))
    result |= {"closed": len(client.lost), "opening": client.opening, "settling": client.settling}
    client.close()
    return result


@dataclass(slots=True)
class Seen:
    """What one viewer saw of a board: the newest seq of each stream, and how late values came (s)."""

    last: dict[str, int] = field(default_factory=dict)
    values: dict[str, float | None] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    updates: int = 0
    skipped: int = 0  # numbers that a newer value replaced
    reordered: int = 0

    @classmethod
    def of(cls, frames: Sequence[tuple[bytes, float]], since: float) -> "Seen":
        """Read `update` frames, each with the time of day when it came; latencies of those sent after `since`."""
        seen = cls()
        for payload, at in frames:
            for slug, update in json.loads(payload)["streams"].items():
                before = seen.last.get(slug)
                seen.updates += 1
                if before is not None:
                    seen.reordered += update["seq"] <= before
                    seen.skipped += max(0, update["seq"] - before - 1)
                seen.last[slug] = update["seq"]
                # A producer that has just begun has none, and when the worker is gone all are told again with that.
                value, said = update["value"], seen.values.get(slug)
                if value != said and (value or 0) >= since:
                    seen.latencies.append(at - value)
                seen.values[slug] = value
        return seen


def drain(client: Client, rooms: Sequence[Room]) -> bool:
    """Wait for what is under way; tell whether it has all come, or will not come any more."""
    began = moved = time.perf_counter()
    stall = max(room.stall for room in rooms)
    while any(room.in_flight() > 0 for room in rooms) and time.perf_counter() - moved < stall:
        if client.poll(0.05):
            moved = time.perf_counter()
        if moved - began > DRAIN:
            return False
    client.poll(0.1)  # what came twice
    return True


def finish(client: Client, rooms: Sequence[Room], result: Result, times: Sequence[float], first: int) -> Result:
    """Wait for what is under way, then add the latencies of the parsed connections from message `first` on, and flaws.

    `times`: when each message was sent or due. What has not come when we give up waiting counts as just come: who
    is that far behind must not look fast by it.
    """
    result["behind"] = 0 if drain(client, rooms) else sum(room.in_flight() for room in rooms)
    now = time.perf_counter()
    flaws: Counter[str] = Counter(lost=0, doubled=0, reordered=0)
    latencies: list[float] = []
    for room in rooms:
        for connection in room.members:
            missing = len(room.sent) - connection.count
            flaws["doubled"] += max(0, -missing)
            flaws["lost"] += 0 if result["behind"] else max(0, missing)
        logs = [connection.log for connection in room.members if connection.reader]
        orders = [[number for number, _ in log] for log in logs]
        flaws["reordered"] += sum(out_of_order(order, orders[0]) for order in orders[1:])
        latencies += [at - times[number] for log in logs for number, at in log if number >= first]
        if result["behind"]:
            latencies += [now - times[n] for order in orders for n in set(room.sent) - set(order) if n >= first]
    if latencies:
        result |= latency(latencies)
    result |= flaws
    result |= {"closed": len(client.lost), "opening": client.opening, "settling": client.settling}
    client.close()
    return result


def latency(seconds: Sequence[float], prefix: str = "") -> Result:
    """Return percentiles in milliseconds."""
    return {f"{prefix}p{share}": percentile(seconds, share / 100) * 1000 for share in (50, 99, 100)}


def per_core(result: Result) -> Result:
    """Return what the server delivered for each second of a core that it used: it does not depend on its neighbours."""
    if "deliveries" not in result or not result["server_cpu"]:
        return {}
    return {"per_core": result["deliveries"] / result["server_cpu"]}


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
        stopwatch, counted = Stopwatch({"server": [child]}), 0
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


KINDS: Final[dict[str, Callable[[Load], Result]]] = {
    "closed": closed,
    "paced": paced,
    "fair": fair,
    "connect": connect,
    "return": come_back,
    "board": board,
}

if __name__ == "__main__":
    main(sys.argv[1:])
