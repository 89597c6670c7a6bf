"""Shared by all JSON endpoints: strict bodies and one form of error."""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, JsonResponse

from realtime.wire.protocol import CommandError, decode_json

P = ParamSpec("P")

#: The HTTP status of each of the protocol's error codes.
STATUS = {
    "bad_message": 400,
    "sign_in": 401,
    "forbidden": 403,
    "not_found": 404,
    "not_joined": 403,
    "method_not_allowed": 405,
    "conflict": 409,
    "another_person": 409,
    "too_long": 413,
    "invalid": 422,
    "rate_limited": 429,
    "internal": 500,
    "busy": 503,
}


class ApiError(CommandError):
    """An error of an HTTP call; `field` names the part of the body at fault."""

    def __init__(self, code: str, detail: str, *, field: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(code, detail, retry_after)
        self.field = field


def error_response(error: CommandError, status: int | None = None) -> JsonResponse:
    """Return `{"error": {"code", "detail", "field"?}}` with the status for the code, and Retry-After where known."""
    body: dict[str, Any] = {"code": error.code, "detail": error.detail}
    if field := getattr(error, "field", None):
        body["field"] = field
    readable = {"ensure_ascii": False}  # a final newline, for people who call with curl
    response = JsonResponse({"error": body}, json_dumps_params=readable, status=status or STATUS[error.code])
    if error.retry_after is not None:
        response["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if error.code == "sign_in":
        response["WWW-Authenticate"] = "Bearer"
    return response


def answers_errors(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Turn a CommandError that `view` raises into an error response."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except CommandError as error:
            return error_response(error)

    return wrapped


def json_body(request: HttpRequest, most: int = 64 * 1024) -> dict[str, Any]:
    """Return the JSON object in the body. Raises ApiError for another type, size or shape."""
    if request.content_type != "application/json":
        raise ApiError("bad_message", "Send Content-Type: application/json.")
    raw = request.read(most + 1)  # Content-Length may be missing or wrong
    if len(raw) > most:
        raise ApiError("too_long", f"The body has at most {most} bytes.")
    try:
        body = decode_json(raw)
    except ValueError as error:
        raise ApiError("bad_message", str(error)) from None
    if not isinstance(body, dict):
        raise ApiError("bad_message", "Send one JSON object.")
    return body


def text_field(body: dict[str, Any], name: str) -> str:
    """Return the text in field `name`. Raises ApiError when it is missing or not text."""
    value = body.get(name)
    if not isinstance(value, str):
        raise ApiError("invalid", f"Give `{name}` as text.", field=name)
    return value


def number_parameter(request: HttpRequest, name: str) -> int | None:
    """Return the whole number ≥ 0 in the query's parameter `name`, or None. Raises ApiError for anything else."""
    raw = request.GET.get(name)
    if raw is None:
        return None
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 15):
        raise ApiError("invalid", f"`{name}` must be a whole number.", field=name)
    return int(raw)
