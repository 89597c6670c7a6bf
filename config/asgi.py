"""The ASGI application. Only this module joins the sockets of chat and boards."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()  # loads the apps, so the rest can be imported

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

import roulette.routing
import walls.routing
from accounts.signing_in.socket_sign_in import SocketAuthentication
from realtime.echo import EchoConsumer
from realtime.routing import UnknownEndpointConsumer

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": SocketAuthentication(
            URLRouter(
                [
                    path("ws/echo/", EchoConsumer.as_asgi()),
                    *roulette.routing.websocket_urlpatterns,
                    *walls.routing.websocket_urlpatterns,
                    path("", UnknownEndpointConsumer.as_asgi()),
                    path("<path:path>", UnknownEndpointConsumer.as_asgi()),
                ]
            )
        ),
    }
)
