"""`bin/prove` as a command: it runs against real servers, reports, and leaves nothing behind."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from harness.launcher import ROOT

RUN = ("bin/prove", "--embedded", "--minutes", "0.05", "--clients", "6", "--rate", "20")


async def start(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    environment = os.environ | {"SWITCHBOARD_VAR": str(folder)}
    return await asyncio.create_subprocess_exec(
        *RUN, *arguments, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )


@pytest.mark.timeout(240)
async def test_a_killed_process_breaks_no_promise(tmp_path: Path) -> None:
    proving = await start(tmp_path, "--seed", "1", "--only", "kill-web")
    output, _ = await proving.communicate()
    assert proving.returncode == 0, output.decode()
    assert "seed 1: every promise was kept" in output.decode()
    assert (tmp_path / "prove-1" / "web-1.log").exists()


@pytest.mark.timeout(120)
async def test_interrupted_it_stops_what_it_started(tmp_path: Path) -> None:
    proving = await start(tmp_path, "--seed", "2")
    assert proving.stdout
    async for line in proving.stdout:
        if b"arrive" in line:
            break
    proving.send_signal(signal.SIGINT)
    rest = (await proving.stdout.read()).decode()
    assert await proving.wait() == 1, rest
    assert "Interrupted" in rest
    assert "Traceback" not in rest
