"""Counts messages on connections that are not parsed; pure."""


class MarkerCounter:
    """Counts a marker, which each message contains once, in the bytes that many connections receive through one buffer.

    A marker that is split over two reads counts once, with the second. For this, the buffer has room before the
    received bytes for the end of what the same connection received before.
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
        # Bytes whose last one is not in the marker (nearly always) do not end with a part of it.
        return found, bytes(buffer[max(start, end - self._keep) : end]) if buffer[end - 1] in marker else b""
