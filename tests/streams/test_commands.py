import asyncio
import io
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from boards.models import Board
from streams.management.commands import runproducers
from streams.models import Stream
from streams.producers.registry import Producer, all_producers, producer
from streams.push import tokens
from streams.values import Kind

ROOT = Path(__file__).resolve().parent.parent.parent


def output_of(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_createstream_prints_a_token_last() -> None:
    token = output_of("createstream", "orders", "--push", "--unit", "/min").splitlines()[-1]
    found = tokens.find_token(token)
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


@pytest.mark.django_db
def test_createstream_takes_a_producers_word_for_its_stream(no_producers: dict[str, Producer]) -> None:
    producer("motto", every=60, kind=Kind.TEXT, label="Motto")(lambda: "Ahoy")
    output_of("createstream", "motto", "--board", "lobby")
    assert (Stream.objects.get().kind, Stream.objects.get().label) == ("text", "Motto")
    assert Board.objects.get().widgets.get().type == "text"


@pytest.fixture
def producers_folder(no_producers: dict[str, Producer], settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.PRODUCERS_DIR = tmp_path
    yield tmp_path
    for name in [each for each in sys.modules if each.startswith("producers.")]:
        del sys.modules[name]


@pytest.mark.django_db
def test_newproducer_writes_a_file_that_works(producers_folder: Path) -> None:
    path = Path(output_of("newproducer", "fish-count", "--board", "shop").strip())
    assert path == producers_folder / "fish_count.py"
    assert 0 <= all_producers()["fish-count"].function() < 62
    stream = Stream.objects.get()
    assert (stream.slug, stream.label, stream.unit) == ("fish-count", "Fish count", "s")
    assert Board.objects.get(slug="shop").widgets.get().streams.get() == stream


@pytest.mark.parametrize("slug", ["class", "2024", "a-b_c"])
def test_newproducer_writes_python_whatever_the_name(producers_folder: Path, slug: str) -> None:
    output_of("newproducer", slug)
    assert all_producers()[slug].function() >= 0


@pytest.mark.parametrize("slug", ["Bad Slug", "../up", "there", "known"])
def test_newproducer_refuses_with_a_sentence_and_overwrites_nothing(producers_folder: Path, slug: str) -> None:
    (producers_folder / "there.py").write_text("# mine")
    producer("known", every=1)(lambda: 1)
    with pytest.raises(CommandError):
        output_of("newproducer", slug)
    assert [path.name for path in producers_folder.glob("*.py")] == ["there.py"]
    assert (producers_folder / "there.py").read_text() == "# mine"


def test_newproducer_says_when_it_may_not_write(producers_folder: Path, settings: Any) -> None:
    settings.PRODUCERS_DIR = producers_folder / "a-file" / "below"
    (producers_folder / "a-file").write_text("")
    with pytest.raises(CommandError, match="cannot be written"):
        output_of("newproducer", "orders")


def test_the_five_lines_of_the_readme_are_a_producer(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    found = re.search(r"((?:    .*\n|\n)*    from streams\.producers import producer\n(?:    .*\n|\n)*)", readme)
    assert found
    lines = textwrap.dedent(found[1]).strip("\n")
    assert len([line for line in lines.splitlines() if line.strip()]) <= 5
    (tmp_path / "mine.py").write_text(lines)
    [slug] = re.findall(r'@producer\("([\w-]+)"', lines)
    environment = {**os.environ, "SWITCHBOARD_VAR": str(tmp_path), "PRODUCERS_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    command = [sys.executable, "manage.py", "runproducers", "--only", slug, "--dry-run"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        process.terminate()
        assert process.wait(10) == 0
    assert re.fullmatch(rf"\d\d:\d\d:\d\d {slug}: \d.*\n", line)


@pytest.mark.django_db
def test_runproducers_refuses_a_layer_that_reaches_nobody() -> None:
    with pytest.raises(CommandError, match="REDIS_URL is not set"):
        output_of("runproducers")


@pytest.mark.django_db
def test_runproducers_names_the_producers_when_one_is_unknown() -> None:
    with pytest.raises(CommandError, match=r"no producer nonsense\. There are: .*counter"):
        output_of("runproducers", "--only", "nonsense")


@pytest.mark.django_db
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

    # private: it would wait for a signal
    monkeypatch.setattr(runproducers.Command, "_until_stopped", staticmethod(briefly))
    assert "answer: 42" in output_of("runproducers", "--dry-run")
