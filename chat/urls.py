from django.urls import path

from chat import api, views

urlpatterns = [
    path("rooms/", views.room_create, name="room_create"),
    path("rooms/<slug:slug>/", views.room, name="room"),
    path("api/status/", api.status, name="api_status"),
    path("api/direct/", api.direct_room, name="api_direct"),
    path("api/rooms/", api.rooms, name="api_rooms"),
    path("api/rooms/<slug:slug>/", api.room, name="api_room"),
    path("api/rooms/<slug:slug>/messages/", api.room_messages, name="api_messages"),
    path("api/rooms/<slug:slug>/messages/<int:seq>/acknowledge/", api.acknowledge, name="api_acknowledge"),
    path("api/rooms/<slug:slug>/members/", api.room_members, name="api_members"),
    path("api/rooms/<slug:slug>/members/<int:user_id>/", api.room_member, name="api_member"),
]
