from django.urls import path

from roulette import views

urlpatterns = [
    path("roulette/", views.roulette, name="roulette"),
]
