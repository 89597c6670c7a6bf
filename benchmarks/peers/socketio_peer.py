"""python-socketio on uvicorn."""

import sys
from typing import Any

import socketio
import uvicorn

server = socketio.AsyncServer(async_mode="asgi", ping_interval=600)


@server.event
async def join(sid: str, room: str) -> list[str]:
    await server.enter_room(sid, room)
    return []


@server.event
async def message(sid: str, data: dict[str, Any]) -> None:
    await server.emit("message", data["message"], room=data["room"])


uvicorn.run(
    socketio.ASGIApp(server),
    host="127.0.0.1",
    port=int(sys.argv[1]),
    log_level="warning",
    ws_ping_interval=None,
    ws_per_message_deflate=False,
    backlog=1024,
)
