"""The rows of chat, by noun."""

from chat.models.messages import Message, MessageKind
from chat.models.presence import Presence
from chat.models.rooms import Level, Membership, PersonInRoom, Room, RoomKind

__all__ = ["Level", "Membership", "Message", "MessageKind", "PersonInRoom", "Presence", "Room", "RoomKind"]
