"""One client of a proof. It knows only docs/protocol.md and follows it, whatever happens to the servers."""

import asyncio
import json
import random
import socket
import ssl
import time
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

import harness.client
from tests.prove.record import Answer, Reading, Received, Record, Removal, Resume, Said, State

#: On a socket that seems healthy, a command without an answer is sent again after this many seconds.
ANSWER_PATIENCE: Final = 8.0
#: Errors after which the client waits and sends again (docs/protocol.md).
PASSING: Final = frozenset({"busy", "rate_limited", "internal", "not_joined"})
#: Seconds between attempts to join a room again after being removed.
RETRY_JOIN: Final = 1.0
#: Close codes after which a client does not come back. In a run none of them is justified.
FINAL: Final = frozenset({4400, 4401, 4403, 4404, 4409})
#: Small, so that the server soon notices a reader that stalls.
RECEIVE_BUFFER: Final = 32 * 1024
#: The size of a page in a resume.
LIMIT: Final = 100


class Lost(Exception):
    """The socket is dead: reconnect."""


class Key(NamedTuple):
    """How an account signs in: its id, user name and session cookie, and the closed room that it may enter."""

    user: int
    username: str
    cookie: str
    room: str


@dataclass(slots=True)
class Waiting:
    """A command without an answer; sent again no earlier than `due`."""

    said: Said
    frame: dict[str, Any]
    due: float = 0.0


@dataclass(slots=True)
class Room:
    """A client's state of one room. `place`: see docs/protocol.md; None: never joined."""

    slug: str
    reading: Reading | None = None
    place: int | None = None
    complete: bool = False
    barred: bool = False  # the server said that I may not be in it
    joining: bool = False  # a join has no answer yet
    retry_at: float = 0.0  # when to ask again
    removal: Removal | None = None  # while I am no member
    present: set[int] = field(default_factory=set)  # the ids of who is there
    recent: deque[State] = field(default_factory=lambda: deque(maxlen=40))
    mine: deque[int] = field(default_factory=lambda: deque(maxlen=40))  # seqs of my messages that are not deleted


