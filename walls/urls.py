"""Pages and endpoints of walls and their screens."""

from django.urls import path

from walls import api, code_views, views

urlpatterns = [
    path("wall/", code_views.screen, name="this_screen"),
    path("wall/state/", code_views.state, name="code_state"),
    path("wall/open/", views.open_link, name="open_wall"),
    path("wall/<int:pk>/", views.wall, name="wall"),
    path("wall/<str:token>/", views.old_link, name="old_wall_link"),
    path("pair/", code_views.pair, name="pair"),
    path("screens/", views.screen_list, name="screens"),
    path("screens/links/", views.new_link, name="new_link"),
    path("screens/links/<int:pk>/revoke/", views.revoke_link, name="revoke_link"),
    path("api/screens/", api.screen_list, name="api_screens"),
    path("api/screens/<int:id>/", api.screen, name="api_screen"),
]
