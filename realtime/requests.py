"""One HTTP request as our server takes it in: without end it may be, but not in memory."""

from typing import Any, Final

import daphne.server
from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings

#: Bytes of a body that are kept: one more than Django takes in a form; our own calls take less, and say so.
BODY_BYTES: Final = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1


class Request(WebRequest):
    """A request of whose body no more is kept than shows that it is too long: daphne would hold all of it twice."""

    _room = BODY_BYTES

    def gotLength(self, length: int | None) -> None:
        super().gotLength(length if length is None else min(length, self._room))

    def handleContentChunk(self, data: bytes) -> None:
        if self._room > 0:
            super().handleContentChunk(data[: self._room])
            self._room -= len(data)


class RequestFactory(HTTPFactory):
    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = Request
        return protocol


daphne.server.HTTPFactory = RequestFactory  # its `run` makes one, and asks nobody which
