"""What is measured: each scenario's load, who takes part, and how its result is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

#: Everybody whom fan-out is measured against, by the names of `benchmarks/peers`.
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
#: Ours, and ours with `typing` instead of messages: what is left when nothing is stored.
OURS: Final = "switchboard"
TYPING: Final = "switchboard-typing"
#: What `bin/bench --quick` measures beside ours.
QUICK: Final = ("stock", "nchan", "ws")


@dataclass(frozen=True, slots=True)
class Scenario:
    """`load` is what `benchmarks.load` is asked for; `value` the figure that counts, in `unit`."""

    name: str
    title: str
    load: dict[str, Any]
    value: str = "deliveries"
    unit: str = "deliveries/s"
    contestants: Sequence[str] = field(default=(OURS, *PEERS))
    quick: bool = True


def fan_out(receivers: int, in_flight: int, quick: bool) -> Scenario:
    many = "one message in flight" if in_flight == 1 else f"{in_flight} messages in flight"
    return Scenario(
        f"fanout-{receivers}-{in_flight}",
        f"Fan-out to {receivers}, {many}",
        {"kind": "closed", "size": receivers, "in_flight": in_flight},
        contestants=(OURS, TYPING, *PEERS) if receivers == 1000 else (OURS, *PEERS),
        quick=quick,
    )


def paced(rate: int) -> Scenario:
    return Scenario(
        f"open-{rate}",
        f"1000 receivers, {rate} messages a second",
        {"kind": "open", "size": 1000, "rate": rate},
        value="p99",
        unit="ms (p99)",
        quick=False,
    )


SCENARIOS: Final = (
    fan_out(100, 1, quick=False),
    fan_out(100, 16, quick=False),
    fan_out(1000, 1, quick=True),
    fan_out(1000, 16, quick=True),
    paced(10),
    paced(100),
    paced(1000),
    Scenario(
        "rooms",
        "200 rooms of 5, everyone talking",
        {"kind": "closed", "rooms": [f"small-{number}" for number in range(200)], "size": 5, "in_flight": 5},
        contestants=(OURS, TYPING, *PEERS),
    ),
)
