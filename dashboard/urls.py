"""Pages and endpoints of boards."""

from django.urls import path

from dashboard import board_api, views
from dashboard.push import api
from dashboard.walls import api as screen_api
from dashboard.walls import pairing_views
from dashboard.walls import views as screen_views

urlpatterns = [
    path("boards/", views.board_list, name="boards"),
    path("boards/<slug:slug>/", views.board, name="board"),
    path("boards/<slug:slug>/full/", views.board_full, name="board_full"),
    path("wall/", pairing_views.screen, name="this_screen"),
    path("wall/state/", pairing_views.state, name="pairing_state"),
    path("wall/open/", screen_views.open_link, name="open_wall"),
    path("wall/<int:pk>/", screen_views.wall, name="wall"),
    path("wall/<str:token>/", screen_views.old_link, name="old_wall_link"),
    path("pair/", pairing_views.pair, name="pair"),
    path("screens/", screen_views.screen_list, name="screens"),
    path("screens/links/", screen_views.new_link, name="new_link"),
    path("screens/links/<int:pk>/revoke/", screen_views.revoke_link, name="revoke_link"),
    path("api/screens/", screen_api.screen_list, name="api_screens"),
    path("api/screens/<int:id>/", screen_api.screen, name="api_screen"),
    path("api/boards/", board_api.board_list, name="api_boards"),
    path("api/boards/<slug:slug>/", board_api.board, name="api_board"),
    path("api/streams/", board_api.stream_list, name="api_streams"),
    path("api/streams/<slug:slug>/", api.stream, name="api_stream"),
]
