"""No address makes the server fail: every page, call and admin list gets odd parameters."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User

pytestmark = pytest.mark.django_db

HUGE = "9" * 20
ODD = ["%00", "a%00b", "%ED%A0%80", "%FF", "%F0%9F%91%8D", "abc", "-1", HUGE, "1e9", "%27%22%3C", "", "%25", "%7B%7D"]
#: Names that pages, calls and the admin read, and some that they do not.
NAMES = [
    *("q", "p", "o", "e", "all", "id__exact", "id", "pk", "_popup", "_to_field", "_changelist_filters", "_facets"),
    *(
        "next",
        "at",
        "after",
        "before",
        "around",
        "limit",
        "points",
        "code",
        "measurement",
        "precision",
        "field",
        "tag.x",
    ),
    *("is_active__exact", "kind__exact", "expires_at__gte", "date_joined__day", "name__regex", "user__password", "%00"),
]
#: Values for each kind of part in an address.
PARTS = {
    "slug": ["lobby", "shop", "a" * 300],
    "int": ["1", HUGE],
    "str": ["x", "%00", "%FF", HUGE, "a" * 300],
    "path": ["x", "1", "%00", "x/change", f"{HUGE}/change", "_5F00"],
}


def addresses(patterns: list[Any], before: str = "") -> Iterator[str]:
    """Yield addresses for all patterns below `before`, with all values for their parts."""
    for each in patterns:
        route = before + str(each.pattern).removeprefix("^").removesuffix("$")
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield from filled("/" + route)


def filled(route: str) -> Iterator[str]:
    found = re.search(r"<(?:(\w+):)?\w+>", route)
    if found is None:
        yield re.sub(r"\(\?P<\w+>[^)]*\)|[\\?$]", "x", route)
        return
    for part in PARTS[found[1] or "str"]:
        yield from filled(route[: found.start()] + part + route[found.end() :])


ALL = sorted(set(addresses(get_resolver().url_patterns)))
MODELS = [model._meta for model in apps.get_models() if admin.site.is_registered(model)]
LISTS = sorted(reverse(f"admin:{each.app_label}_{each.model_name}_changelist") for each in MODELS)


@pytest.fixture
def boss() -> Client:
    call_command("loaddemo")
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("boss", "x"))
    return client


def failures(client: Client, asked: Iterator[str]) -> list[str]:
    return [f"{status} {each}" for each in asked if (status := client.get(each).status_code) >= 500]


def test_the_lists_of_the_admin_take_any_question(boss: Client) -> None:
    names = ("q", "p", "o", "e", "id__exact", "_popup", "_to_field", "is_active__exact", "expires_at__gte", "id__regex")
    odd = ("%00", "%ED%A0%80", "abc", HUGE)
    assert failures(boss, (f"{path}?{name}={each}" for path in LISTS for name in names for each in odd)) == []


@pytest.mark.parametrize("known", [True, False])
def test_pages_and_calls_take_any_question(boss: Client, known: bool) -> None:
    client = boss if known else Client(raise_request_exception=False)
    assert len(ALL) > 100
    asked = [path for path in ALL if not path.startswith(("/sign-out", "/admin/logout", "/readyz"))]  # no lease here
    assert failures(client, iter(asked)) == []
    once = [path for path in asked if not any(odd in path for odd in (HUGE, "%", "aaaa"))]
    query = "&".join(f"{name}={{0}}" for name in NAMES)
    assert failures(client, (f"{path}?{query.format(odd)}" for path in once for odd in ODD)) == []
    single = [f"/rooms/lobby/?{name}={odd}" for name in NAMES for odd in ODD]
    single += [f"/api/rooms/lobby/messages/?{name}={odd}" for name in NAMES for odd in ODD]
    assert failures(client, iter(single)) == []


@pytest.mark.parametrize("path", ["/?q=%00", "/rooms/lobby/?around=1%00", "/wall/a%00b/", "/static/a%00.js", "/%00"])
def test_a_zero_byte_is_a_bad_request(boss: Client, path: str) -> None:
    answer = boss.get(path)
    assert answer.status_code == 400
    assert "makes no sense" in answer.content.decode() or "cannot make sense" in answer.content.decode()


def test_a_form_with_a_zero_byte_does_not_fail(boss: Client) -> None:
    for path in ("/enter/", "/sign-in/", "/admin/login/", "/join/open/", "/wall/open/", "/pair/", "/screens/links/"):
        for field in ("name", "username", "password", "token", "code", "note", "next"):
            for value in ("a\0b", "\ud800".encode("utf-8", "surrogatepass"), HUGE):
                answer = Client(raise_request_exception=False).post(path, {field: value})
                assert answer.status_code < 500, (path, field, value)
                assert boss.post(path, {field: value}).status_code < 500, (path, field, value)
