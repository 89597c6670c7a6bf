"""The sockets of boards: for one board, or for all boards of a page or a wall."""

from typing import Any, ClassVar

from boards.boards import NoSuchBoard
from boards.showing import ShowsBoards
from realtime.wire.protocol import Close, CommandError, Ping, Refused
from walls.commands import JoinRoom, LeaveRoom, Report, Watch
from walls.room_windows import ShowsRooms
from walls.screen_sockets import ScreenConsumer


class BoardConsumer(ScreenConsumer, ShowsBoards):
    """`/ws/boards/<slug>/`: one board."""

    commands: ClassVar[Any] = Ping | Report

    async def opened(self) -> None:
        await super().opened()
        slug = self.scope["url_route"]["kwargs"]["slug"]
        try:
            await self.show_asked(slug)
        except NoSuchBoard:
            raise self._no_such_board() from None
        except CommandError as error:
            raise Refused(Close.FLOOD, error.code, error.detail) from None

    async def gone(self, slug: str) -> None:
        await self._refuse(self._no_such_board())

    async def plan_changed(self) -> None:
        if not all(map(self.may_show, self._shown)):
            await self._refuse(self._no_such_board())

    @staticmethod
    def _no_such_board() -> Refused:
        return Refused(Close.NOT_FOUND, "not_found", "There is no such board.")


class BoardsConsumer(ShowsRooms, ShowsBoards):
    """`/ws/boards/`: the boards that the client names with `watch`, for thumbnails and walls. Also a wall's rooms."""

    commands: ClassVar[Any] = Ping | Watch | Report | JoinRoom | LeaveRoom

    async def opened(self) -> None:
        await super().opened()
        self._tell_plan()

    async def plan_changed(self) -> None:
        for slug in [slug for slug in self._shown if not self.may_show(slug)]:
            await self.hide(slug)
        self._tell_plan()

    def _tell_plan(self) -> None:
        if self.link is not None:
            self.connection.send(self.link.event)

    async def on_watch(self, command: Watch) -> None:
        self._points = command.points
        for slug in self._shown.keys() - set(command.boards):
            await self.hide(slug)
        missing = []
        for slug in dict.fromkeys(command.boards):
            if slug not in self._shown:
                try:
                    await self.show_asked(slug)
                except NoSuchBoard:
                    missing.append(slug)
        if missing:
            raise CommandError("not_found", f"There is no board {', '.join(missing)}.")
        self.answer(command, {"type": "ok"})
