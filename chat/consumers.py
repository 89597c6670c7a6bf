"""People in rooms, on `/ws/chat/`. Each handler takes a command, calls a service and replies. No ORM here."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any, ClassVar, Final

from django.conf import settings

from accounts.people.accounts import PEOPLE_TOPIC
from chat import commands as wire
from chat import entering
from chat.log import messages
from chat.log.changes import Change
from chat.log.heads import head_event, heads_of_all, heads_topic, told
from chat.log.store import Applied
from chat.log.writer import current_writer
from chat.presence import connections
from chat.rooms import marks
from chat.rooms.access import Seen
from chat.rooms.unread import counts_of
from chat.topics import SITE_TOPIC, room_topic
from realtime.consumers import SocketConsumer
from realtime.wire.protocol import Command, CommandError, Frame, timestamp

#: Seconds between two typing events of one socket and room.
TYPING_EVERY: Final = 2.0


def _ok(applied: Applied) -> dict[str, Any]:
    return {"type": "ok", "rev": applied.rev}


def _ack(command: wire.Send, applied: Applied) -> dict[str, Any]:
    return {
        "type": "ack",
        "room": command.room,
        "id": str(command.id),
        "seq": applied.seq,
        "rev": applied.rev,
        "at": timestamp(applied.at),
        "duplicate": applied.duplicate,
    }


class ChatConsumer(SocketConsumer):
    commands: ClassVar[Any] = wire.Commands

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.id = uuid.uuid4().hex
        self.joined: dict[str, Seen] = {}
        self.rooms: dict[int, Seen] = {}  # the rooms in my list, joined or not
        self._following = asyncio.Lock()
        self._counted: dict[int, int] = {}  # by room: the rev at which its unread count was last sent
        self._typed: dict[str, float] = {}
        self._heads: asyncio.Task[None] | None = None

    async def opened(self) -> None:
        for topic in (SITE_TOPIC, PEOPLE_TOPIC):
            await self.hub.subscribe(topic, self.connection)
        await self._follow_rooms()

    async def closed(self) -> None:
        for room in self.joined.values():
            connections.current_presence().depart(room.pk, self.user.pk)

    # Heads: the newest rev and seq of all my rooms

    async def _follow_rooms(self) -> None:
        """Subscribe to the heads of the rooms in my list, and send all of them."""
        async with self._following:
            rooms = await entering.rooms_of(self.user)
            for pk in self.rooms.keys() - rooms.keys():
                await self.hub.unsubscribe(heads_topic(pk), self.connection)
            self.rooms = rooms
            await self._send_heads()

    async def _send_heads(self) -> None:
        """Send the heads of my rooms and subscribe to later ones. A head older than what was sent is left out."""
        new = {pk: topic for pk in self.rooms if (topic := heads_topic(pk)) not in self.connection.topics}
        async with self.joining(*new.values()) as join:
            heads = await heads_of_all()
            mine = {pk: heads[pk] for pk in self.rooms if pk in heads}
            moved = [pk for pk, (_, rev, _) in mine.items() if self._counted.get(pk) != rev]
            counts = await counts_of(self.user.pk, moved)
            news: dict[str, dict[str, int]] = {}
            for pk, (slug, rev, seq) in mine.items():
                if pk in new or rev >= told(self.hub, pk):
                    news[slug] = {"rev": rev, "seq": seq}
                    if pk in counts:
                        news[slug] = asdict(counts[pk])
                        self._counted[pk] = counts[pk].rev
            self.connection.send(head_event(news))
            join.tell({topic: mine[pk][1] for pk, topic in new.items() if pk in mine})

    def heartbeat(self, frame: Frame) -> None:
        super().heartbeat(frame)
        self._heads = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        with contextlib.suppress(Exception):  # logged at the read; the next heartbeat tries again
            async with self._following:
                await self._send_heads()

    # Rooms

    async def on_join(self, command: wire.Join) -> None:
        self.require_reading()
        listed = (room for room in self.rooms.values() if room.slug == command.room)
        room = next(listed, None) or await entering.see(self.user, command.room)
        if room.slug not in self.joined and len(self.joined) >= settings.JOINED_ROOMS:
            raise CommandError("conflict", f"At most {settings.JOINED_ROOMS} rooms at once: leave one first.")
        try:
            await self._enter(room, command)
        except BaseException:
            await self.leave(room)  # it may have been in the room before
            raise

    async def _enter(self, room: Seen, command: wire.Join) -> None:
        log, people = room_topic(room.pk), connections.presence_topic(room.pk)
        async with self.joining(log, people) as join:
            entered = await entering.enter(self.user, room, command.after, command.limit)
            if not join.goes_on:  # removed from the room during the read
                raise CommandError("forbidden", "You are no longer in this room.")
            self.arrive(room)
            page = entered.page
            count, online = entered.people.with_user(self.user.on_wire())
            joined = {
                "type": "joined",
                "room": room.slug,
                "rev": page.rev,
                "seq": page.seq,
                "read": entered.read,
                "messages": page.messages,
                "complete": page.complete,
                "online": online,
                "count": count,
            }
            self.count_reading(self.answer(command, joined))
            if page.complete:
                join.tell({log: page.rev, people: entered.people.number})

    def arrive(self, room: Seen) -> None:
        """Count as in the room from now on."""
        if room.slug not in self.joined:
            self.joined[room.slug] = room
            connections.current_presence().arrive(room.pk, self.user.pk)

    async def on_leave(self, command: wire.Leave) -> None:
        await self.leave(self._in(command.room))
        self.answer(command, {"type": "ok"})

    async def leave(self, room: Seen, *, at_once: bool = False) -> None:
        """Leave a room and unsubscribe from it. `at_once`: others hear of it at once, without the grace time."""
        if self.joined.pop(room.slug, None):
            connections.current_presence().depart(room.pk, self.user.pk, at_once=at_once)
        await self.hub.unsubscribe(room_topic(room.pk), self.connection)
        await self.hub.unsubscribe(connections.presence_topic(room.pk), self.connection)

    def _in(self, slug: str) -> Seen:
        room = self.joined.get(slug)
        if room is None:
            raise CommandError("not_joined", "Join this room first.")
        return room

    # Messages

    async def on_send(self, command: wire.Send) -> None:
        room = self._in(command.room).pk
        change = await messages.post(room, self.user, command.id, command.body, command.reply_to)
        self._write(command, change, partial(_ack, command))

    async def on_edit(self, command: wire.Edit) -> None:
        room = self._in(command.room).pk
        self._write(command, await messages.edit(room, self.user, command.seq, command.body, command.base))

    async def on_delete(self, command: wire.Delete) -> None:
        self._write(command, messages.delete(self._in(command.room).pk, self.user, command.seq))

    async def on_react(self, command: wire.React) -> None:
        room = self._in(command.room).pk
        self._write(command, messages.react(room, self.user, command.seq, command.emoji, command.on))

    async def on_acknowledge(self, command: wire.Acknowledge) -> None:
        self._write(command, messages.acknowledge(self._in(command.room).pk, self.user, command.seq))

    def _write(self, command: Command, change: Change, event: Callable[[Applied], dict[str, Any]] = _ok) -> None:
        """Queue a change. Once it is written, `event` of it is the answer; the next command does not wait."""
        self.answer_when(command, current_writer().submit(change), event)

    async def on_read(self, command: wire.Read) -> None:
        await marks.mark_read(self.user, self._in(command.room), command.seq, self.id)

    async def on_typing(self, command: wire.Typing) -> None:
        room = self._in(command.room)
        if time.monotonic() - self._typed.get(room.slug, 0) >= TYPING_EVERY:
            self._typed[room.slug] = time.monotonic()
            await messages.tell_typing(self.user, room)

    # What other processes publish

    async def control(self, topic: str, payload: dict[str, Any]) -> None:
        match payload["do"]:
            case "read":
                if payload["source"] != self.id:
                    self.connection.send({"type": "read", "room": payload["room"], "seq": payload["seq"]})
            case "room_created":
                await self._follow_rooms()
            case "room":
                if payload["id"] in self.rooms:
                    self.connection.send({"type": "room", "room": payload["room"]})
            case "renamed":
                if payload["user"]["id"] == self.user.pk:
                    self.user.name = payload["user"]["name"]
                self.connection.send({"type": "person", "user": payload["user"]})
            case "removed":
                await self._removed(Seen(payload["id"], payload["room"], ""), payload["reason"])
            case "guests_out":
                if self.user.is_guest:
                    await self._removed(Seen(payload["id"], payload["room"], ""), "removed")
            case _:
                await super().control(topic, payload)

    async def _removed(self, room: Seen, reason: str) -> None:
        """Leave a room that I may no longer be in. After the `left` event nothing of the room is sent."""
        was_in = room.slug in self.joined
        await self.leave(room, at_once=True)
        async with self._following:
            await self.hub.unsubscribe(heads_topic(room.pk), self.connection)
            was_listed = self.rooms.pop(room.pk, None) is not None
        if was_in or was_listed:
            self.connection.send({"type": "left", "room": room.slug, "reason": reason})
