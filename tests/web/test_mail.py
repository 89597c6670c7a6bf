"""Mails, through a real SMTP server on this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from harness.environment import ROOT
from harness.launcher import free_port


class Inbox:
    """Keeps the mails that the server took; refuses those to `nobody@`."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], EmailMessage]] = []
        self.signed_in: list[tuple[bytes, bytes]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody@"):
            return "550 No such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, message))
        return "250 OK"

    def check(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=True)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[str]:
    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=inbox.check,
        auth_require_tls=False,
    )
    controller.start()
    yield f"127.0.0.1:{controller.port}"
    controller.stop()


def send_to(folder: Path, address: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "testmail", address],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "SWITCHBOARD_VAR": str(folder), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_mail_has_text_and_html_and_comes_from_the_address_of_the_settings(
    inbox: Inbox, server: str, tmp_path: Path
) -> None:
    done = send_to(
        tmp_path,
        "ada@example.org",
        EMAIL_URL=f"smtp://hub:p%40ss@{server}",
        MAIL_FROM="hub@example.org",
        SITE_NAME="Tea & Toast",
    )
    assert done.returncode == 0, done.stderr
    [(sender, receivers, message)] = inbox.mails
    assert (sender, receivers) == ("hub@example.org", ["ada@example.org"])
    assert message["Subject"] == "A mail from Tea & Toast"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert "mail from Tea & Toast." in text.get_content()
    assert html is not None
    assert "mail from Tea &amp; Toast." in html.get_content()
    assert inbox.signed_in == [(b"hub", b"p@ss")]


def test_a_refusal_of_the_server_is_a_sentence(inbox: Inbox, server: str, tmp_path: Path) -> None:
    done = send_to(tmp_path, "nobody@example.org", EMAIL_URL=f"smtp://{server}", MAIL_FROM="hub@example.org")
    assert done.returncode == 1
    assert "did not take the mail" in done.stderr
    assert "Traceback" not in done.stderr
    assert inbox.mails == []


def test_a_server_that_is_away_is_a_sentence(tmp_path: Path) -> None:
    done = send_to(
        tmp_path, "ada@example.org", EMAIL_URL=f"smtp://127.0.0.1:{free_port()}", MAIL_FROM="hub@example.org"
    )
    assert done.returncode == 1
    assert "did not take the mail" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "This site sends no mail: set EMAIL_URL and MAIL_FROM."),
        ({"EMAIL_URL": "http://mail.example.org"}, "EMAIL_URL must begin with smtp://"),
        ({"EMAIL_URL": "smtp://"}, "EMAIL_URL names no server"),
        ({"EMAIL_URL": "smtp://mail.example.org:port"}, "EMAIL_URL has a port that is no number"),
        ({"EMAIL_URL": "smtp://mail.example.org"}, "MAIL_FROM is not set"),
        ({"EMAIL_URL": "smtp://mail.example.org", "MAIL_FROM": "us"}, "MAIL_FROM is 'us'"),
    ],
)
def test_settings_that_cannot_work_are_a_sentence(settings: dict[str, str], words: str, tmp_path: Path) -> None:
    done = send_to(tmp_path, "ada@example.org", **settings)
    assert done.returncode == 1
    assert words in done.stderr
