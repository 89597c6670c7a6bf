"""How a client talks to each server: its address, how to open a connection, how to send a message; pure."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Bytes of the JSON text `{"message": …}` that the peers relay. Ours gets the body in it.
MESSAGE_BYTES: Final = 120
#: Each message contains this once, after its number.
WORD: Final = b" benchmark "
FILLER: Final = "the quick brown fox jumps over the lazy dog and runs on and on through the whole wide wood until night"


def body(number: int) -> str:
    """Return the text of message `number`.

    It has the same length for all numbers; `number_in` finds the number again.
    """
    size = MESSAGE_BYTES - len(json.dumps({"message": ""}))
    return f"n{number:07d}z{WORD.decode()}{FILLER}"[:size]


def number_in(payload: bytes) -> int:
    """Return the number of the message that a frame's payload carries."""
    at = payload.index(WORD)
    return int(payload[at - 8 : at - 1])


@dataclass(frozen=True, slots=True)
class Step:
    """One step of opening a connection: send `send` (unless empty), then wait for a frame that contains `expect`."""

    send: bytes
    expect: bytes


class Dialect:
    """A server that relays each message to everybody in the room named by the path, the sender included."""

    #: Each message that counts as delivered contains this once; no other frame contains it.
    marker: bytes = WORD

    def path(self, room: str) -> str:
        return f"/{room}"

    def opening(self, room: str) -> Sequence[Step]:
        """Return the steps after the handshake until the connection is live; there may be none."""
        return ()

    def say(self, room: str, number: int) -> bytes:
        """Return the payload that sends message `number` in `room`."""
        return json.dumps({"message": body(number)}).encode()


class Stock(Dialect):
    """The tutorial of Channels."""

    def path(self, room: str) -> str:
        return f"/ws/chat/{room}/"


class SocketIO(Dialect):
    """Engine.IO 4 and Socket.IO 5 over a websocket: connect, join a room with an acknowledgement."""

    def path(self, room: str) -> str:
        return "/socket.io/?EIO=4&transport=websocket"

    def opening(self, room: str) -> Sequence[Step]:
        return [Step(b"", b'0{"sid"'), Step(b"40", b'40{"sid"'), Step(f'420["join","{room}"]'.encode(), b"430")]

    def say(self, room: str, number: int) -> bytes:
        return f"42{json.dumps(['message', {'room': room, 'message': body(number)}], separators=(',', ':'))}".encode()


class Switchboard(Dialect):
    """Ours: hello, join, then `send`, which is answered when the message is in the database."""

    marker = b'"type":"message"'

    def path(self, room: str) -> str:
        return "/ws/chat/"

    def opening(self, room: str) -> Sequence[Step]:
        join = {"type": "join", "ref": "join", "room": room, "limit": 1}
        return [Step(b"", b'"type":"hello"'), Step(json.dumps(join).encode(), b'"type":"joined"')]

    def say(self, room: str, number: int) -> bytes:
        return json.dumps({"type": "send", "room": room, "id": str(uuid.uuid4()), "body": body(number)}).encode()


class Resume(Switchboard):
    """Ours, for clients that come back. The room's name ends with the rev after which they miss something."""

    def opening(self, room: str) -> Sequence[Step]:
        slug, _, place = room.partition(" ")
        join = {"type": "join", "ref": "join", "room": slug, "after": int(place)}
        return [Step(b"", b'"type":"hello"'), Step(json.dumps(join).encode(), b'"type":"joined"')]


class Pipe(Dialect):
    """`benchmarks.pipe`: ours without chat."""

    def path(self, room: str) -> str:
        return f"/ws/pipe/{room}/"

    def opening(self, room: str) -> Sequence[Step]:
        return [Step(b"", b'"type":"hello"'), Step(b'{"type":"ping"}', b'"type":"pong"')]

    def say(self, room: str, number: int) -> bytes:
        return json.dumps({"type": "say", "message": body(number)}).encode()


class Board(Dialect):
    """A viewer of one of our boards (the room's name is the board's); sends nothing."""

    marker = b'"type":"update"'

    def path(self, room: str) -> str:
        return f"/ws/boards/{room}/"

    def opening(self, room: str) -> Sequence[Step]:
        return [Step(b"", b'"type":"snapshot"')]


DIALECTS: Final[dict[str, Dialect]] = {
    "plain": Dialect(),
    "stock": Stock(),
    "socketio": SocketIO(),
    "switchboard": Switchboard(),
    "resume": Resume(),
    "pipe": Pipe(),
    "board": Board(),
}
