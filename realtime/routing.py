"""Sockets for paths without an endpoint."""

from realtime.consumers import SocketConsumer
from realtime.wire.protocol import Close, Refused


class UnknownEndpointConsumer(SocketConsumer):
    """Accepts the socket and tells the client that this path has no endpoint; a failed handshake could not say that."""

    signed_in = False
    any_origin = True

    async def opened(self) -> None:
        raise Refused(Close.NOT_FOUND, "not_found", "There is no such endpoint.")
