"""The programs that tests start, and how to install them.

Uses only Python's standard library, since bin/test needs it before anything is installed.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

#: The Debian package of each program.
PACKAGES: Final = {
    "redis-server": "redis-server",
    "nginx": "nginx",
    "openssl": "openssl",
    "initdb": "postgresql",
    "chromium": "chromium",
}
#: The best first: Chromium without windows passes the same tests with a third less processor time.
BROWSERS: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
#: The servers of a deployment.
SERVERS: Final = ("redis-server", "nginx", "openssl", "initdb")


def find(name: str) -> str | None:
    """Return the path of a program, even if Debian does not put it into PATH."""
    places = [os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]
    places += sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return shutil.which(name, path=os.pathsep.join(places))


def missing(programs: Iterable[str]) -> list[str]:
    """Return the packages of the `programs` that this machine lacks."""
    return [PACKAGES[each] for each in programs if not any(map(find, BROWSERS if each in BROWSERS else [each]))]


def install(programs: Iterable[str], *, otherwise: str | None = None) -> None:
    """Install missing packages with apt-get; without the right to do so, print what is missing.

    In the second case it exits with the hint `otherwise`; with None it goes on without them.
    """
    programs = list(programs)
    packages = " ".join(missing(programs))
    if not packages:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sentence = f"{packages} must be installed. Do that (on Debian: sudo apt-get install {packages})"
        if otherwise is not None:
            sys.exit(f"{sentence} and run this again{otherwise}")
        print(sentence)
        return
    print(f"Installing {packages} …", flush=True)
    _apt_get(packages.split())
    if still := " ".join(missing(programs)):
        sys.exit(f"apt-get could not install {still} (see above).")


def install_quick_browser() -> None:
    """Install the first of BROWSERS if possible; the others work, too."""
    if not find(BROWSERS[0]) and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt_get([BROWSERS[0]])


def _apt_get(packages: list[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for each in (["apt-get", "update", "-qq"], command):
        subprocess.run(each, check=False, env=environment, stdout=subprocess.DEVNULL)
