"""The chat of the Channels tutorial (parts 1 to 3), with the Redis layer; served by stock daphne.

With `STOCK_DATABASE` (`sqlite` and a path, or `postgresql` and host, port, user, name) it first stores each message
with one insert, at Django's default settings. The tutorial does not do this.
"""

import json
import os
from typing import Any, ClassVar

import django
from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.core.asgi import get_asgi_application


def database() -> dict[str, str]:
    engine, *rest = os.environ.get("STOCK_DATABASE", "sqlite :memory:").split()
    names = ["NAME"] if engine == "sqlite" else ["HOST", "PORT", "USER", "NAME"]
    backend = "sqlite3" if engine == "sqlite" else "postgresql"
    return {"ENGINE": f"django.db.backends.{backend}", **dict(zip(names, rest, strict=True))}


settings.configure(
    SECRET_KEY="stock",
    ALLOWED_HOSTS=["127.0.0.1"],
    INSTALLED_APPS=["daphne", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    DATABASES={"default": database()},
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [("127.0.0.1", int(os.environ["STOCK_REDIS_PORT"]))]},
        }
    },
)
django.setup()

from django.db import connection, models  # noqa: E402 - Django's settings come first
from django.urls import re_path  # noqa: E402

STORES = "STOCK_DATABASE" in os.environ


class Message(models.Model):
    room = models.CharField(max_length=100, db_index=True)
    body = models.TextField()
    at = models.DateTimeField(auto_now_add=True)
    objects: ClassVar[models.Manager["Message"]] = models.Manager()

    class Meta:
        app_label = "stock"

    def __str__(self) -> str:
        return self.body


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room_group_name = f"chat_{self.room_name}"
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)
        await self.accept()

    async def disconnect(self, close_code: int) -> None:
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)

    async def receive(self, text_data: str) -> None:
        message = json.loads(text_data)["message"]
        if STORES:
            await Message.objects.acreate(room=self.room_name, body=message)
        await self.channel_layer.group_send(self.room_group_name, {"type": "chat.message", "message": message})

    async def chat_message(self, event: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps({"message": event["message"]}))


if STORES:
    with connection.schema_editor() as editor:
        editor.create_model(Message)

application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter([re_path(r"ws/chat/(?P<room_name>[\w-]+)/$", ChatConsumer.as_asgi())]))
        ),
    }
)
