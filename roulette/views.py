"""The page of roulette."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from chat.views import page_config


@login_required
def roulette(request: HttpRequest) -> HttpResponse:
    return render(request, "roulette/roulette.html", {"config": page_config(request)})
