"""There is only one language, whatever a browser asks for."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("asked", ["de-DE,de;q=0.9", "ar", "en-US", "", "xx"])
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/admin/login/", "/wall/", "/nowhere/"])
def test_all_words_are_english_and_the_page_says_so(path: str, asked: str) -> None:
    answer = Client(headers={"Accept-Language": asked}).get(path)
    page = answer.content.decode()
    assert re.findall(r"<html[^>]* lang=\"([^\"]*)\"|<html lang=\"([^\"]*)\"", page)
    assert set(re.findall(r"<html[^>]*? lang=\"([^\"]*)\"", page)) <= {"en", "en-us"}
    assert "Passwor" not in page.replace("Password", "").replace("password", "")


def test_errors_of_forms_are_english() -> None:
    page = Client(headers={"Accept-Language": "de"}).post("/sign-in/", {}).content.decode()
    assert "This field is required." in page
