import pytest
from django.test import Client, RequestFactory

from accounts.models import User
from web import context


@pytest.mark.django_db
def test_what_apps_register_is_read_when_a_page_asks_and_once() -> None:
    asked = []
    context.register("weather", lambda request: asked.append(request) or "fair")  # type: ignore[func-returns-value]
    try:
        known = context.site(RequestFactory().get("/"))
        assert not asked
        assert [known["weather"](), known["weather"]()] == ["fair", "fair"]
        assert len(asked) == 1
    finally:
        context.parts.pop("weather")  # nobody else unregisters


@pytest.mark.django_db
def test_home_says_in_words_and_numbers_what_was_registered() -> None:
    client = Client()
    client.force_login(User.objects.create_guest("Ada"))
    page = client.get("/").content.decode()
    assert "0 in the rooms now" in page
    assert "Hello, Ada" in page
    assert "functools" not in page
