"""Rooms on a wall: their messages, read-only, for a screen where nobody is signed in."""

from typing import Any

from chat import public
from realtime.wire.protocol import CommandError
from walls.commands import JoinRoom, LeaveRoom
from walls.screen_sockets import ScreenConsumer


class ShowsRooms(ScreenConsumer):
    """Shows the public rooms that have a tile on a board of the screen's wall, if the wall allows that.

    As with boards, the permission is checked at the join, whenever the wall or a board changes, and every 15 s.
    """

    async def opened(self) -> None:
        await super().opened()
        #: The topics of the rooms shown, by their slug.
        self._windows: dict[str, str] = {}

    async def on_join(self, command: JoinRoom) -> None:
        if self.link is None:
            raise CommandError("forbidden", "Rooms are joined on /ws/chat/.")
        self.require_reading()
        await self.look_again()  # a board may have been edited just now
        self._require_tile(command.room)
        topic = (await public.window(command.room)).topic
        try:
            await self._show_room(command, topic)
        except BaseException:
            await self._leave(command.room)
            raise

    async def _show_room(self, command: JoinRoom, topic: str) -> None:
        async with self.joining(topic) as join:
            self._windows[command.room] = topic
            window = await public.window(command.room)  # the permission may have ended before we subscribed
            page = await public.newest_messages(window, command.limit)
            self._require_tile(command.room)
            if not join.goes_on:
                raise CommandError("forbidden", "This room is not shown any more.")
            joined = {
                "type": "joined",
                "room": command.room,
                "rev": page.rev,
                "seq": page.seq,
                "messages": page.messages,
                "complete": True,
            }
            self.count_reading(self.answer(command, joined))
            join.tell({topic: page.rev})

    async def on_leave(self, command: LeaveRoom) -> None:
        await self._leave(command.room)
        self.answer(command, {"type": "ok"})

    async def control(self, topic: str, payload: dict[str, Any]) -> None:
        slug = next((slug for slug, own in self._windows.items() if own == topic), None)
        if slug is None:
            await super().control(topic, payload)
        elif payload["do"] == "removed":
            await self._shut(slug, payload["reason"])

    async def look_again(self) -> None:
        await super().look_again()
        for slug in list(self._windows):
            try:
                self._require_tile(slug)
                await public.window(slug)
            except CommandError:
                await self._shut(slug, "removed")

    def _require_tile(self, slug: str) -> None:
        if self.link is None or slug not in self.link.rooms:
            raise CommandError("forbidden", "This wall does not show this room.")

    async def _shut(self, slug: str, reason: str) -> None:
        if slug in self._windows:
            await self._leave(slug)
            self.connection.send({"type": "left", "room": slug, "reason": reason})

    async def _leave(self, slug: str) -> None:
        if topic := self._windows.pop(slug, None):
            await self.hub.unsubscribe(topic, self.connection)
