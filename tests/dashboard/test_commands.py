import asyncio
import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from dashboard import services
from dashboard.management.commands import runproducers
from dashboard.models import Board, Stream
from dashboard.producers.registry import Producer, producer


def output_of(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_createstream_prints_a_token_last() -> None:
    token = output_of("createstream", "orders", "--push", "--unit", "/min").splitlines()[-1]
    found = services.find_token(token)
    assert found is not None
    assert (found.stream.slug, found.stream.unit) == ("orders", "/min")


@pytest.mark.django_db
def test_createstream_puts_the_stream_on_a_board() -> None:
    output_of("createstream", "orders", "--board", "sales")
    assert Board.objects.get(slug="sales").widgets.get().streams.get().slug == "orders"


@pytest.mark.django_db
def test_createstream_gives_a_stream_that_is_there_another_token() -> None:
    assert output_of("createstream", "orders", "--push") != output_of("createstream", "orders", "--push")
    assert Stream.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [["Bad Slug"], ["orders", "--kind", "table"], ["x", "--board", "Bad Board"]])
def test_createstream_refuses_with_a_sentence(arguments: list[str]) -> None:
    Stream.objects.create(slug="orders")
    with pytest.raises(CommandError):
        output_of("createstream", *arguments)
    assert not Board.objects.exists()


def test_runproducers_refuses_a_layer_that_reaches_nobody() -> None:
    with pytest.raises(CommandError, match="REDIS_URL is not set"):
        output_of("runproducers")


def test_runproducers_names_the_producers_when_one_is_unknown() -> None:
    with pytest.raises(CommandError, match=r"no producer nonsense\. There are: .*counter"):
        output_of("runproducers", "--only", "nonsense")


def test_a_dry_run_prints_what_producers_say(
    no_producers: dict[str, Producer], monkeypatch: pytest.MonkeyPatch
) -> None:
    producer("answer", every=60)(lambda: 42)

    def briefly(work: Any) -> None:
        async def main() -> None:
            task = asyncio.ensure_future(work)
            await asyncio.wait({task}, timeout=0.5)
            task.cancel()

        asyncio.run(main())

    monkeypatch.setattr(runproducers.Command, "_until_stopped", staticmethod(briefly))
    assert "answer: 42" in output_of("runproducers", "--dry-run")
