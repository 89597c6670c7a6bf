"""The pages of the site itself."""

import pytest
from django.test import Client


@pytest.mark.django_db
def test_the_console_has_a_page_for_everybody(client: Client) -> None:
    page = client.get("/console/").content.decode()
    assert page.index("/ws/echo/") < page.index("/ws/chat/"), "the one that needs no sign-in is chosen first"
