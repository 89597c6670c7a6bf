"""`/ws/echo/`, to test whether sockets get through."""

import time
from typing import Final

from realtime.consumers import SocketConsumer, now
from realtime.wire.protocol import CommandError, Frame

#: A socket that sends nothing for this many seconds is closed at the next heartbeat.
IDLE: Final = 60.0


class EchoConsumer(SocketConsumer):
    """`/ws/echo/`: sends each text frame back, for the connection check. Open to anyone."""

    signed_in = False
    any_origin = True

    async def opened(self) -> None:
        self._heard_at = time.monotonic()

    def heartbeat(self, frame: Frame) -> None:
        if time.monotonic() - self._heard_at < IDLE:
            super().heartbeat(frame)
        else:
            self._begin(self.connection.close(1000))

    async def receive_text(self, text: str) -> None:
        self._heard_at = time.monotonic()
        try:
            text.encode()
        except UnicodeError:
            raise CommandError("bad_message", "This frame is not valid UTF-8.") from None
        self.connection.send({"type": "echo", "text": text, "at": now()})
