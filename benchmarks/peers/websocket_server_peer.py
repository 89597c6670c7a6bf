"""websocket-server, one thread per connection. It knows no paths, so the rooms are kept here."""

import sys
from collections import defaultdict
from typing import Any

from websocket_server import WebsocketServer
from websocket_server.websocket_server import WebSocketHandler

rooms: defaultdict[str, list[Any]] = defaultdict(list)


class Handler(WebSocketHandler):
    """Keeps the path, which the library drops: its `read_http_headers` consumes the request's first line."""

    path = ""

    def read_http_headers(self) -> Any:
        headers: dict[str, str] = {}
        self.path = self.rfile.readline().decode().split()[1]
        while header := self.rfile.readline().decode().strip():
            name, value = header.split(":", 1)
            headers[name.lower().strip()] = value.strip()
        return headers


class Server(WebsocketServer):
    request_queue_size = 1024

    def __init__(self, port: int) -> None:
        super().__init__(host="127.0.0.1", port=port)
        self.RequestHandlerClass = Handler


def enter(client: Any, server: Any) -> None:
    rooms[client["handler"].path].append(client)


def leave(client: Any, server: Any) -> None:
    if client:
        rooms[client["handler"].path].remove(client)


def relay(client: Any, server: Any, message: str) -> None:
    for member in list(rooms[client["handler"].path]):
        server.send_message(member, message)


server = Server(int(sys.argv[1]))
server.set_fn_new_client(enter)
server.set_fn_client_left(leave)
server.set_fn_message_received(relay)
server.run_forever()
