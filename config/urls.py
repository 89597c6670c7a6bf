"""Every page and every HTTP endpoint."""

from django.contrib import admin
from django.urls import include, path

from config import views
from realtime import health

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("accounts.urls")),
    path("", include("chat.urls")),
    path("", include("dashboard.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
    path("api/<path:rest>", views.no_such_call),
]

handler404 = "config.views.not_found"
handler500 = "config.views.failed"
