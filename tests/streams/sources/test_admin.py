from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from boards.models import Board
from streams.models import HttpSource, ProducerLease, SqlSource, Stream
from streams.sources import configured, fetching

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {
    "slug": "people",
    "label": "People",
    "unit": "",
    "connection": "default",
    "query": "SELECT count(*) FROM accounts_user",
    "result": "number",
    "every": "5",
    "patience": "2",
    "board": "ops",
}

HTTP_FORM = {key: value for key, value in FORM.items() if key not in ("connection", "query", "result")} | {
    "url": "https://example.org/",
    "format": "json",
    "path": "$",
    "kind": "number",
}


@pytest.fixture
def grace() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("grace", "correct horse battery"))
    return client


def page(name: str, *args: Any, model: str = "sqlsource") -> str:
    return reverse(f"admin:streams_{model}_{name}", args=args)


def test_a_query_is_tried_without_being_stored(grace: Client) -> None:
    assert "formaction" in grace.get(page("add")).content.decode()
    shown = grace.post(page("try"), FORM).content.decode()
    assert "It works" in shown
    assert "<td>1</td>" in shown
    assert not SqlSource.objects.exists()
    assert not Stream.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"query": "SELECT nonsense"}, "No such column: nonsense"),
        ({"query": "DELETE FROM accounts_user"}, "Not authorized"),
        ({"query": "SELECT name FROM accounts_user"}, "finite number"),
        ({"query": "SELECT 1, 2"}, "2 columns, and one is wanted"),
        ({"query": ""}, "This field is required"),
        ({"connection": "other"}, "Select a valid choice"),
        ({"slug": "cpu"}, "A Python producer feeds this stream"),
    ],
)
def test_what_is_wrong_with_it_is_said(grace: Client, changes: dict[str, str], words: str) -> None:
    answer = grace.post(page("try"), FORM | changes)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert User.objects.count() == 1


def test_a_saved_query_has_a_stream_on_a_board(grace: Client) -> None:
    saved = grace.post(page("add"), FORM, follow=True)
    assert '<a href="/boards/ops/">ops</a>' in saved.content.decode()
    source = SqlSource.objects.get()
    assert Board.objects.get(slug="ops").widgets.get().streams.get().slug == "people"
    assert ProducerLease.objects.get().stream.slug == "people"
    assert "nobody produces it" in grace.get(page("change", source.pk)).content.decode()
    assert "nobody produces it" in grace.get(page("changelist")).content.decode()
    tried = grace.post(f"{page('change', source.pk)}try/", FORM | {"query": "SELECT 7 AS seven"}).content.decode()
    assert "seven" in tried
    assert grace.post(page("change", source.pk), FORM | {"slug": "other", "query": "SELECT 2"}).status_code == 302
    source.refresh_from_db()
    assert (source.slug, source.query) == ("people", "SELECT 2")


def test_a_deleted_source_gives_its_lease_up(grace: Client) -> None:
    grace.post(page("add"), FORM)
    grace.post(page("delete", SqlSource.objects.get().pk), {"post": "yes"})
    assert not ProducerLease.objects.exists()
    assert Stream.objects.exists()


def test_only_who_may_make_sources_may_try(grace: Client) -> None:
    ada = Client()
    ada.force_login(User.objects.create_user("ada", is_staff=True))
    assert ada.post(page("try"), FORM).status_code == 403
    assert grace.get(page("try")).status_code == 403


def test_an_address_is_tried_and_saved(grace: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fetch(url: str, seconds: float, secret: Any) -> bytes:
        return b'{"items": [{"price": "42.5"}]}'

    monkeypatch.setattr(fetching, "fetch", fetch)
    form = HTTP_FORM | {"path": "$.items[0].price"}
    assert "42.5" in grace.post(page("try", model="httpsource"), form).content.decode()
    wrong = grace.post(page("try", model="httpsource"), form | {"path": "$.none"}).content.decode()
    assert "No values are at $.none" in wrong
    assert grace.post(page("add", model="httpsource"), form).status_code == 302
    assert HttpSource.objects.get().path == "$.items[0].price"
    assert set(configured.configured_producers()) == {"people"}
    assert grace.get(page("changelist", model="httpsource")).status_code == 200


def test_a_private_address_is_refused_in_words(grace: Client) -> None:
    form = HTTP_FORM | {"url": "http://127.0.0.1:9/"}
    assert "is a private address" in grace.post(page("try", model="httpsource"), form).content.decode()


def test_a_secret_is_kept_and_never_shown(grace: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    async def fetch(url: str, seconds: float, secret: Any) -> bytes:
        sent.append((url, secret))
        return b"1"

    monkeypatch.setattr(fetching, "fetch", fetch)
    form = HTTP_FORM | {"header": "Authorization", "secret": "Bearer hunter2"}
    assert grace.post(page("add", model="httpsource"), form).status_code == 302
    source = HttpSource.objects.get()
    assert "hunter2" not in str(vars(source))
    change = page("change", source.pk, model="httpsource")
    shown = grace.get(change).content.decode()
    assert "It is set" in shown
    assert "hunter2" not in shown
    assert source.sealed not in shown
    # An empty field keeps it, even while somebody tries another path.
    empty = form | {"secret": "", "url": "https://example.org/other"}
    assert "It works" in grace.post(f"{change}try/", empty).content.decode()
    assert grace.post(change, empty).status_code == 302
    assert sent == [("https://example.org/other", {"Authorization": "Bearer hunter2"})]
    # Nobody can have it sent to their own host.
    for url in ("https://evil.example/", "http://example.org/", "https://example.org:444/"):
        for address in (change, f"{change}try/"):
            assert "give the value again" in grace.post(address, empty | {"url": url}).content.decode()
    assert len(sent) == 1
    # Without a header it is forgotten.
    assert grace.post(change, empty | {"header": ""}).status_code == 302
    assert HttpSource.objects.get().sealed == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"header": "", "secret": "hunter2"}, "Name the header"),
        ({"header": "Authorization", "secret": ""}, "Say what the header says"),
        ({"header": "Host", "secret": "hunter2"}, "Switchboard sets Host itself"),
        ({"header": "X-Api-Key", "secret": "hunter2 ö"}, "one line of ASCII signs"),
    ],
)
def test_what_is_wrong_with_a_secret_header_is_said(grace: Client, changes: dict[str, str], words: str) -> None:
    for address in (page("try", model="httpsource"), page("add", model="httpsource")):
        answer = grace.post(address, HTTP_FORM | changes).content.decode()
        assert words in answer
        assert "hunter2" not in answer
    assert not HttpSource.objects.exists()
