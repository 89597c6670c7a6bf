"""The connection manager of FastAPI's documentation, on uvicorn."""

import sys
from collections import defaultdict

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

rooms: defaultdict[str, list[WebSocket]] = defaultdict(list)
app = FastAPI()


@app.websocket("/{room}")
async def member(websocket: WebSocket, room: str) -> None:
    await websocket.accept()
    members = rooms[room]
    members.append(websocket)
    try:
        while True:
            message = await websocket.receive_text()
            for other in list(members):
                await other.send_text(message)
    except WebSocketDisconnect:
        members.remove(websocket)


uvicorn.run(
    app,
    host="127.0.0.1",
    port=int(sys.argv[1]),
    log_level="warning",
    ws_ping_interval=None,
    ws_per_message_deflate=False,
    backlog=1024,
)
