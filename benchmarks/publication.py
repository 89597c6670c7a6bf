"""Whether a page of results may be published: it must be one whole run of one commit. Pure, except `commit`."""

import re
import subprocess
from typing import Final

from benchmarks.scenarios import SCENARIOS
from harness.launcher import ROOT

#: Files that a run writes itself; they do not make the tree dirty.
WRITTEN: Final = ("benchmarks/results.md", "benchmarks/results.svg")
DIRTY: Final = "-dirty"
MARK: Final = "> **This page is not one whole run of one commit.**"


def commit() -> str:
    """Return the measured commit, with `-dirty` when files were changed or added."""
    head = _git("rev-parse", "--short", "HEAD") or "unknown"
    return head + DIRTY * bool(_git("status", "--porcelain", "--", ".", *(f":!{path}" for path in WRITTEN)))


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def faults(page: str) -> list[str]:
    """Return a sentence for each reason why a page is not one whole run of one commit; none when it is one."""
    commits: dict[str, str] = {}
    contestants: dict[str, set[str]] = {}
    for part in page.split("\n## "):
        if found := re.search(r"^`([\w-]+)`, .*, commit (\S+)\.$", part, re.MULTILINE):
            commits[found[1]] = found[2]
            contestants[found[1]] = set(re.findall(r"^\| ([\w-]+) \|", part, re.MULTILINE))
    versions = sorted(set(commits.values()))
    dirty = [name for name, version in commits.items() if version.endswith(DIRTY) or version == "unknown"]
    missing = [each.name for each in SCENARIOS if each.name not in commits]
    lacking = [
        f"{each.name} ({', '.join(left_out)})"
        for each in SCENARIOS
        if each.name in commits and (left_out := [who for who in each.contestants if who not in contestants[each.name]])
    ]
    found_faults = {
        f"Its parts are of {len(versions)} versions: {', '.join(versions)}.": len(versions) > 1,
        f"Measured with changes that no commit has: {', '.join(dirty)}.": dirty,
        f"Not measured: {', '.join(missing)}.": missing,
        f"Measured without some contestants: {'; '.join(lacking)}.": lacking,
    }
    return [sentence for sentence, holds in found_faults.items() if holds]


def marked(page: str) -> str:
    """Return the page with its faults below the title; unchanged when it has none."""
    title, _, rest = page.partition("\n\n")
    while rest.startswith(">"):
        rest = rest.partition("\n\n")[2]
    if found := faults(page):
        return "\n\n".join([title, "\n".join([MARK, *(f"> {sentence}" for sentence in found)]), rest])
    return "\n\n".join([title, rest])
