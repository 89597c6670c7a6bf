from django.urls import path

from accounts import api, views

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("enter/", views.enter, name="enter"),
    path("join/<slug:token>/", views.sign_up, name="sign_up"),
    path("api/session/", api.session, name="api_session"),
]