class Client:
    """One guest, or the account that `key` is for, with one socket at a time.

    `present` is cleared while the client is away. `reading` is cleared while it does not read from the socket.
    """

    def __init__(self, name: str, rooms: list[str], record: Record, rng: random.Random, key: Key | None = None) -> None:
        self.name = name
        self.key = key
        self.heads: dict[str, tuple[int, int]] = {}
        self.rooms = {slug: Room(slug) for slug in rooms}
        self.record = record
        self.rng = rng
        self.user = 0 if key is None else key.user
        self.waiting: dict[str, Waiting] = {}
        self.present = asyncio.Event()
        self.present.set()
        self.reading = asyncio.Event()
        self.reading.set()
        self.process = ""
        self._answered: deque[Said] = deque(maxlen=20)
        self._changing: set[tuple[str, int]] = set()
        self._socket: ClientConnection | None = None
        self._retry_after = 0.0
        self._failures = 0
        self._lost_at: float | None = None
        self._count = 0
        self._story: deque[str] = deque(maxlen=40)

    # Presence

    async def sign_in(self, address: str, tls: ssl.SSLContext | None) -> None:
        self.address, self.tls = address, tls
        if self.key is not None:
            self._cookie = self.key.cookie
            return
        async with await harness.client.Client.guest(address, self.name, tls) as guest:
            self.user, self._cookie = guest.user["id"], guest.cookie

    @property
    def is_joined(self) -> bool:
        """True when connected, with the complete log of every room that I may be in."""
        return self._socket is not None and all(room.complete or room.barred for room in self.rooms.values())

    def hears(self, slug: str) -> bool:
        """Return whether I am in the room and reading now."""
        room = self.rooms.get(slug)
        return self._socket is not None and room is not None and room.complete and self.reading.is_set()

    def is_at(self, process: str) -> bool:
        return self._socket is not None and self.process == process

    def has(self, slug: str, id: str) -> bool:
        """Return whether I have recently received the message `id`."""
        return any(state.id == id for state in self.rooms[slug].recent)

    async def run(self) -> None:
        """Keep a socket, and come back with full jitter whenever it ends."""
        while True:
            if not self.present.is_set():
                await self.present.wait()
                self._lost_at, self._failures, self._retry_after = time.monotonic(), 0, 0.0
            try:
                await self._visit()
            except (OSError, WebSocketException, TimeoutError, Lost) as error:
                self._remember(f"{type(error).__name__} {error}".strip())
            self._socket = None
            for room in self.rooms.values():
                room.complete = False
            if self._lost_at is None:
                self._lost_at = time.monotonic()
            pause = max(self.rng.uniform(0, min(30.0, 0.5 * 2**self._failures)), self._retry_after)
            self._failures += 1
            self._retry_after = 0.0
            self._remember(f"pause of {pause:.1f} s")
            await asyncio.sleep(pause)

    def _remember(self, what: str) -> None:
        away = time.monotonic() - (self._lost_at or time.monotonic())
        self._story.append(f"{away:.1f} s: {what}")

    def cut(self) -> None:
        """Lose the connection as in a tunnel, without telling the server."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def leave(self) -> None:
        """Close the socket politely."""
        if self._socket is not None:
            await self._socket.close()

    async def _visit(self) -> None:
        async with asyncio.timeout(10):
            line = socket.socket()
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            line.setblocking(False)
            url = httpx.URL(self.address)
            try:
                await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", url.port))
                opened = await harness.client.open_socket(
                    self.address,
                    "/ws/chat/",
                    headers={"Cookie": self._cookie},
                    tls=self.tls,
                    sock=line,
                    server_hostname=url.host if self.tls else None,
                    max_queue=4,
                    ping_interval=None,
                    close_timeout=1,
                )
            except BaseException:
                line.close()
                raise
        again = asyncio.create_task(self._send_again())
        try:
            await self._read(opened)
        finally:
            again.cancel()
            self._socket = None
            opened.transport.abort()
            with suppress(asyncio.CancelledError):
                await again
            self._closed(opened.close_code)

    def _closed(self, code: int | None) -> None:
        if code is not None:
            self.record.closes[code] += 1
        if code in FINAL:
            self.record.failures.append(f"{self.name} was sent away for good, with {code}")
            self.present.clear()

    async def _read(self, line: ClientConnection) -> None:
        silence: float | None = 10.0
        while True:
            await self.reading.wait()
            async with asyncio.timeout(silence):
                frame = await line.recv(decode=False)
            event = json.loads(frame)
            if event["type"] == "hello":
                self._socket = line
                self._remember(f"hello from {event['process']}")
                self.process = event["process"]
                silence = 2.0 * event["heartbeat"]
                for room in self.rooms.values():
                    room.barred = False
                    await self._join(room)
            else:
                await self._take(event)

    async def _send(self, command: dict[str, Any]) -> None:
        if self._socket is not None:
            with suppress(OSError, WebSocketException):  # reading will tell
                await self._socket.send(json.dumps(command))

    # Reading

    async def _join(self, room: Room) -> None:
        command = {"type": "join", "ref": f"join {room.slug}", "room": room.slug, "limit": LIMIT}
        if room.place is not None:
            command["after"] = room.place
        room.joining = True
        await self._send(command)

    def begin_reading(self, room: Room, base: int) -> None:
        room.reading = Reading(self.name, room.slug, base)
        self.record.readings.append(room.reading)

    async def _take(self, event: dict[str, Any]) -> None:
        if event["type"] != "error":
            for slug in event["rooms"] if event["type"] == "heads" else (event.get("room"),):
                if slug in self.rooms and (removal := self.rooms[slug].removal) is not None:
                    removal.told.append((event["type"], time.monotonic()))
        match event["type"]:
            case "message":
                self._note(self.rooms[event["room"]], event, live=True)
            case "joined":
                await self._take_page(self.rooms[event["room"]], event)
            case "presence":
                self._take_presence(self.rooms[event["room"]], event)
            case "heads":
                self.heads |= {slug: (head["rev"], head["seq"]) for slug, head in event["rooms"].items()}
            case "left":
                self._be_barred(self.rooms[event["room"]])
            case "ack" | "ok":
                self._take_answer(event)
            case "error":
                self._take_error(event)
            case "notice":
                self._retry_after = event["retry_after"]

    def _take_presence(self, room: Room, event: dict[str, Any]) -> None:
        if "online" in event:
            room.present = {user["id"] for user in event["online"]}
        else:
            room.present = room.present - set(event["left"]) | {user["id"] for user in event["joined"]}

    def _be_barred(self, room: Room) -> None:
        """Try now and then to join again."""
        room.barred, room.complete = True, False
        if self.is_joined:
            self._arrived()

    async def _take_page(self, room: Room, event: dict[str, Any]) -> None:
        room.barred = room.joining = False
        room.present = {user["id"] for user in event["online"]}
        if room.place is None:
            self.begin_reading(room, event["rev"])
            assert room.reading
            room.reading.given = [(each["rev"], State.of(each)) for each in event["messages"]]
            room.recent.extend(state for _, state in room.reading.given)
        else:
            for each in event["messages"]:
                self._note(room, each, live=False)
        if not event["complete"]:
            await self._join(room)
            return
        room.place = max(room.place or 0, event["rev"])
        room.complete = True
        for waiting in list(self.waiting.values()):
            if waiting.said.room == room.slug:
                await self._transmit(waiting)
        if self.is_joined:
            self._arrived()

    def _arrived(self) -> None:
        now = time.monotonic()
        if self._lost_at is not None:
            self.record.resumes.append(Resume(now, now - self._lost_at, tuple(self._story)))
        self._story.clear()
        self._lost_at = None
        self._failures = 0

    def _note(self, room: Room, event: dict[str, Any], live: bool) -> None:
        assert room.reading, "a message before the room was joined"
        state = State.of(event)
        room.reading.got.append(Received(event["rev"], state, time.monotonic(), live))
        room.place = max(room.place or 0, event["rev"])
        room.recent.append(state)

    # Sending

    async def say(self, room: Room, size: int = 0) -> None:
        """Send one command: mostly a post, sometimes an edit, a deletion, a reaction, or an acknowledged post again."""
        dice = self.rng.random()
        mine = [seq for seq in room.mine if (room.slug, seq) not in self._changing]
        others = [state.seq for state in room.recent if (room.slug, state.seq) not in self._changing]
        if dice < 0.12 and mine:
            await self._change(room, "edit", self.rng.choice(mine), body=self._text("edits", size))
        elif dice < 0.15 and mine:
            seq = self.rng.choice(mine)
            room.mine.remove(seq)
            await self._change(room, "delete", seq)
        elif dice < 0.27 and others:
            await self._change(
                room, "react", self.rng.choice(others), emoji=self.rng.choice("👍🎉❤"), on=self.rng.random() < 0.8
            )
        elif dice < 0.29 and self._answered:
            await self._repeat(self.rng.choice(self._answered))
        else:
            await self._post(room, self._text("says", size))

    def _text(self, verb: str, size: int) -> str:
        self._count += 1
        return f"{self.name} {verb} *{self._count}* " + "x" * size

    async def post_alone(self, room: Room) -> str:
        """Post one message; return its id."""
        return await self._post(room, self._text("says alone", 0))

    async def _post(self, room: Room, body: str) -> str:
        reply_to = self.rng.choice(room.recent).seq if room.recent and self.rng.random() < 0.1 else None
        said = Said(
            self.user, room.slug, "send", id=str(uuid.UUID(int=self.rng.getrandbits(128), version=4)), body=body
        )
        said.reply_to = reply_to
        await self._record_and_send(said)
        return said.id

    async def _change(self, room: Room, kind: str, seq: int, **fields: Any) -> None:
        """Change a message, with at most one change in flight per message, so that it is clear which is the last."""
        self._changing.add((room.slug, seq))
        await self._record_and_send(Said(self.user, room.slug, kind, seq=seq, **fields))

    async def _record_and_send(self, said: Said) -> None:
        self.record.said.append(said)
        await self._begin(said)

    async def _repeat(self, said: Said) -> None:
        """Send an acknowledged command again: the answer must be the same."""
        await self._begin(said)

    async def _begin(self, said: Said) -> None:
        ref = uuid.UUID(int=self.rng.getrandbits(128)).hex
        waiting = self.waiting[ref] = Waiting(said, {"ref": ref, **frame_of(said)})
        if self.rooms[said.room].complete:
            await self._transmit(waiting)

    async def _transmit(self, waiting: Waiting) -> None:
        now = time.monotonic()
        if not waiting.said.tries:
            waiting.said.at = now
        waiting.said.tries += 1
        waiting.due = now + ANSWER_PATIENCE
        await self._send(waiting.frame)

    async def _send_again(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            now = time.monotonic()
            for room in self.rooms.values():
                if room.barred and not room.joining and now >= room.retry_at:
                    room.retry_at = now + RETRY_JOIN
                    await self._join(room)
            for waiting in list(self.waiting.values()):
                if waiting.said.tries and now >= waiting.due and self.rooms[waiting.said.room].complete:
                    await self._transmit(waiting)

    def _take_answer(self, event: dict[str, Any]) -> None:
        waiting = self.waiting.pop(event["ref"], None)
        if waiting is None:
            return  # the second answer to a command sent twice
        said = waiting.said
        seq = event.get("seq", said.seq)
        said.answers.append(Answer(seq, event["rev"], time.monotonic(), event.get("duplicate", False)))
        self.record.acknowledged[said.room] = max(event["rev"], self.record.acknowledged.get(said.room, 0))
        self._changing.discard((said.room, said.seq))
        if said.kind == "send":
            if len(said.answers) == 1:
                self.rooms[said.room].mine.append(seq)
            self._answered.append(said)

    def _take_error(self, event: dict[str, Any]) -> None:
        self.record.errors[event["code"]] += 1
        ref = event.get("ref") or ""
        if ref.startswith("join "):
            room = self.rooms[ref.removeprefix("join ")]
            room.joining = False
            if event["code"] == "forbidden" and self.key is not None and room.slug == self.key.room:
                self._be_barred(room)
                return
            raise Lost(event["code"])
        waiting = self.waiting.get(ref)
        if waiting is None:
            return
        if event["code"] in PASSING or (
            # A message sent before my removal may be in the log: send it again when I am back.
            event["code"] == "forbidden" and self.key is not None and waiting.said.room == self.key.room
        ):
            waiting.due = time.monotonic() + event.get("retry_after", 1.0)
        else:
            del self.waiting[ref]
            self._changing.discard((waiting.said.room, waiting.said.seq))
            waiting.said.refused = event["code"]


def frame_of(said: Said) -> dict[str, Any]:
    """Return this as a command (docs/protocol.md)."""
    command: dict[str, Any] = {"type": said.kind, "room": said.room}
    match said.kind:
        case "send":
            command |= {"id": said.id, "body": said.body}
            if said.reply_to is not None:
                command["reply_to"] = said.reply_to
        case "edit":
            command |= {"seq": said.seq, "body": said.body}
        case "delete":
            command |= {"seq": said.seq}
        case "react":
            command |= {"seq": said.seq, "emoji": said.emoji, "on": said.on}
    return command
