"""Mails: text and HTML of one template pair, sent through the server of `EMAIL_URL`."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


class NoMail(Exception):
    """This site sends no mail: EMAIL_URL is not set."""


def send(template: str, subject: str, to: str, context: dict[str, Any]) -> None:
    """Send `templates/<template>.txt` and `.html` to the address `to`, and return when the server has taken it.

    Raises NoMail, and OSError (smtplib's errors are among them) when the server cannot be reached or refuses.
    """
    if not settings.MAIL_SENT:
        raise NoMail("This site sends no mail: set EMAIL_URL and MAIL_FROM.")
    context = {"site_name": settings.SITE_NAME, **context}
    mail = EmailMultiAlternatives(subject, render_to_string(f"{template}.txt", context), to=[to])
    mail.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    mail.send()
