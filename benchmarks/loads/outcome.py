"""The outcome of a load: messages that are missing, latencies, and flaws."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from benchmarks.load_client import LoadClient, Room
from benchmarks.loads.load import Result
from benchmarks.measure import percentile

#: At the end, seconds to wait for messages in flight.
DRAIN: Final = 10.0


def drain(client: LoadClient, rooms: Sequence[Room]) -> bool:
    """Wait for the messages in flight. Return False when some still come after DRAIN seconds, else True."""
    began = moved = time.perf_counter()
    stall = max(room.stall for room in rooms)
    while any(room.in_flight() > 0 for room in rooms) and time.perf_counter() - moved < stall:
        if client.poll(0.05):
            moved = time.perf_counter()
        if moved - began > DRAIN:
            return False
    client.poll(0.1)  # messages that came twice
    return True


def finish(client: LoadClient, rooms: Sequence[Room], result: Result, times: Sequence[float], first: int) -> Result:
    """Wait for the messages in flight; then add flaws, and latencies of the parsed connections from message `first` on.

    `times`: when each message was sent or due. A message that has not come when we give up counts as arriving at that
    moment, so that a server that is far behind does not look fast.
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
    """Return the deliveries per second of processor time that the server used.

    Other load on the machine does not change it.
    """
    if "deliveries" not in result or not result["server_cpu"]:
        return {}
    return {"per_core": result["deliveries"] / result["server_cpu"]}


def out_of_order(order: Sequence[int], reference: Sequence[int]) -> int:
    """Return how many items of `order` are out of order compared with `reference`, the order that all must share."""
    places = {number: place for place, number in enumerate(reference)}
    wrong, furthest = 0, -1
    for number in order:
        place = places.get(number, furthest)
        wrong += place < furthest
        furthest = max(furthest, place)
    return wrong
