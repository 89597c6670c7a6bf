"""eventlet's websocket, one green thread per connection."""

import sys
from collections import defaultdict
from typing import Any

import eventlet
from eventlet import websocket, wsgi

rooms: defaultdict[str, set[Any]] = defaultdict(set)


@websocket.WebSocketWSGI
def member(ws: Any) -> None:
    room = rooms[ws.path]
    room.add(ws)
    try:
        while (message := ws.wait()) is not None:
            for other in list(room):
                other.send(message)
    finally:
        room.discard(ws)


wsgi.server(eventlet.listen(("127.0.0.1", int(sys.argv[1])), backlog=1024), member, max_size=5000, log_output=False)
