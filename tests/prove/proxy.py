"""A TCP proxy before Redis or PostgreSQL that can go silently deaf."""

import asyncio
import contextlib


class Proxy:
    """Forwards `port` to `target`.

    While `deaf` it swallows everything; connections of that time stay dead afterwards.
    """

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self.target = target
        self.deaf = False
        self._era = 0  # connections of an era that ended deaf stay dead
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def go_deaf(self) -> None:
        """From now on swallow every byte without closing anything, like a pulled cable."""
        self.deaf = True

    def hear_again(self) -> None:
        """Serve new connections. The old ones stay open but dead, as after a fail-over."""
        self.deaf = False
        self._era += 1

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        era = self._era
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            if not self.deaf:
                return  # the target is down: the client is told so
            await reader.read()
            return
        try:
            async with asyncio.TaskGroup() as both:
                one = both.create_task(self._pump(reader, forth, era))
                other = both.create_task(self._pump(back, writer, era))
                await asyncio.wait({one, other}, return_when=asyncio.FIRST_COMPLETED)
                one.cancel()
                other.cancel()
        finally:
            forth.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, era: int) -> None:
        with contextlib.suppress(OSError):
            while received := await source.read(65536):
                if not self.deaf and era == self._era:
                    sink.write(received)
                    await sink.drain()
        if self.deaf or era != self._era:
            await asyncio.Event().wait()  # swallow the end of the connection, too
