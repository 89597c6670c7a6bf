"""Synchronous work in separate threads, so that it never waits for somebody else's slow query."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, Final, ParamSpec, TypeVar

from django.db import close_old_connections

#: Seconds that cancelled work in a loop of its own gets to end.
GRACE: Final = 1.0

P = ParamSpec("P")
Result = TypeVar("Result")


def with_fresh_connection(function: Callable[P, Result]) -> Callable[P, Result]:
    """Wrap `function` so that it neither finds a dead database connection nor leaves one behind."""

    def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        close_old_connections()
        try:
            return function(*args, **kwargs)
        finally:
            close_old_connections()

    return call


class DatabaseThread:
    """One thread that runs calls one after the other."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, name)

    async def call(self, function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        work = with_fresh_connection(function)
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: work(*args, **kwargs))

    def end(self) -> None:
        """Take no more calls; a running one finishes."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class ThreadsOnDemand(Executor):
    """As many threads as there are simultaneous calls, so that a call that hangs delays no other.

    Idle threads are used again, with their database connections. Unlike those of a ThreadPoolExecutor, they do not keep
    the process from ending.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._idle: list[SimpleQueue[Callable[[], None] | None]] = []
        self._ended = False

    def submit(self, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Future[Result]:
        future: Future[Result] = Future()
        with self._lock:
            if self._ended:
                raise RuntimeError("these threads take no more calls")
            calls = self._idle.pop() if self._idle else self._start()
        calls.put(partial(_fulfil, future, partial(fn, *args, **kwargs)))
        return future

    def _start(self) -> SimpleQueue[Callable[[], None] | None]:
        calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._work, args=(calls,), name=self._name, daemon=True).start()
        return calls

    def _work(self, calls: SimpleQueue[Callable[[], None] | None]) -> None:
        while call := calls.get():
            call()
            del call  # drop references before waiting for the next job
            with self._lock:
                if self._ended:
                    return
                self._idle.append(calls)

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = False) -> None:
        """Take no more calls. Running ones go on, but are not waited for."""
        with self._lock:
            self._ended = True
            for calls in self._idle:
                calls.put(None)


class LoopOfItsOwn:
    """An event loop in a thread, for coroutines that may block it. It does not keep the process from ending.

    Use it with `async with`. At the end, running work is cancelled and waited for, for a short time.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._ended: Future[None] = Future()

    async def __aenter__(self) -> "LoopOfItsOwn":
        threading.Thread(target=self._run, name=self._name, daemon=True).start()
        self._loop, self._over = await asyncio.wrap_future(self._ready)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(self._ended), GRACE)

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        finally:
            if self._ended.set_running_or_notify_cancel():
                self._ended.set_result(None)

    async def _live(self) -> None:
        over = asyncio.Event()
        if not self._ready.set_running_or_notify_cancel():
            return  # its caller was cancelled
        self._ready.set_result((asyncio.get_running_loop(), over))
        await over.wait()

    async def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Await `work` in that loop.

        Cancelling this call cancels it. Exceptions that would end the thread are raised as Quit.
        """
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_without_quitting(work), self._loop))


class Quit(Exception):
    """The code tried to end the process; the text says how."""


async def _without_quitting(work: Coroutine[Any, Any, Result]) -> Result:
    try:
        return await work
    except (Exception, asyncio.CancelledError, GeneratorExit):
        raise
    except BaseException as error:
        raise Quit(str(error) or type(error).__name__) from error


def _fulfil(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except Exception as error:
        # A future cannot carry StopIteration: whatever awaits it would never wake up.
        future.set_exception(RuntimeError("StopIteration") if isinstance(error, StopIteration) else error)
    except BaseException as error:
        future.set_exception(Quit(str(error) or type(error).__name__))
    else:
        future.set_result(result)
