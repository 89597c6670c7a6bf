"""An outside client that knows only docs/protocol.md, and `eventually`."""

import asyncio
import inspect
import json
import ssl
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Event = dict[str, Any]

#: Seconds that a busy test machine may take for what should be at once.
PATIENCE = 15.0
#: Events that come by themselves; `assert_silence` does not mind them.
BACKGROUND = frozenset({"heartbeat", "heads", "presence"})


async def eventually(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return what `condition`, synchronous or not, returns once that is true; fail after `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found = condition()
        value = await found if inspect.isawaitable(found) else found
        if value:
            return value
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {inspect.getsource(condition).strip()}")
        await asyncio.sleep(0.05)


class Client:
    """One person with one session and at most one socket.

    Use it as an async context manager. Events that no `assert_event` or `reply` has asked for stay in
    `events`, in the order they came.
    """

    def __init__(self, address: str, tls: ssl.SSLContext | None = None, token: str = "") -> None:
        self.address = address
        self.tls = tls
        self.token = token
        self.user: dict[str, Any] = {}
        self.hello: Event = {}
        self.events: list[Event] = []
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = httpx.AsyncClient(base_url=address, verify=tls or True, headers=headers, trust_env=False)
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()

    @classmethod
    async def guest(cls, address: str, name: str, tls: ssl.SSLContext | None = None) -> Self:
        """Return a client that is signed in as a new guest."""
        client = cls(address, tls)
        answer = await client.http.post("/api/session/", json={"name": name})
        assert answer.status_code == 201, answer.text
        client.user = answer.json()["user"]
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.disconnect()
        await self.http.aclose()

    # The socket

    async def connect(self, path: str = "/ws/chat/", origin: str | None = "same") -> Event:
        """Open a socket and return its `hello` (or the `error` that it is refused with)."""
        await self.disconnect()
        self.events.clear()
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if self.http.cookies:
            headers["Cookie"] = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)
        self._socket = await connect(
            self.address.replace("http", "ws", 1) + path,
            additional_headers=headers,
            origin=self.address if origin == "same" else origin,  # type: ignore[arg-type]
            ssl=self.tls,
            proxy=None,
            compression=None,
            max_size=None,
            close_timeout=2,
        )
        self._reader = asyncio.create_task(self._read(self._socket))
        self.hello = await self._take(lambda event: event["type"] in ("hello", "error"), "hello")
        return self.hello

    async def disconnect(self) -> None:
        if self._socket and self._reader:
            await self._socket.close()
            await self._reader
            self._socket = None

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for frame in socket:
                async with self._news:
                    self.events.append(json.loads(frame))
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        finally:
            async with self._news:
                self._news.notify_all()

    @property
    def is_connected(self) -> bool:
        return self._reader is not None and not self._reader.done()

    async def send_text(self, text: str | bytes) -> None:
        assert self._socket, "connect first"
        await self._socket.send(text)

    async def send_command(self, type: str, **fields: Any) -> str:
        """Send a command and return its `ref`."""
        ref = fields.setdefault("ref", uuid.uuid4().hex[:12])
        await self.send_text(json.dumps({"type": type, **fields}))
        return str(ref)

    async def reply(self, ref: str, seconds: float = PATIENCE) -> Event:
        """Return the event that answers the command with this `ref`, an error too."""
        return await self._take(lambda event: event.get("ref") == ref, f"reply to {ref}", seconds)

    async def call(self, type: str, **fields: Any) -> Event:
        """Send a command and return its reply; an error fails the test."""
        answer = await self.reply(await self.send_command(type, **fields))
        assert answer["type"] != "error", answer
        return answer

    async def say(self, room: str, body: str, id: str = "") -> Event:
        """Post a message and return its ack."""
        return await self.call("send", room=room, id=id or str(uuid.uuid4()), body=body)

    # What a test may say of it

    async def assert_event(self, type: str, seconds: float = PATIENCE, **fields: Any) -> Event:
        """Wait for an event of this type with these fields, and return it. Other events stay."""

        def fits(event: Event) -> bool:
            return event["type"] == type and all(event.get(name) == value for name, value in fields.items())

        return await self._take(fits, f"{type} {fields or ''}", seconds)

    async def assert_error(self, ref: str | None, code: str) -> Event:
        error = await (self.reply(ref) if ref else self.assert_event("error"))
        assert (error["type"], error.get("code")) == ("error", code), error
        return error

    async def assert_silence(self, seconds: float, *types: str) -> None:
        """Nothing (or nothing of these types) waits or comes; heartbeats and the like don't count."""

        def breaks(event: Event) -> bool:
            return event["type"] in types if types else event["type"] not in BACKGROUND

        async with self._news:
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait_for(lambda: any(map(breaks, self.events)) or not self.is_connected)
            except TimeoutError:
                return
        assert self.is_connected, f"the socket was closed with {self.close_code}"
        raise AssertionError(f"expected silence, got {[event for event in self.events if breaks(event)]}")

    async def assert_closed(self, code: int, seconds: float = PATIENCE) -> None:
        """The server closes the socket with this code."""
        assert self._reader, "connect first"
        async with asyncio.timeout(seconds):
            await asyncio.shield(self._reader)
        assert self.close_code == code, f"closed with {self.close_code}, not {code}; events: {self.events}"

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code if self._socket else None

    async def _take(self, fits: Callable[[Event], bool], what: str, seconds: float = PATIENCE) -> Event:
        def first() -> Event | None:
            return next((event for event in self.events if fits(event)), None)

        async with self._news:
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait_for(lambda: first() is not None or not self.is_connected)
            except TimeoutError:
                pass
            found = first()
            if found is None:
                state = "connected" if self.is_connected else f"closed with {self.close_code}"
                raise AssertionError(f"no {what} within {seconds:g} s ({state}); waiting: {self.events}")
            self.events.remove(found)
            return found
