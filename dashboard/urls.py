"""Pages and endpoints of boards."""

from django.urls import path

from dashboard import api, board_api, views

urlpatterns = [
    path("boards/", views.board_list, name="boards"),
    path("boards/<slug:slug>/", views.board, name="board"),
    path("boards/<slug:slug>/full/", views.board_full, name="board_full"),
    path("api/boards/", board_api.board_list, name="api_boards"),
    path("api/boards/<slug:slug>/", board_api.board, name="api_board"),
    path("api/streams/", board_api.stream_list, name="api_streams"),
    path("api/streams/<slug:slug>/", api.stream, name="api_stream"),
]
