"""The part of RFC 6455 that a client on a raw socket needs; pure."""

import base64
import os
import struct
from typing import Final

TEXT: Final = 0x1
CLOSE: Final = 0x8
PING: Final = 0x9
#: An unsolicited pong (RFC 6455, 5.5.3): tells a server that sends pings that this connection is alive.
PONG: Final = b"\x8a\x80\0\0\0\0"


class WireError(Exception):
    """The server sent what RFC 6455 forbids."""


def handshake(path: str, host: str, **headers: str) -> bytes:
    """Return the request that opens a websocket."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def text_frame(payload: bytes) -> bytes:
    """Return a client's text frame. Its masking key is zero, one of the keys that a client may choose."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB4x", 0x80 | TEXT, 0x80 | size) + payload
    if size < 65536:
        return struct.pack("!BBH4x", 0x80 | TEXT, 0x80 | 126, size) + payload
    return struct.pack("!BBQ4x", 0x80 | TEXT, 0x80 | 127, size) + payload


class FrameReader:
    """Parses the frames of one server, and checks every rule of RFC 6455 about them."""

    def __init__(self) -> None:
        self.rest = b""
        self._parts: list[bytes] | None = None  # of a fragmented message
        self._opcode = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the messages and control frames that `data` completes, as (opcode, payload)."""
        data = self.rest + data if self.rest else data
        found = []
        at, end = 0, len(data)
        while end - at >= 2:
            first, second = data[at], data[at + 1]
            if first & 0x70 or second & 0x80:
                raise WireError("a reserved bit is set, or a server's frame is masked")
            start, size = at + 2, second
            if second == 126:
                start, size = at + 4, int.from_bytes(data[at + 2 : at + 4])
            elif second == 127:
                start, size = at + 10, int.from_bytes(data[at + 2 : at + 10])
            if start + size > end or start > end:
                break
            if (second == 126 and size < 126) or (second == 127 and size < 65536):
                raise WireError("a length is not in its shortest form")
            if whole := self._take(first, data[start : start + size]):
                found.append(whole)
            at = start + size
        self.rest = data[at:]
        return found

    def _take(self, first: int, payload: bytes) -> tuple[int, bytes] | None:
        opcode, last = first & 0x0F, bool(first & 0x80)
        if opcode & 0x08:
            if not last or len(payload) > 125:
                raise WireError("a control frame is too long or fragmented")
            return opcode, payload
        if (opcode == 0) != (self._parts is not None):
            raise WireError("a continuation without a beginning, or a beginning within a message")
        if self._parts is None:
            if last:
                return opcode, payload
            self._parts, self._opcode = [payload], opcode
            return None
        self._parts.append(payload)
        if not last:
            return None
        parts, self._parts = self._parts, None
        return self._opcode, b"".join(parts)
