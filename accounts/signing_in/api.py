"""`/api/session/`, for programs: who is signed in; enter as a guest; leave."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt

from accounts.models import User
from accounts.people import accounts
from realtime.wire.origins import is_allowed
from web.http import ApiError, answers_errors, json_body, text_field


@csrf_exempt
@answers_errors
def session(request: HttpRequest) -> HttpResponse:
    """GET: who is signed in. POST: enters as a guest, 201 and the cookie. DELETE: signs out, 204.

    POST needs no CSRF token, so it takes only JSON, and no foreign Origin.
    """
    if request.method in ("GET", "HEAD"):
        return JsonResponse({"user": request.user.on_wire() if isinstance(request.user, User) else None})
    if request.method == "POST":
        refuse_foreign_origin(request)
        guest = accounts.enter_as_guest(request, text_field(json_body(request), "name"))
        return JsonResponse({"user": guest.on_wire()}, status=201)
    if request.method == "DELETE":
        require_csrf(request)
        accounts.sign_out(request)
        return HttpResponse(status=204)
    raise ApiError("method_not_allowed", "GET tells who is signed in, POST enters as a guest, DELETE signs out.")


def refuse_foreign_origin(request: HttpRequest) -> None:
    """Raise ApiError when a page of another site makes this call."""
    origin = request.headers.get("Origin")
    if origin is not None and not is_allowed(
        origin, host=request.get_host(), https=request.is_secure(), allowed=settings.ALLOWED_ORIGINS
    ):
        raise ApiError("forbidden", "This page's origin may not call here.")


def require_csrf(request: HttpRequest) -> None:
    """Raise ApiError unless the call has Django's CSRF token. For views that are exempt for some methods."""
    check = CsrfViewMiddleware(lambda request: HttpResponse())
    check.process_request(request)
    if request.user.is_authenticated and check.process_view(request, _checked, (), {}) is not None:
        raise ApiError("forbidden", "The CSRF token is missing or wrong: send it as X-CSRFToken.")


def _checked(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
