"""nginx starts with every configuration in deploy/, installed as in docs/deployment.md and in Compose."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from harness.launcher import ROOT, Launcher, program
from harness.servers import Nginx

DEPLOY = ROOT / "deploy"
#: The first free version of nginx that knows `resolve` for a server of an upstream.
RESOLVES = (1, 27, 3)


def nginx_version() -> tuple[int, ...]:
    told = subprocess.run([program("nginx"), "-v"], capture_output=True, text=True, check=True).stderr
    [number] = re.findall(r"nginx/([\d.]+)", told)
    return tuple(map(int, number.split(".")))


def systemd() -> dict[str, str]:
    """Return the files of conf.d, by name, as step 7 of "systemd" in docs/deployment.md puts them there."""
    return {
        "switchboard.conf": (DEPLOY / "nginx.conf").read_text(),
        "nginx-upstream.conf": (DEPLOY / "nginx-upstream.conf").read_text(),
    }


def compose() -> dict[str, str]:
    """Return the files of conf.d, by name, as deploy/compose.yaml mounts them there.

    The names of Compose's services do not exist here, so they become 127.0.0.1. For an nginx that is too old for
    `resolve`, that word is removed, so that the rest of the file is checked.
    """
    content = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    service = content["services"]["nginx"]
    places = [mount.split(":")[:2] for mount in service["volumes"]]
    files = {target: (DEPLOY / source).read_text() for source, target in places if source.endswith(".conf")}
    files |= {each["target"]: content["configs"][each["source"]]["content"] for each in service["configs"]}
    assert all(target.startswith("/etc/nginx/conf.d/") for target in files)
    found = {Path(target).name: text for target, text in files.items()}
    for name, text in found.items():
        text = re.sub(rf"server ({'|'.join(content['services'])}):", "server 127.0.0.1:", text)
        found[name] = text if nginx_version() >= RESOLVES else text.replace(" resolve ", " ")
    return found


@pytest.mark.parametrize("layout", [systemd, compose])
def test_nginx_starts_with_what_is_shipped(layout: Callable[[], dict[str, str]], launcher: Launcher) -> None:
    assert Nginx(launcher, layout()).check() == ""


def test_no_configuration_is_left_out() -> None:
    texts = {*systemd().values(), *compose().values()}
    assert {path.name for path in DEPLOY.rglob("*.conf") if path.read_text() not in texts} == set()
