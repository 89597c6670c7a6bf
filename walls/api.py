"""The JSON endpoints of screens, for staff: list, rename, identify, reload, forget."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from walls import screens
from walls.models import Screen
from web.http import ApiError, answers_errors, json_body, text_field


@answers_errors
def screen_list(request: HttpRequest) -> HttpResponse:
    """GET the screens that are connected, and those that have a name."""
    if request.method not in ("GET", "HEAD"):
        raise ApiError("method_not_allowed", "GET lists the screens.")
    _require(request, "walls.view_screen")
    response = JsonResponse({"screens": screens.all_screens()})
    response["Cache-Control"] = "no-store"
    return response


@answers_errors
def screen(request: HttpRequest, id: int) -> HttpResponse:
    """PUT {"name"}: renames. POST {"do": "identify" or "reload"}. DELETE: forgets it. 204."""
    if request.method not in ("PUT", "POST", "DELETE"):
        raise ApiError("method_not_allowed", "PUT renames a screen, POST has it do something, DELETE forgets it.")
    _require(request, "walls.change_screen")
    found = Screen.objects.select_related("link__wall", "user").filter(pk=id).first()
    if found is None:
        raise ApiError("not_found", "There is no such screen.")
    if request.method == "PUT":
        if found.user is not None:
            raise ApiError("conflict", "A full screen has the name of the person who shows it.")
        screens.rename(found, _name(text_field(json_body(request), "name")))
    elif request.method == "POST":
        act = {"identify": screens.identify, "reload": screens.reload}.get(text_field(json_body(request), "do"))
        if act is None:
            raise ApiError("invalid", "`do` is identify or reload.", field="do")
        act(found)
    else:
        found.delete()
    return HttpResponse(status=204)


def _name(raw: str) -> str:
    try:
        return screens.clean_name(raw)
    except ValueError as error:
        raise ApiError("invalid", str(error), field="name") from None


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.is_authenticated:
        raise ApiError("sign_in", "Sign in first.")
    if not (request.user.is_staff and request.user.has_perm(permission)):
        raise ApiError("forbidden", "Screens are the matter of those who run this site.")
