import json
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from realtime.wire.protocol import CommandError
from web.http import STATUS, ApiError, answers_errors, error_response, json_body, number_parameter, text_field

requests = RequestFactory()


def post(body: str | bytes, content_type: str = "application/json", **extra: Any) -> HttpRequest:
    return requests.generic("POST", "/", body, content_type, **extra)


def refusal(body: str | bytes, content_type: str = "application/json", **extra: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        json_body(post(body, content_type, **extra), most=100)
    return caught.value


def test_a_body_is_one_json_object() -> None:
    assert json_body(post('{"name":"Ada"}')) == {"name": "Ada"}
    assert json_body(post('{"name":"Ada"}', "application/json; charset=utf-8")) == {"name": "Ada"}


@pytest.mark.parametrize("body", ["", "[]", '"text"', "null", "{", '{"a":NaN}', b"\xff", '{"a":"\\u0000"}', "[" * 90])
def test_what_is_no_json_object_is_refused(body: str | bytes) -> None:
    assert refusal(body).code == "bad_message"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_refused(content_type: str) -> None:
    """A foreign page may send these without a preflight request."""
    assert refusal("{}", content_type).code == "bad_message"


def test_a_body_has_a_largest_size() -> None:
    fits = json.dumps({"a": "x" * 91})
    assert len(fits) == 100
    assert json_body(post(fits), most=100)
    assert refusal(fits + " ").code == "too_long"


def test_a_body_that_does_not_say_its_size_has_one_too() -> None:
    """Like a chunked body from daphne."""
    headers = [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    assert json_body(ASGIRequest(scope, BytesIO(b'{"a":1}')), most=100) == {"a": 1}
    with pytest.raises(ApiError) as caught:
        json_body(ASGIRequest(scope, BytesIO(b" " * 101)), most=100)
    assert caught.value.code == "too_long"


def test_a_field_of_text_is_text() -> None:
    assert text_field({"name": ""}, "name") == ""
    for body in ({}, {"name": None}, {"name": 5}, {"name": ["x"]}):
        with pytest.raises(ApiError) as caught:
            text_field(body, "name")
        assert (caught.value.code, caught.value.field) == ("invalid", "name")


@pytest.mark.parametrize(
    ("query", "number"), [("", None), ("?after=0", 0), ("?after=007", 7), ("?after=" + "9" * 15, 10**15 - 1)]
)
def test_a_parameter_may_be_a_whole_number(query: str, number: int | None) -> None:
    assert number_parameter(requests.get("/" + query), "after") == number


@pytest.mark.parametrize("text", ["", "-1", "1.0", "1e3", " 1", "%D9%A3", "0x1", "9" * 16, "null"])
def test_any_other_parameter_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        number_parameter(requests.get(f"/?after={text}"), "after")
    assert (caught.value.code, caught.value.field) == ("invalid", "after")


def test_errors_have_one_form() -> None:
    response = error_response(ApiError("invalid", "Give a name.", field="name"))
    assert response.status_code == 422
    assert json.loads(response.content) == {"error": {"code": "invalid", "detail": "Give a name.", "field": "name"}}
    assert "Retry-After" not in response


@pytest.mark.parametrize(("seconds", "header"), [(0.01, "1"), (1, "1"), (1.2, "2"), (30, "30")])
def test_waiting_is_told_in_whole_seconds(seconds: float, header: str) -> None:
    assert error_response(CommandError("rate_limited", "Wait.", seconds))["Retry-After"] == header


def test_who_is_not_signed_in_is_told_how() -> None:
    response = error_response(CommandError("sign_in", "Sign in first."))
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")


def test_every_error_code_has_a_status() -> None:
    for code, status in STATUS.items():
        assert error_response(CommandError(code, "x")).status_code == status
    assert error_response(CommandError("conflict", "x"), status=418).status_code == 418


def test_a_view_may_raise_its_answer() -> None:
    @answers_errors
    def view(request: HttpRequest, slug: str, *, extra: int = 0) -> HttpResponse:
        """Documented."""
        if slug == "gone":
            raise CommandError("not_found", "No such thing.")
        return HttpResponse(f"{slug} {extra}")

    assert view.__doc__ == "Documented."
    assert view(requests.get("/"), "here", extra=5).content == b"here 5"
    assert view(requests.get("/"), "gone").status_code == 404
