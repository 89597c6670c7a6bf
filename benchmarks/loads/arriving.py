"""Arriving connections: one after the other, or all at once."""

from benchmarks.dialects import DIALECTS
from benchmarks.load_client import LoadClient, Room
from benchmarks.loads.load import Load, Result
from benchmarks.loads.outcome import latency
from benchmarks.measure import Stopwatch, processes_of, resident_of


def connect(load: Load) -> Result:
    """Measure how fast connections become live, from the handshake on, and how much server memory each takes.

    The first fifth only warms the server up.
    """
    client = LoadClient(load.ports, DIALECTS[load.dialect], load.cookies)
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
    """Everybody comes back at once; each misses something after a position in the room."""
    client = LoadClient(load.ports, DIALECTS[load.dialect], load.cookies)
    stopwatch = Stopwatch(load.leaders)
    opened = client.open([Room(load.rooms[0])], load.size, load.at_once)
    result = stopwatch.read()
    result["live"] = result["seconds"]
    result["history"] = min(connection.welcome.count(b'"kind":"text"') for connection in opened)
    result |= latency([connection.took for connection in opened])
    client.close()
    return result
