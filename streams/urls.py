"""The addresses for pushing values."""

from django.urls import path

from streams.push import api

urlpatterns = [
    path("api/streams/<slug:slug>/", api.stream, name="api_stream"),
]
