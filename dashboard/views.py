"""The pages of boards."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from dashboard.models import Board, Stream


@login_required
def board_list(request: HttpRequest) -> HttpResponse:
    context = {
        "boards": Board.objects.all(),
        "address": request.build_absolute_uri("/")[:-1],
        "may_edit": request.user.has_perm("dashboard.add_board"),
    }
    return render(request, "dashboard/board_list.html", context)


@login_required
def board(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "dashboard/board.html", _board_context(request, slug))


@login_required
def board_full(request: HttpRequest, slug: str) -> HttpResponse:
    """The board alone, for a whole screen."""
    return render(request, "dashboard/board_full.html", _board_context(request, slug))


def _board_context(request: HttpRequest, slug: str) -> dict[str, Any]:
    found = get_object_or_404(Board, slug=slug)
    return {
        "board": found,
        "config": {
            "board": found.slug,
            "title": found.title,
            "address": request.build_absolute_uri("/")[:-1],
            "mayEdit": request.user.has_perm("dashboard.change_board"),
        },
        "streams": Stream.objects.filter(widgets__board=found).distinct(),
    }
