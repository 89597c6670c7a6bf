"""The JSON endpoint that takes pushes; those of boards are in `dashboard.board_api`."""

import time
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.tokens import bearer_of
from dashboard import services
from dashboard.models import PushToken, Stream
from dashboard.protocol import WrongPush
from realtime.http import ApiError, answers_errors
from realtime.limits import Buckets

#: Bytes that the body of a push may have.
BODY_BYTES: Final = 1024 * 1024

_pushes = Buckets(settings.PUSH_BURST, settings.PUSHES_PER_SECOND)


@csrf_exempt
@answers_errors
def stream(request: HttpRequest, slug: str) -> HttpResponse:
    """POST one value or an array of them, whole or not at all; the bearer token is the stream's own. 204."""
    if request.method != "POST":
        raise ApiError("method_not_allowed", "POST pushes values into the stream.")
    token = _push_token(request)
    found = Stream.objects.filter(slug=slug).first()
    if found is None:
        raise ApiError("not_found", "There is no such stream.")
    if token.stream_id != found.pk:
        raise ApiError("forbidden", "This token belongs to another stream.")
    if wait := _pushes.take(token.token_hash, time.monotonic()):
        raise ApiError("rate_limited", "Too many pushes at once: send several values in one array.", retry_after=wait)
    try:
        services.push(found, _body(request))
    except WrongPush as error:
        raise ApiError("invalid", error.detail, field=error.field) from None
    return HttpResponse(status=204)


def _push_token(request: HttpRequest) -> PushToken:
    bearer = bearer_of(request.headers.get("Authorization", ""))
    token = services.find_token(bearer) if bearer else None
    if token is None:
        raise ApiError("sign_in", "Send the stream's token: Authorization: Bearer push_…")
    return token


def _body(request: HttpRequest) -> bytes:
    # Not `request.body`: Django has a limit and an error page of its own for that.
    raw = request.read(BODY_BYTES + 1)
    if len(raw) > BODY_BYTES:
        raise ApiError("too_long", f"The body has at most {BODY_BYTES} bytes: send several pushes.")
    return raw
