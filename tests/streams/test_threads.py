import subprocess
import sys
import threading

import pytest

from streams.threads import Quit, ThreadsOnDemand


def test_one_that_hangs_holds_up_no_other() -> None:
    threads, release = ThreadsOnDemand("test"), threading.Event()
    hanging = [threads.submit(release.wait, 10) for _ in range(5)]
    assert threads.submit(lambda: 42).result(5) == 42
    release.set()
    assert all(each.result(5) for each in hanging)


def test_idle_threads_are_used_again() -> None:
    threads = ThreadsOnDemand("test")
    seen: set[int] = set()
    for _ in range(20):
        seen.add(threads.submit(threading.get_ident).result(5))
    assert len(seen) <= 2  # a thread is idle a moment after its result is there


def test_errors_arrive_and_the_thread_goes_on() -> None:
    threads = ThreadsOnDemand("test")
    told = {ValueError: ValueError, SystemExit: Quit, KeyboardInterrupt: Quit, StopIteration: RuntimeError}
    for error, arrived in told.items():
        with pytest.raises(arrived):
            threads.submit(_fail, error).result(5)
    assert threads.submit(lambda: 1).result(5) == 1


def _fail(error: type[BaseException]) -> None:
    raise error


def test_after_the_end_there_are_no_calls() -> None:
    threads = ThreadsOnDemand("test")
    threads.shutdown()
    with pytest.raises(RuntimeError):
        threads.submit(print)


def test_one_that_hangs_keeps_no_process_alive() -> None:
    code = (
        "import threading; from streams.threads import ThreadsOnDemand;"
        "ThreadsOnDemand('test').submit(threading.Event().wait); print('end')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (0, "end\n")
