"""Cross-origin callers: the origins in ALLOWED_ORIGINS may call the API with a cookie."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

from realtime.wire.origins import is_allowed

#: Headers that pages of listed origins may send.
HEADERS = "Authorization, Content-Type, X-CSRFToken, X-Switchboard-User"
#: Methods that they may use.
METHODS = "GET, POST, PUT, PATCH, DELETE"
Respond = Callable[[HttpRequest], HttpResponseBase]


class CorsMiddleware:
    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        origin = request.headers.get("Origin")
        if not request.path.startswith("/api/"):
            return self.get_response(request)
        listed = bool(origin) and is_allowed(origin or "", host="", https=True, allowed=settings.ALLOWED_ORIGINS)
        preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        response = HttpResponse(status=204) if preflight else self.get_response(request)
        patch_vary_headers(response, ["Origin"])
        if listed and origin:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Allow-Credentials"] = "true"
            response["Access-Control-Expose-Headers"] = "Retry-After"
            if preflight:
                response["Access-Control-Allow-Methods"] = METHODS
                response["Access-Control-Allow-Headers"] = HEADERS
                response["Access-Control-Max-Age"] = "600"
        return response
