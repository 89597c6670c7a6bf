"""Clients of a real server: a correct one, and one that writes any bytes."""

import json
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Self

from websockets.frames import Frame, Opcode

from harness.client import PATIENCE, Client
from harness.frames import TEXT, FrameReader, handshake
from harness.servers import Web


@asynccontextmanager
async def visit(server: Web, path: str = "/inspect/") -> AsyncIterator[Client]:
    """Open a socket, and take its hello."""
    async with Client(server.address) as client:
        await client.connect(path, origin=None)
        yield client


def frame(payload: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


class RawClient:
    """Reads only when told to. The end of its `with` block resets the connection."""

    def __init__(self, server: Web, path: str = "/inspect/") -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.settimeout(PATIENCE)
        self.socket.sendall(handshake(path, "x"))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(1)
        assert b" 101 " in answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send_command(self, **fields: Any) -> None:
        self.socket.sendall(frame(json.dumps(fields).encode()))

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the events, slowly."""
        reader = FrameReader()
        while data := self.socket.recv(4096):
            yield from (json.loads(payload) for opcode, payload in reader.feed(data) if opcode == TEXT)
