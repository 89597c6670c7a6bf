"""The scenarios: the load of each, its contestants, and the figure that counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

#: All peers for fan-out, by the names of `benchmarks/peers`.
PEERS: Final = (
    "stock",
    "autobahn",
    "eventlet",
    "websocket-server",
    "websockets",
    "fastapi",
    "python-socketio",
    "socketio",
    "ws",
    "nchan",
)
#: Ours on PostgreSQL and Redis; `realtime/` alone (`benchmarks.pipe`), which stores nothing; ours embedded with SQLite.
OURS: Final = "switchboard"
PIPE: Final = "switchboard-pipe"
EMBEDDED: Final = "switchboard-sqlite"
#: Stock Channels with an insert for each message.
STORING: Final = ("stock-postgresql", "stock-sqlite")
#: Two peers for scenarios where more would add little: the stack that we build on, and the fastest.
SOME: Final = ("stock", "ws", "nchan")
#: Costs are measured between these two rates (messages a second), in one room and in many. The faster rate uses a
#: process about as much as it should be used; at much more, the costs would include waiting.
SLOW: Final = 5
FAST: Final = 40
MANY_SLOW: Final = 10
MANY_FAST: Final = 1000
SMALL: Final = [f"small-{number}" for number in range(200)]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`load` goes to `benchmarks.loads`. `value` is the figure that counts, in `unit`. `runner` names the function of
    `benchmarks.runners` that runs the scenario.
    """

    name: str
    title: str
    load: dict[str, Any]
    value: str = "deliveries"
    unit: str = "deliveries/s"
    contestants: Sequence[str] = field(default=(OURS, *PEERS))
    runner: str = "serve"
    quick: Sequence[str] = ()  # the contestants in `bin/bench --quick`


def fan_out(receivers: int, in_flight: int, quick: Sequence[str] = ()) -> Scenario:
    many = "one message in flight" if in_flight == 1 else f"{in_flight} messages in flight"
    return Scenario(
        f"fanout-{receivers}-{in_flight}",
        f"Fan-out to {receivers}, {many}",
        {"kind": "closed", "size": receivers, "in_flight": in_flight},
        contestants=(OURS, PIPE, *PEERS),
        quick=quick,
    )


def paced(rate: int) -> Scenario:
    return Scenario(
        f"paced-{rate}",
        f"1000 receivers, {rate} messages a second",
        {"kind": "paced", "size": 1000, "rate": rate},
        value="p99",
        unit="ms, p99",
        contestants=(OURS, *SOME),
    )


def capacity(name: str, title: str, rate: int, **load: Any) -> Scenario:
    """Ours alone at a fixed rate, to measure its processor time."""
    return Scenario(
        f"capacity-{name}-{rate}",
        f"{title}, {rate} messages a second",
        {"kind": "paced", "rate": rate, "seconds": 4.0, **load},
        value="server_cpu",
        unit="of a core",
        contestants=(OURS,),
    )


SCENARIOS: Final = (
    fan_out(100, 1),
    fan_out(100, 16),
    fan_out(1000, 1, quick=(OURS, "stock", "ws", "nchan")),
    fan_out(1000, 16, quick=(OURS, "stock", "ws", "nchan")),
    paced(10),
    paced(100),
    paced(1000),
    Scenario(
        "rooms",
        "200 rooms of 5, everyone talking",
        {"kind": "closed", "rooms": SMALL, "size": 5, "in_flight": 5},
        contestants=(OURS, PIPE, "autobahn", "socketio", *SOME),
        quick=(OURS, PIPE, "stock"),
    ),
    Scenario(
        "connect",
        "Connections a second, from handshake to live in a room",
        {"kind": "connect", "rooms": SMALL, "size": 5},
        value="rate",
        unit="connections/s",
        contestants=(OURS, PIPE, *SOME),
    ),
    Scenario(
        "memory",
        "Memory of an idle connection",
        {"kind": "connect", "rooms": SMALL, "size": 5, "at_once": 10},
        value="memory",
        unit="KiB",
        contestants=(OURS, PIPE, "autobahn", *SOME),
        quick=(OURS, "stock"),
    ),
    Scenario(
        "board",
        "A board of 50 streams with 20 values a second each, 500 viewers, through worker and database",
        {"kind": "board", "size": 500, "values": 1000, "source": "worker"},
        value="p99",
        unit="ms, p99",
        contestants=(OURS,),
        runner="board",
    ),
    Scenario(
        "values",
        "1000 viewers, 1000 values a second, published as a worker does",
        {"kind": "board", "size": 1000, "values": 1000, "source": "feeder"},
        value="p99",
        unit="ms, p99",
        contestants=(OURS,),
        runner="board",
        quick=(OURS,),
    ),
    Scenario(
        "stored",
        "Messages stored and delivered, 500 senders in 100 rooms of 5",
        # Stock takes seconds for the first of 500 simultaneous inserts.
        {"kind": "closed", "rooms": SMALL[:100], "size": 5, "in_flight": 5}
        | {"stall": 5.0, "warmup": 3.0, "seconds": 4.0},
        value="messages",
        unit="messages/s",
        contestants=(OURS, EMBEDDED, *STORING),
        quick=(OURS, "stock-postgresql"),
    ),
    Scenario(
        "writer",
        "Messages stored, 500 senders, without sockets",
        {"senders": 500},
        value="messages",
        unit="messages/s",
        contestants=(OURS, EMBEDDED, *STORING),
        runner="writer",
    ),
    Scenario(
        "writer-one",
        "Messages stored, one sender, without sockets",
        {"senders": 1},
        value="messages",
        unit="messages/s",
        contestants=(OURS, EMBEDDED, *STORING),
        runner="writer",
    ),
    Scenario(
        "return",
        "1000 clients come back at once after a restart, each missing 50 messages",
        {"kind": "return", "dialect": "resume", "size": 1000, "at_once": 1000},
        value="live",
        unit="s until all are live",
        contestants=(OURS,),
        runner="mass_return",
        quick=(OURS,),
    ),
    Scenario(
        "fair",
        "A quiet room of 5 beside a busy room of 200",
        {"kind": "fair", "rooms": SMALL[:1], "size": 5, "rate": 20, "busy": 200, "in_flight": 16},
        value="p99",
        unit="ms, p99 in the quiet room",
        contestants=(OURS, *SOME),
    ),
    Scenario(
        "fair-board",
        "A quiet room of 5 beside a board of 50 streams with 20 values a second each, 500 viewers",
        {"kind": "fair", "dialect": "switchboard", "rooms": SMALL[:1], "size": 5, "rate": 20}
        | {"beside": "board", "busy": 500, "values": 1000, "source": "worker"},
        value="p99",
        unit="ms, p99 in the quiet room",
        contestants=(OURS,),
        runner="board",
    ),
    capacity("100", "100 receivers", SLOW, size=100),
    capacity("100", "100 receivers", FAST, size=100),
    capacity("1000", "1000 receivers", SLOW, size=1000),
    capacity("1000", "1000 receivers", FAST, size=1000),
    capacity("rooms", "200 rooms of 5 beside a silent process", MANY_SLOW, rooms=SMALL, size=5, silent=1, seconds=8.0),
    capacity("rooms", "200 rooms of 5 beside a silent process", MANY_FAST, rooms=SMALL, size=5, silent=1, seconds=8.0),
)
