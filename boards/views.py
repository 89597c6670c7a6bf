"""The pages of boards."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from boards.boards import visible_boards
from realtime.process import build


@login_required
def board_list(request: HttpRequest) -> HttpResponse:
    address = request.build_absolute_uri(reverse("api_stream", args=["orders"]))
    context = {
        "boards": visible_boards(request.user),
        "push_command": f"curl -X POST {address} -H 'Authorization: Bearer TOKEN' -d '{{\"value\": 42}}'",
        "may_edit": request.user.has_perm("boards.add_board"),
    }
    return render(request, "boards/board_list.html", context)


@login_required
def board(request: HttpRequest, slug: str) -> HttpResponse:
    return _board_page(request, slug, "boards/board.html", full=False)


@login_required
def board_full(request: HttpRequest, slug: str) -> HttpResponse:
    """The board alone, for a whole screen."""
    return _board_page(request, slug, "boards/board_full.html", full=True)


def _board_page(request: HttpRequest, slug: str, template: str, *, full: bool) -> HttpResponse:
    found = get_object_or_404(visible_boards(request.user), slug=slug)
    config = {
        "board": found.slug,
        "full": full,
        "build": build(),
        "mayEdit": request.user.has_perm("boards.change_board"),
    }
    return render(request, template, {"board": found, "config": config})
