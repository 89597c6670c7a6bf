"""`realtime/` alone, without chat: a server like the one in the tutorial of Channels.

A room is a topic without a store: everybody gets each message, and nothing is stored. Sign-in, origin check, limits,
parsing, Redis, hub and drain are those of the product, whose server runs this. It shows how much of a result is
fan-out.
"""

from typing import Any, ClassVar

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from config.asgi import http  # first: it loads the apps

from accounts.signing_in.socket_sign_in import SocketAuthentication  # isort: skip
from realtime.consumers import SocketConsumer  # isort: skip
from realtime.wire.protocol import Command, Ping, encode  # isort: skip
from realtime.delivery.publish import Delivery, Publication, publish  # isort: skip


class Say(Command, tag="say"):
    message: str


class PipeConsumer(SocketConsumer):
    commands: ClassVar[Any] = Ping | Say

    async def opened(self) -> None:
        self.topic = f"pipe.{self.scope['url_route']['kwargs']['room']}"
        await self.hub.subscribe(self.topic, self.connection)

    async def on_say(self, command: Say) -> None:
        event = {"type": "said", "message": command.message}
        await publish([Publication(self.topic, Delivery.EPHEMERAL, encode(event))])


application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": SocketAuthentication(URLRouter([path("ws/pipe/<slug:room>/", PipeConsumer.as_asgi())])),
    }
)
