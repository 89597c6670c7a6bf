"""The load that a scenario asks for."""

import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.dialects import DIALECTS
from benchmarks.load_client import STALL, LoadClient, Room

Result = dict[str, Any]


@dataclass(slots=True)
class Load:
    """One of the kinds in `benchmarks.loads.__main__`, with its numbers."""

    kind: str
    ports: list[int]
    dialect: str
    rooms: list[str] = field(default_factory=lambda: ["bench"])
    size: int = 1000  # connections in each room
    in_flight: int = 1  # closed loop: messages in flight in each room
    at_once: int = 40  # how many handshakes at the same time
    stall: float = STALL  # after this many seconds without a delivery in a room, its messages in flight count as lost
    beside: str = "room"  # the busy part beside a quiet room: a `room` or a `board`
    busy: int = 0  # connections to the busy part
    rate: float = 0.0  # open loop: messages a second
    warmup: float = 1.0
    seconds: float = 4.0
    leaders: dict[str, list[int]] = field(default_factory=dict)  # the first process of each server, by its name
    cookies: list[str] = field(default_factory=list)


def opened(load: Load) -> tuple[LoadClient, list[Room]]:
    """Return a client with all connections live in their rooms, and nothing more arriving."""
    client = LoadClient(load.ports, DIALECTS[load.dialect], load.cookies)
    rooms = [Room(name, stall=load.stall) for name in load.rooms]
    began = time.perf_counter()
    client.open(rooms, load.size, load.at_once)
    client.opening = time.perf_counter() - began
    client.settle()
    client.settling = time.perf_counter() - began - client.opening
    return client, rooms
