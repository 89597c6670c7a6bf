"""Pages and endpoints of boards."""

from django.urls import path

from boards import api, views

urlpatterns = [
    path("boards/", views.board_list, name="boards"),
    path("boards/<slug:slug>/", views.board, name="board"),
    path("boards/<slug:slug>/full/", views.board_full, name="board_full"),
    path("api/boards/", api.board_list, name="api_boards"),
    path("api/boards/<slug:slug>/", api.board, name="api_board"),
    path("api/streams/", api.stream_list, name="api_streams"),
]
