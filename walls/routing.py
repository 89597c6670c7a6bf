"""The sockets of boards."""

from django.urls import path

from walls.consumers import BoardConsumer, BoardsConsumer

websocket_urlpatterns = [
    path("ws/boards/", BoardsConsumer.as_asgi()),
    path("ws/boards/<slug:slug>/", BoardConsumer.as_asgi()),
]
