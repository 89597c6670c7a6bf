"""The rows of chat, by noun."""

from chat.models.messages import Message, MessageKind
from chat.models.presence import Presence
from chat.models.rooms import Membership, ReadMark, Room, RoomKind

__all__ = ["Membership", "Message", "MessageKind", "Presence", "ReadMark", "Room", "RoomKind"]
