"""Only one process per folder, with real processes that compete."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer

from realtime.serving import embedded

CLAIM = """
import django, os, pathlib, sys
django.setup()
from django.conf import settings
from realtime.serving import embedded
settings.VAR_DIR = pathlib.Path(sys.argv[1])
embedded.claim()
print(os.getpid(), flush=True)
input()
"""


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.VAR_DIR = tmp_path / "var"
    monkeypatch.setattr(embedded, "held", [])
    return tmp_path / "var"


def test_a_second_process_ends_with_a_sentence_that_names_the_first(folder: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdin
    assert first.stdout
    try:
        pid = first.stdout.readline().strip()
        with pytest.raises(SystemExit, match=rf"process {pid}.*set REDIS_URL"):
            embedded.claim()
    finally:
        first.kill()
        first.communicate()
    embedded.claim()  # however the first one ended
    assert (folder / "server.lock").read_text() == str(os.getpid())


def test_with_redis_there_is_nothing_to_claim(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(channel_layers.backends, "default", RedisPubSubChannelLayer(hosts=["redis://x"]))
    embedded.claim()
    assert not folder.exists()
