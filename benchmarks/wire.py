"""RFC 6455 as a client needs it, and a counter for those connections that are not parsed; pure."""

import struct
from typing import Final

TEXT: Final = 0x1
CLOSE: Final = 0x8
PING: Final = 0x9
#: An unsolicited pong (RFC 6455, 5.5.3): tells a server that pings that this connection lives.
PONG: Final = b"\x8a\x80\0\0\0\0"


class WireError(Exception):
    """The server sent what RFC 6455 forbids."""


def text_frame(payload: bytes) -> bytes:
    """Return a client's text frame. Its masking key is zero, which is one of those a client may draw."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB4x", 0x80 | TEXT, 0x80 | size) + payload
    if size < 65536:
        return struct.pack("!BBH4x", 0x80 | TEXT, 0x80 | 126, size) + payload
    return struct.pack("!BBQ4x", 0x80 | TEXT, 0x80 | 127, size) + payload


class FrameReader:
    """Parses what one server sends; checks all that RFC 6455 says about its frames."""

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


class MarkerCounter:
    """Counts a marker, which stands once in each message, in what many connections receive through one buffer.

    A marker that two reads share counts once, with the second: the buffer keeps room in front of what is
    received for the end of what that connection received before.
    """

    def __init__(self, marker: bytes, size: int = 256 * 1024) -> None:
        self.marker = marker
        self._keep = len(marker) - 1
        self._buffer = bytearray(self._keep + size)
        #: Receive into this.
        self.view = memoryview(self._buffer)[self._keep :]

    def count(self, received: int, tail: bytes) -> tuple[int, bytes]:
        """Return how many markers end in the first `received` bytes of the view, and the new tail."""
        buffer, marker, start = self._buffer, self.marker, self._keep
        end = start + received
        if tail:
            start -= len(tail)
            buffer[start : self._keep] = tail
        found = buffer.count(marker, start, end)
        # What ends with a byte that is not in the marker does not end with a part of it: nearly always so.
        return found, bytes(buffer[max(start, end - self._keep) : end]) if buffer[end - 1] in marker else b""
