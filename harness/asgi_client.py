"""A client of an ASGI application in this process, without a server."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from harness.client import PATIENCE, Event, Socket


class AsgiClient(Socket):
    """A socket to an application or a single consumer. `scope`: the values that middleware would have added."""

    def __init__(
        self,
        application: Any,
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        **scope: Any,
    ) -> None:
        super().__init__()
        self.scope: dict[str, Any] = {"type": "websocket", **scope}
        self.ask_for(path, headers or {}, subprotocols)
        self.subprotocol: str | None = None  # the subprotocol that the application has chosen
        self.application = application
        self._input: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._accepted = False
        self._close_code: int | None = None
        self._running: asyncio.Task[None] | None = None

    def ask_for(self, path: str, headers: Mapping[str, str], subprotocols: Sequence[str] = ()) -> None:
        """Fill the scope with the data of the handshake."""
        url = urlsplit(path)
        self.scope |= {
            "path": unquote(url.path),
            "query_string": url.query.encode(),
            "headers": [(name.encode(), value.encode("latin1")) for name, value in headers.items()],
            "subprotocols": list(subprotocols),
        }

    def start(self) -> None:
        """Start the application, without a handshake."""
        self._running = asyncio.create_task(self.application(self.scope, self._input.get, self._take))
        self._running.add_done_callback(lambda _: self._wake())

    async def connect(self) -> None:
        """Do the handshake, without waiting for events."""
        self.start()
        self.receive("websocket.connect")
        await self._wait(lambda: self._accepted or not self.is_connected, PATIENCE)
        assert self._accepted, f"not accepted; closed: {self._close_code}"

    async def open(self) -> Event:
        """Connect; return the first event, which is `hello` or the error that refuses."""
        await self.connect()
        return await self.next()

    async def close(self) -> None:
        """Disconnect, unless the application has ended, and wait for its end."""
        if self._running is None:
            return
        if not self._running.done():
            self.receive("websocket.disconnect", code=1001)
        async with asyncio.timeout(PATIENCE):
            await self._running

    async def cancel(self) -> None:
        """Cancel the application, as a server does that gives up on it."""
        assert self._running
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    async def assert_closed(self, code: int, error: str | None = None, seconds: float = PATIENCE) -> None:
        """Assert that the application closes the socket with this code, and ends when told of the disconnect."""
        await super().assert_closed(code, error, seconds)
        await self.close()

    @property
    def has_read_all(self) -> bool:
        """Whether the application has received everything that was sent."""
        return self._input.empty()

    def receive(self, type: str, **message: Any) -> None:
        """Give the application an ASGI message."""
        self._input.put_nowait({"type": type, **message})

    async def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "websocket.accept":
                self._accepted, self.subprotocol = True, message.get("subprotocol")
            case "websocket.send":
                self._hear(message["text"])
            case "websocket.close":
                assert self._close_code is None, "closed twice"
                self._close_code = message.get("code", 1000)
        self._wake()

    @property
    def is_connected(self) -> bool:
        return self._running is not None and not self._running.done() and self._close_code is None

    @property
    def close_code(self) -> int | None:
        return self._close_code

    async def send_text(self, text: str | bytes) -> None:
        self.receive("websocket.receive", **({"text": text} if isinstance(text, str) else {"bytes": text}))
