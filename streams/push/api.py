"""The JSON endpoint for pushes. The endpoints of boards are in `boards.api`."""

import zlib
from datetime import datetime
from functools import partial
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.signing_in.tokens import bearer_of
from realtime.limits import quotas
from realtime.limits.quotas import Payer, Quota
from streams.models import PushToken, Stream
from streams.push import storing, tally, tokens
from streams.push.influx import Selection, read_influx
from streams.push.json_body import WrongPush, read_push
from streams.pushed import Pushed
from web.http import STATUS, ApiError, answers_errors
from web.throttling import address_of, limits_itself

#: The most bytes of a push's body, both as sent and unpacked.
BODY_BYTES: Final = 1024 * 1024
#: Every so many bytes of a body count as one more push: reading a large body may take a second.
PUSH_BYTES: Final = 64 * 1024

_pushes = Quota("pushes", lambda: (settings.PUSH_BURST, settings.PUSHES_PER_SECOND))


@limits_itself
@csrf_exempt
@answers_errors
def stream(request: HttpRequest, slug: str) -> HttpResponse:
    """POST one value or several: all are taken, or none. The bearer token is the stream's own. 204.

    JSON, or with the type text/plain InfluxDB's line protocol.
    """
    if request.method != "POST":
        raise ApiError("method_not_allowed", "POST pushes values into the stream.")
    found = Stream.objects.filter(slug=slug).first()
    try:
        _push(request, found)
    except ApiError as error:
        if found is not None:
            tally.count_refused(found, _in_words(request, error))
        raise
    return HttpResponse(status=204)


def _push(request: HttpRequest, found: Stream | None) -> None:
    token = _push_token(request)
    if found is None:
        raise ApiError("not_found", "There is no such stream.")
    if token.stream_id != found.pk:
        raise ApiError("forbidden", "This token belongs to another stream.")
    payer = Payer(token.token_hash)
    if wait := _pushes.pay(payer):
        raise ApiError("rate_limited", "Too many pushes at once: send several values in one array.", retry_after=wait)
    body = _body(request)
    _pushes.spend(payer, len(body) // PUSH_BYTES)
    try:
        storing.push(found, partial(_read, request, body))
    except WrongPush as error:
        raise ApiError("invalid", error.detail, field=error.field) from None


def _push_token(request: HttpRequest) -> PushToken:
    bearer = bearer_of(request.headers.get("Authorization", ""))
    token = tokens.find_token(bearer) if bearer else None
    if token is None:
        if wait := quotas.commands.pay(quotas.payer_of(None, address_of(request))):
            raise ApiError("rate_limited", "Too many calls without a good token: wait a moment.", retry_after=wait)
        raise ApiError("sign_in", "Send the stream's token: Authorization: Bearer push_…")
    return token


def _in_words(request: HttpRequest, error: ApiError) -> str:
    """Return why a push was refused, for people who may see the admin."""
    if error.code == "sign_in":
        bearer = bearer_of(request.headers.get("Authorization", ""))
        if not bearer:
            return "401: it had no token"
        return "401: its token was revoked" if tokens.was_revoked(bearer) else "401: nobody knows its token"
    status = STATUS[error.code]
    return f"{status}, {error.field}: {error.detail}" if error.field else f"{status}: {error.detail}"


def _body(request: HttpRequest) -> bytes:
    # Not `request.body`: Django would apply its own limit and answer with its own error page.
    raw = request.read(BODY_BYTES + 1)
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "gzip" and len(raw) <= BODY_BYTES:
        raw = _unpacked(raw)
    elif encoding not in ("identity", "gzip"):
        raise ApiError("invalid", "Content-Encoding may be gzip or identity.", field="Content-Encoding")
    if len(raw) > BODY_BYTES:
        raise ApiError("too_long", f"The body has at most {BODY_BYTES} bytes: send several pushes.")
    return raw


def _unpacked(raw: bytes) -> bytes:
    """Return the unpacked body, at most one byte more than the limit."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        body = unpacking.decompress(raw, BODY_BYTES + 1)
    except zlib.error:
        raise ApiError("invalid", "The body is not gzip.", field="body") from None
    if not unpacking.eof and len(body) <= BODY_BYTES:
        raise ApiError("invalid", "The body is gzip that ends too early.", field="body")
    return body


def _read(request: HttpRequest, raw: bytes, kind: str, now: datetime) -> list[Pushed]:
    """Return the values in a body. Raises WrongPush."""
    # A browser's fetch() also sends a string as text/plain. Line protocol never begins like JSON.
    if request.content_type != "text/plain" or raw.lstrip()[:1] in (b"{", b"["):
        return read_push(raw, kind, now)
    asked = {name: str(value) for name, value in request.GET.items()}
    tags = {name.removeprefix("tag."): value for name, value in asked.items() if name.startswith("tag.")}
    selection = Selection(asked.get("measurement", ""), asked.get("field", ""), tags)
    return read_influx(raw, kind, now, selection, asked.get("precision", "ns"))
