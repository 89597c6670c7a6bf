"""Log lines of refused requests, and of addresses with a secret."""

import logging
import sys

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from accounts.models import User
from config.logs import LineFormatter

FORMATTER = LineFormatter("{levelname} {name}: {message}", style="{")


def written(caplog: pytest.LogCaptureFixture) -> list[str]:
    return "\n".join(FORMATTER.format(record) for record in caplog.records).splitlines()


def test_a_guest_who_may_not_is_one_line(db: None, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    client.force_login(User.objects.create_guest("Ada"))
    assert client.get("/screens/").status_code == 403
    assert written(caplog) == ["WARNING django.request: Forbidden (Permission denied): /screens/"]


def test_a_host_that_is_not_ours_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    assert Client().get("/", headers={"Host": "evil.example"}).status_code == 400
    assert [line for line in written(caplog) if "Traceback" in line or line.startswith(" ")] == []


def test_our_own_fault_keeps_its_traceback() -> None:
    try:
        raise PermissionDenied("ours")
    except PermissionDenied:
        record = logging.makeLogRecord({"msg": "oh no", "exc_info": sys.exc_info(), "status_code": 500})
    assert "Traceback" in FORMATTER.format(record)


@pytest.mark.parametrize("kind", ["screen_", "push_", "bot_", "invite_"])
def test_no_token_is_written(kind: str) -> None:
    token = kind + "aB3-_" * 8 + "abc"
    record = logging.makeLogRecord({"msg": f"Not Found: /wall/{token}/ and {token}"})
    assert FORMATTER.format(record).endswith(f"/wall/{kind}…/ and {kind}…")
    old = logging.makeLogRecord({"msg": "Not Found: %s", "args": (f"/join/{'aB3-_' * 8}/",)})
    assert FORMATTER.format(old).endswith("Not Found: /join/…/")
    plain = logging.makeLogRecord({"msg": "Not Found: /join/open/ screen_list"})
    assert FORMATTER.format(plain).endswith("/join/open/ screen_list")
