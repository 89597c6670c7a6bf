"""The child process that evaluates sources: one job after the other, each within limits. No Django here.

It reads jobs (a length of four bytes, then msgpack) and writes answers (the same with JSON): `{"found": …}` or
`{"failed": "a sentence"}`. `streams.sources.apart` starts it, and kills it when it is late.
"""

import json
import os
import resource
import select
from typing import Any, BinaryIO, Final

import msgspec

from streams.sources import asking, feeds
from streams.sources.results import QueryFailed
from streams.values import Kind

#: The most bytes of its memory, and of a file that it writes (SQLite sorts in files).
MEMORY: Final = 256 * 1024 * 1024
FILE: Final = 64 * 1024 * 1024
#: It ends after this many seconds without a job.
IDLE: Final = 60.0
#: Its nice value: other processes go first.
NICE: Final = 5


def main() -> None:
    jobs = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of a library must not mix with the answers
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _write(answers, b"ready")
    while select.select([jobs], [], [], IDLE)[0] and (length := jobs.read(4)):
        job = msgspec.msgpack.decode(jobs.read(int.from_bytes(length)))
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime + job["seconds"]) + 2  # ends the child even when its parent is gone
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        try:
            _write(answers, answer(job))
        except MemoryError:
            os._exit(1)


def answer(job: dict[str, Any]) -> bytes:
    """Return the result of a job, as JSON. Raises MemoryError when even an error sentence does not fit."""
    try:
        told = json.dumps({"found": _do(job)}, ensure_ascii=False).encode()
        if len(told) > asking.ANSWER_BYTES:
            raise QueryFailed(f"gave more than {asking.ANSWER_BYTES // 1024**2} MiB")
    except MemoryError:
        told = _failed(f"needed more than {MEMORY // 1024**2} MiB of memory and was stopped")
    except (QueryFailed, ValueError) as error:
        told = _failed(str(error))
    except Exception as error:
        told = _failed(f"{type(error).__name__}: {error}")
    return told


def _failed(sentence: str) -> bytes:
    return json.dumps({"failed": sentence[:1_000]}).encode()


def _do(job: dict[str, Any]) -> Any:
    match job["do"]:
        case "sql":
            result = asking.find(job["url"], job["query"], job["patience"], job["tables"])
            return [result.columns, result.rows]
        case "json":
            return feeds.json_value(job["body"], job["path"], Kind(job["kind"]))
        case "feed":
            return feeds.feed_value(job["body"], Kind(job["kind"]))
    raise ValueError(f"There is no job {job['do']}.")


def _write(answers: BinaryIO, told: bytes) -> None:
    answers.write(len(told).to_bytes(4) + told)
    answers.flush()


if __name__ == "__main__":
    main()
