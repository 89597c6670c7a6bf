"""Clients of a real server: one that behaves, and one that does not."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

from harness.client import PATIENCE
from harness.servers import Web


class Client:
    """A client that knows the protocol's commands and reads when told to."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line

    async def event(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            event: dict[str, Any] = json.loads(await self.line.recv())
            return event

    async def assert_event(self, **fields: Any) -> dict[str, Any]:
        event = await self.event()
        assert {name: event.get(name) for name in fields} == fields, event
        return event

    async def send(self, **command: Any) -> None:
        await self.line.send(json.dumps(command))

    async def call(self, type: str, **fields: Any) -> dict[str, Any]:
        await self.send(type=type, ref="r", **fields)
        return await self.assert_event(ref="r")

    async def assert_closed(self, code: int) -> None:
        with pytest.raises(ConnectionClosed):
            await self.event()
        assert self.line.close_code == code


@asynccontextmanager
async def visit(server: Web, endpoint: str = "inspect") -> AsyncIterator[Client]:
    """Open a socket, and take its hello."""
    address = f"ws://127.0.0.1:{server.port}/{endpoint}/"
    async with connect(address, proxy=None, compression=None, max_size=None, max_queue=None, close_timeout=2) as line:
        client = Client(line)
        await client.assert_event(type="hello")
        yield client


class Rude:
    """A client that writes what it likes, and reads nothing it is not made to."""

    def __init__(self, server: Web) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.settimeout(PATIENCE)
        lines = ["GET /inspect/ HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(1)
        assert b" 101 " in answer

    def __enter__(self) -> "Rude":
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def command(self, **fields: Any) -> None:
        self.socket.sendall(frame(json.dumps(fields).encode()))

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the events, slowly."""
        parser = Protocol(Side.CLIENT, state=State.OPEN, max_size=None)
        while data := self.socket.recv(4096):
            parser.receive_data(data)
            for each in parser.events_received():
                assert isinstance(each, Frame)
                yield json.loads(bytes(each.data))


def frame(payload: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)
