from django.urls import path

from roulette.consumers import RouletteConsumer

websocket_urlpatterns = [path("ws/chat/", RouletteConsumer.as_asgi())]
