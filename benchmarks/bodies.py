"""Searches for the body of a message that takes longest to render.

    python -m benchmarks.bodies [EXAMPLES]

A message waits for its own body, and for one body of each person who writes at the same time
(`realtime/limits/turns.py`).
"""

import sys
import time
from typing import Final

from hypothesis import HealthCheck, Phase, given, settings, target
from hypothesis import strategies as st

from chat.commands import BODY_CHARACTERS, SHORT_BODY
from web.markdown import render

#: Milliseconds that any body may take on an idle machine.
MOST: Final = 20.0
#: Texts that were slow in the former parser, or would be in another.
KNOWN: Final = (
    *(
        "_[",
        "*a_",
        "*a ",
        "*a* ",
        "**a** _b_ ~~c~~ ",
        "***a*** ",
        "[](",
        "[a](",
        "[a](www.b.c)",
        "[a](https://",
        "<",
        "<b>",
    ),
    *(
        "`",
        "`a`",
        "``a` ",
        "> ",
        "> - ",
        "- ",
        "- a\n",
        "1. a\n",
        "> a\n",
        "- a\n\n",
        "a.",
        "a@",
        "a@a.",
        "a@b.cd ",
        "&",
    ),
    *(
        "www.",
        "www.a.b ",
        "https://",
        "https://a ",
        "https://a.b/(",
        "https://a)))",
        "#a",
        "#a ",
        "#ab ",
        "~~a~~",
        "~~~\n",
    ),
    *(
        "|",
        "|a",
        "|a\n|-\n",
        "|-\n",
        "a\tb\n",
        "\ta\n",
        "\t",
        "```\n",
        "```a\n",
        "\n",
        "a\n",
        " ",
        " \n",
        "中*中*",
        "中https://a",
    ),
    *("(", "()", "[[", "]]", "[x] ", "- [ ] a\n", "# a\n", "#", "\\", "!", "🎉", "\u200b", "\u0301", "%", "a.b-c_"),
)
PIECES: Final = st.sampled_from([*KNOWN, *"*_~`[]()<>|#.:/@-+ \n\tax1", "  - ", "https://x.y", "```"])


def filled(piece: str, characters: int) -> str:
    return (piece * (characters // len(piece) + 1))[:characters]


def milliseconds(body: str, tries: int = 3) -> float:
    """Return the processor time of the fastest of some tries."""
    best = float("inf")
    for _ in range(tries):
        began = time.thread_time()
        render(body)
        best = min(best, time.thread_time() - began)
    return best * 1000


def search(characters: int, examples: int) -> tuple[float, str]:
    """Return the milliseconds and the beginning of the worst body found."""
    worst = max((milliseconds(filled(piece, characters)), piece) for piece in KNOWN)

    @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate, Phase.target],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(parts=st.lists(st.tuples(PIECES, st.integers(1, 400)), min_size=1, max_size=6))
    def look(parts: list[tuple[str, int]]) -> None:
        nonlocal worst
        body = filled("".join(piece * times for piece, times in parts), characters)
        took = milliseconds(body, 1)
        if took > worst[0]:
            took = milliseconds(body)
        target(took)
        worst = max(worst, (took, "".join(f"{piece!r}*{times} " for piece, times in parts)))

    look()
    return worst


def main() -> None:
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    for characters in (SHORT_BODY, BODY_CHARACTERS):
        took, body = search(characters, examples)
        print(f"{characters:5} characters: {took:5.2f} ms at most, for {body}")
    if took > MOST:
        sys.exit(f"A body may take {MOST:g} ms.")


if __name__ == "__main__":
    main()
