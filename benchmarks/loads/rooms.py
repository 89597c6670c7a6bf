"""Messages in rooms: as fast as possible, or at a fixed rate."""

import time
from collections.abc import Sequence

from benchmarks.load_client import LoadClient, LoadError, Room
from benchmarks.loads.load import Load, Result, opened
from benchmarks.loads.outcome import finish
from benchmarks.measure import Stopwatch


class Loop:
    """Keeps a fixed number of messages in flight in each of one or many rooms."""

    def __init__(self, client: LoadClient, rooms: Sequence[Room], in_flight: int) -> None:
        self.client = client
        self.rooms = rooms
        self.in_flight = in_flight
        self.times: list[float] = []  # when each message was sent, by its number

    def fill(self) -> None:
        """Send what may be sent: one new message for each that has reached everybody."""
        now = time.perf_counter()
        for room in self.rooms:
            room.look(now)
            while room.members and room.in_flight() < self.in_flight:
                self.times.append(time.perf_counter())
                self.client.say(room.members[len(room.sent) % len(room.members)], len(self.times) - 1)


class Pace:
    """Messages at a fixed rate, whatever the server does. `due`: when each message should be sent, by its number."""

    def __init__(self, client: LoadClient, rooms: Sequence[Room], rate: float, seconds: float) -> None:
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
        """Shift the remaining messages so that the next is due now."""
        late = time.perf_counter() + 0.1 - self.due[self.sent]
        self.due[self.sent :] = [due + late for due in self.due[self.sent :]]

    def pause(self) -> float:
        """Return the seconds until the next is due, at least the millisecond that epoll can wait."""
        return max(0.001, self.due[self.sent] - time.perf_counter()) if self.sent < len(self.due) else 0.05


def closed(load: Load) -> Result:
    """Fan-out as fast as possible, with `in_flight` messages in each room."""
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
    """`rate` messages a second. A latency counts from the time when the message was due."""
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
