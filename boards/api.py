"""The JSON endpoints of boards: read, read as it was, make, change, delete."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.models import User
from boards import access, boards, layout
from boards.boards import NoSuchBoard
from boards.edits import WrongEdit, read_edit, read_moment
from boards.layout import StaleEdit
from realtime.storage import clock
from streams.models import Stream
from web.http import ApiError, answers_errors, json_body, text_field

#: The largest layout that is accepted, in bytes.
LAYOUT_BYTES: Final = 512 * 1024


@answers_errors
def board_list(request: HttpRequest) -> HttpResponse:
    """POST {"title"}: makes an empty board; 201."""
    if request.method != "POST":
        raise ApiError("method_not_allowed", "POST makes a board.")
    _require(request, "boards.add_board")
    try:
        made = layout.create_board(text_field(json_body(request), "title"))
    except WrongEdit as error:
        raise ApiError("invalid", error.detail, field=error.field) from None
    return JsonResponse({"board": boards.board_layout(made.slug)}, status=201)


@answers_errors
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: the snapshot; with ?at=, the one of that time. PUT: saves a layout. DELETE: 204."""
    try:
        if request.method in ("GET", "HEAD"):
            return _show(request, slug)
        if request.method == "PUT":
            return _save(request, slug)
        if request.method == "DELETE":
            _require(request, "boards.delete_board")
            boards.delete_board(boards.find_board(slug))
            return HttpResponse(status=204)
    except NoSuchBoard:
        raise ApiError("not_found", "There is no such board.") from None
    raise ApiError("method_not_allowed", "GET shows the board, PUT changes it, DELETE deletes it.")


def _show(request: HttpRequest, slug: str) -> HttpResponse:
    if not _shown_by_link(request, slug):
        _require(request)
    for_guest = isinstance(request.user, User) and request.user.is_guest
    if (moment := request.GET.get("at")) is None:
        event = boards.board_snapshot(slug, for_guest=for_guest).event
    else:
        try:
            event = boards.board_at(slug, read_moment(moment, clock.now()), for_guest=for_guest)
        except ValueError as error:
            raise ApiError("invalid", str(error), field="at") from None
    response = JsonResponse(event)
    response["Cache-Control"] = "no-store"
    return response


def _shown_by_link(request: HttpRequest, slug: str) -> bool:
    """True for a screen whose link shows this board.

    Such a screen sees the present only, not the past. Raises NoSuchBoard.
    """
    shown = None if request.user.is_authenticated else access.lets_in(request, slug)
    if shown is False:
        raise NoSuchBoard
    return shown is True and "at" not in request.GET


def _save(request: HttpRequest, slug: str) -> HttpResponse:
    _require(request, "boards.change_board")
    try:
        saved = layout.save_layout(slug, read_edit(json_body(request, LAYOUT_BYTES)))
    except WrongEdit as error:
        raise ApiError("invalid", error.detail, field=error.field) from None
    except StaleEdit as stale:
        told = {"code": "conflict", "detail": str(stale)}
        return JsonResponse({"error": told, "board": stale.layout}, status=409)
    return JsonResponse({"board": saved})


@answers_errors
def stream_list(request: HttpRequest) -> HttpResponse:
    """GET: the streams that can be put on boards."""
    if request.method not in ("GET", "HEAD"):
        raise ApiError("method_not_allowed", "GET lists the streams.")
    _require(request, "boards.change_board")
    streams: Any = Stream.objects.values("slug", "kind", "label", "unit")
    return JsonResponse({"streams": [each | {"label": each["label"] or each["slug"]} for each in streams]})


def _require(request: HttpRequest, permission: str = "") -> None:
    """Raise ApiError unless somebody is signed in who may do this."""
    user = request.user
    if not user.is_authenticated:
        raise ApiError("sign_in", "Sign in first.")
    if permission and not user.has_perm(permission):
        raise ApiError("forbidden", "You may not change boards: ask an administrator of this site.")
