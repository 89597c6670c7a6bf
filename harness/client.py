"""Clients of Switchboard: they send commands and wait for events. They know only docs/protocol.md."""

import asyncio
import inspect
import json
import ssl
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Event = dict[str, Any]

#: Seconds that a busy test machine may need for something immediate.
PATIENCE = 15.0
#: Seconds to wait for something that must not come.
QUIET = 0.15
#: Events that come regularly, without a cause.
BACKGROUND = frozenset({"hello", "heartbeat", "heads", "presence"})


async def eventually(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until `condition` (a function or coroutine function) returns something true, and return that.

    Fail after `seconds`.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found = condition()
        value = await found if inspect.isawaitable(found) else found
        if value:
            return value
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {inspect.getsource(condition).strip()}")
        await asyncio.sleep(0.05)


def fitting(type: str, fields: Mapping[str, Any]) -> Callable[[Event], bool]:
    """Return a condition: an event of this type with these fields."""
    return lambda event: event["type"] == type and all(event.get(name) == value for name, value in fields.items())


class Socket(ABC):
    """One socket over any transport. Events that no test has waited for stay in `events`, in order."""

    #: Types of events that `assert_silence` ignores.
    background = BACKGROUND

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Event()

    @abstractmethod
    async def send_text(self, text: str) -> None:
        """Send one frame."""

    @property
    @abstractmethod
    def is_connected(self) -> bool:
        """Whether the server may still send something."""

    @property
    @abstractmethod
    def close_code(self) -> int | None:
        """The code with which the server has closed the socket."""

    def _hear(self, text: str | bytes) -> None:
        self.events.append(json.loads(text))
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _wait(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait until `done()` is true, nothing more can come, or `seconds` have passed."""
        try:
            async with asyncio.timeout(seconds):
                while not done() and self.is_connected:
                    await self._changed.wait()
        except TimeoutError:
            pass

    # Sending

    async def send_command(self, type: str, **fields: Any) -> str:
        """Send a command and return its `ref`."""
        ref = fields.setdefault("ref", uuid.uuid4().hex[:12])
        await self.send_text(json.dumps({"type": type, **fields}))
        return str(ref)

    async def ask(self, type: str, **fields: Any) -> Event:
        """Send a command and return its reply, an error too."""
        return await self.reply(await self.send_command(type, **fields))

    async def call(self, type: str, **fields: Any) -> Event:
        """Send a command and return its reply; an error fails the test."""
        reply = await self.ask(type, **fields)
        assert reply["type"] != "error", reply
        return reply

    async def say(self, room: str, body: str = "hello", id: str = "", **fields: Any) -> Event:
        """Post a message and return its ack."""
        return await self.call("send", room=room, id=id or str(uuid.uuid4()), body=body, **fields)

    # Waiting

    async def next(
        self, fits: Callable[[Event], bool] = lambda event: True, seconds: float = PATIENCE, what: str = "event"
    ) -> Event:
        """Remove and return the first event that fits; the others stay."""

        def first() -> Event | None:
            return next((event for event in self.events if fits(event)), None)

        await self._wait(lambda: first() is not None, seconds)
        found = first()
        if found is None:
            state = "connected" if self.is_connected else f"closed with {self.close_code}"
            raise AssertionError(f"no {what} within {seconds:g} s ({state}); waiting: {self.events}")
        self.events.remove(found)
        return found

    async def reply(self, ref: str, seconds: float = PATIENCE) -> Event:
        """Return the event that answers the command with this `ref`, an error too."""
        return await self.next(lambda event: event.get("ref") == ref, seconds, f"reply to {ref}")

    async def assert_event(self, type: str, seconds: float = PATIENCE, **fields: Any) -> Event:
        """Wait for an event of this type with these fields, and return it."""
        return await self.next(fitting(type, fields), seconds, f"{type} {fields or ''}")

    async def assert_next(self, **fields: Any) -> Event:
        """The very next event has these fields; return it."""
        event = await self.next()
        assert {name: event.get(name) for name in fields} == fields, event
        return event

    async def assert_error(self, code: str, type: str, **fields: Any) -> Event:
        """Send a command that must fail with `code`; return the error."""
        return await self.assert_failed(await self.send_command(type, **fields), code)

    async def assert_failed(self, ref: str, code: str) -> Event:
        """The command with this `ref` fails with `code`; return the error."""
        reply = await self.reply(ref)
        assert (reply["type"], reply.get("code")) == ("error", code), reply
        assert reply["detail"].endswith((".", "!")), "an error is a sentence"
        return reply

    async def assert_silence(self, *types: str, seconds: float = QUIET) -> None:
        """Assert that no event (or none of these types) waits or comes."""

        def breaks(event: Event) -> bool:
            return event["type"] in types if types else event["type"] not in self.background

        if not self.is_connected:  # and none after the close
            await asyncio.sleep(seconds)
        else:
            await self._wait(lambda: any(map(breaks, self.events)), seconds)
            assert self.is_connected, f"closed with {self.close_code}: {self.events}"
        assert not any(map(breaks, self.events)), self.events

    async def assert_pong(self) -> None:
        """Assert that nothing else has come: the very next event is the answer to a ping."""
        ref = await self.send_command("ping")
        await self.assert_next(type="pong", ref=ref)

    async def assert_closed(self, code: int, error: str | None = None, seconds: float = PATIENCE) -> None:
        """Assert that the server closes the socket with this code.

        With `error`, that event comes first, and no other.
        """
        if error is not None:
            await self.assert_next(type="error", code=error)
        await self._wait(lambda: False, seconds)
        assert not self.is_connected, f"still connected; events: {self.events}"
        assert self.close_code == code, f"closed with {self.close_code}, not {code}; events: {self.events}"
        assert error is None or not self.events, self.events


async def open_socket(
    address: str,
    path: str,
    *,
    headers: Mapping[str, str],
    tls: ssl.SSLContext | None = None,
    origin: str | None = "same",
    **options: Any,
) -> ClientConnection:
    """Open a socket to the server at `address`. `origin`: "same" means the server's own. `options`: for websockets."""
    return await connect(
        address.replace("http", "ws", 1) + path,
        additional_headers=headers,
        origin=address if origin == "same" else origin,  # type: ignore[arg-type]
        ssl=tls,
        **{"proxy": None, "compression": None, "max_size": None, "close_timeout": 2, **options},
    )


class Client(Socket):
    """One person at a real server: a session, and at most one socket. Use it as an async context manager.

    `headers` are sent with each request and handshake.
    """

    def __init__(
        self,
        address: str,
        tls: ssl.SSLContext | None = None,
        token: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.address = address
        self.tls = tls
        self.headers = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        self.user: dict[str, Any] = {}
        self.hello: Event = {}
        self.http = httpx.AsyncClient(base_url=address, verify=tls or True, headers=self.headers, trust_env=False)
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

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

    @property
    def cookie(self) -> str:
        """The header `Cookie` of this session."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)

    @property
    def socket(self) -> ClientConnection:
        """The open socket, for tests of misbehaving clients."""
        assert self._socket, "connect first"
        return self._socket

    async def connect(self, path: str = "/ws/chat/", origin: str | None = "same", **options: Any) -> Event:
        """Open a socket and return its `hello` (or the `error` that refuses it)."""
        await self.disconnect()
        self.events.clear()
        headers = {**self.headers, **({"Cookie": self.cookie} if self.http.cookies else {})}
        self._socket = await open_socket(self.address, path, headers=headers, tls=self.tls, origin=origin, **options)
        self._reader = asyncio.create_task(self._read(self._socket))
        self.hello = await self.next(lambda event: event["type"] in ("hello", "error"), what="hello")
        return self.hello

    async def disconnect(self) -> None:
        if self._socket and self._reader:
            await self._socket.close()
            await self._reader
            self._socket = None

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for frame in socket:
                self._hear(frame)
        except ConnectionClosed:
            pass
        finally:
            # Waiting code must see that the task is done.
            asyncio.get_running_loop().call_soon(self._wake)

    @property
    def is_connected(self) -> bool:
        return self._reader is not None and not self._reader.done()

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code if self._socket else None

    async def send_text(self, text: str | bytes) -> None:
        await self.socket.send(text)
