"""The command: reads one load and prints one result, both as JSON.

python -m benchmarks.loads - <load.json       a `Load`, such as {"kind": "closed", "ports": [8000], …}
python -m benchmarks.loads --self-test        what it can count when a server is nothing but a write
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Final

from benchmarks.load_client import LoadError
from benchmarks.loads.arriving import come_back, connect
from benchmarks.loads.beside import fair
from benchmarks.loads.board import board
from benchmarks.loads.load import Load, Result
from benchmarks.loads.outcome import per_core
from benchmarks.loads.rooms import closed, paced
from benchmarks.loads.self_test import self_test

KINDS: Final[dict[str, Callable[[Load], Result]]] = {
    "closed": closed,
    "paced": paced,
    "fair": fair,
    "connect": connect,
    "return": come_back,
    "board": board,
}


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


if __name__ == "__main__":
    main(sys.argv[1:])
