from django.urls import path

from accounts.signing_in import api, views

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("enter/", views.enter, name="enter"),
    path("join/", views.sign_up, name="sign_up"),
    path("join/open/", views.open_invite, name="open_invite"),
    path("join/<slug:token>/", views.old_invite, name="old_invite"),
    path("api/session/", api.session, name="api_session"),
]
