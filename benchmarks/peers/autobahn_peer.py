"""Autobahn on asyncio. Each message is prepared once, as in its broadcast example."""

import asyncio
import sys
from collections import defaultdict
from typing import Any

from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol

rooms: defaultdict[str, set[Any]] = defaultdict(set)


class Member(WebSocketServerProtocol):
    factory: Any
    room: set[Any]

    def onConnect(self, request: Any) -> None:
        self.room = rooms[request.path]

    def onOpen(self) -> None:
        self.room.add(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        prepared = self.factory.prepareMessage(payload, isBinary)
        for member in self.room:
            member.sendPreparedMessage(prepared)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:
        if hasattr(self, "room"):
            self.room.discard(self)


async def main() -> None:
    factory = WebSocketServerFactory()
    factory.protocol = Member
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    await server.serve_forever()


asyncio.run(main())
