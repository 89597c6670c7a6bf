"""The plot of the results: bars on a logarithmic scale, as SVG for light and dark pages; pure."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from benchmarks.measure import Spread
from benchmarks.scenarios import OURS, PIPE, SCENARIOS
from benchmarks.targets import Results, values

SHOWN: Final = ("fanout-1000-16", "fanout-1000-1", "rooms")
WIDTH: Final = 760
LEFT: Final = 150
RIGHT: Final = 110
BAR: Final = 16
STEP: Final = 22
STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 14px }
.scale { fill: #59636e; font-size: 11px }
.grid { stroke: #d1d9e0 }
.spread { stroke: #1f2328; stroke-width: 1.5 }
.peer { fill: #9aa4af }
.own { fill: #0969da }
.pipe { fill: #80b3f0 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .scale { fill: #9198a1 }
  .grid { stroke: #3d444d }
  .spread { stroke: #e6edf3 }
  .peer { fill: #656c76 }
  .own { fill: #4493f8 }
  .pipe { fill: #2b5c9e }
}
"""


def plot(results: Results) -> str:
    """Return the plot of the deliveries a second of all contestants, with a part for each scenario of `SHOWN`."""
    parts: list[str] = []
    top = 24
    for scenario in SCENARIOS:
        rows = results.get(scenario.name, {}) if scenario.name in SHOWN else {}
        if any(values(measured, scenario.value) for measured in rows.values()):  # unless all contestants failed
            drawn, height = _part(scenario.title, rows, scenario.value, top)
            parts += drawn
            top += height
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}"'
        ' role="img" aria-label="Deliveries a second, by server and scenario">'
    )
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"


def _part(title: str, rows: Mapping[str, Sequence[Mapping[str, Any]]], value: str, top: int) -> tuple[list[str], int]:
    found = {name: Spread.of(own) for name, measured in rows.items() if (own := values(measured, value))}
    names = sorted(found, key=lambda name: -found[name].median)
    low = 10 ** math.floor(math.log10(max(1.0, min(each.least for each in found.values()))))
    high = 10 ** math.ceil(math.log10(max(each.most for each in found.values()) + 1))
    scale = (WIDTH - LEFT - RIGHT) / (math.log10(high) - math.log10(low))

    def across(number: float) -> float:
        return LEFT + (math.log10(max(number, low)) - math.log10(low)) * scale

    bottom = top + 14 + STEP * len(names)
    drawn = [f'<text class="title" x="8" y="{top}">{escape(title)}: deliveries a second</text>']
    power = low
    while power <= high:
        x = across(power)
        drawn.append(f'<line class="grid" x1="{x:.0f}" y1="{top + 10}" x2="{x:.0f}" y2="{bottom}"/>')
        drawn.append(f'<text class="scale" x="{x:.0f}" y="{bottom + 14}" text-anchor="middle">{power:,}</text>')
        power *= 10
    for place, name in enumerate(names):
        each, y = found[name], top + 14 + STEP * place
        kind = {OURS: "own", PIPE: "pipe"}.get(name, "peer")
        end, middle = across(each.median), y + BAR / 2
        drawn += [
            f'<text x="{LEFT - 8}" y="{y + BAR - 4}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" height="{BAR}"/>',
            f'<line class="spread" x1="{across(each.least):.1f}" y1="{middle}" x2="{across(each.most):.1f}"'
            f' y2="{middle}"/>',
            f'<text x="{max(end, across(each.most)) + 6:.0f}" y="{y + BAR - 4}">{each.median:,.0f}</text>',
        ]
    return drawn, bottom - top + 46
