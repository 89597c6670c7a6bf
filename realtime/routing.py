"""Where no endpoint is."""

from realtime.consumers import SocketConsumer
from realtime.wire.protocol import Close, Refused


class UnknownEndpointConsumer(SocketConsumer):
    """Tells clients that there is no endpoint at this path. A failed handshake would tell them nothing."""

    signed_in = False
    any_origin = True

    async def opened(self) -> None:
        raise Refused(Close.NOT_FOUND, "not_found", "There is no such endpoint.")
