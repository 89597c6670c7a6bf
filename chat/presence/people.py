"""Who is in a room, kept in memory for people who join."""

from collections.abc import Collection, Iterable
from typing import Any, Final

import msgspec

from chat.presence.connections import online, presence_topic
from realtime.delivery.memories import Memories, Memory
from realtime.wire.protocol import encode


class People(Memory):
    """Who is in a room."""

    def __init__(self, number: int, users: Iterable[dict[str, Any]]) -> None:
        super().__init__(number)
        self._users = {user["id"]: user for user in users}
        self._json = ""

    def take(self, number: int, text: str) -> None:
        event = msgspec.json.decode(text)
        if "online" in event:
            self._users = {user["id"]: user for user in event["online"]}
        for user in event["joined"]:
            self._users[user["id"]] = user
        for user in event["left"]:
            self._users.pop(user, None)
        self._json = ""

    def with_user(self, me: dict[str, Any]) -> tuple[int, msgspec.Raw]:
        """Return how many people are there, `me` included, and their list by name."""
        if not self._json:
            users = sorted(self._users.values(), key=lambda user: (user["name"], user["id"]))
            self._json = ",".join(map(encode, users))
        if me["id"] in self._users:
            return len(self._users), msgspec.Raw(f"[{self._json}]")
        others = f"{self._json}," if self._json else ""
        return len(self._users) + 1, msgspec.Raw(f"[{others}{encode(me)}]")


async def _read(room_ids: Collection[int]) -> dict[int, People]:
    return {room: People(number, users) for room, (number, users) in (await online(room_ids)).items()}


people: Final = Memories(presence_topic, _read)
