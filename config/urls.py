"""Every page and every HTTP endpoint."""

from django.contrib import admin
from django.urls import include, path

from accounts.signing_in.forms import AdminSignInForm
from web import health, views

# Set here: the admin site is made before the models are loaded, and the form needs them.
admin.site.login_form = AdminSignInForm

urlpatterns = [
    path("", views.home, name="home"),
    path("console/", views.console, name="console"),
    path("", include("accounts.urls")),
    path("", include("chat.urls")),
    path("", include("roulette.urls")),
    path("", include("boards.urls")),
    path("", include("streams.urls")),
    path("", include("walls.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
    path("api/<path:rest>", views.no_such_call),
]

handler400 = "web.middleware.bad_request"
handler404 = "web.views.not_found"
handler500 = "web.views.failed"
