"""What the results say: lines, tables, ratios and the plot; pure."""

from collections.abc import Mapping
from typing import Any


def in_short(result: Mapping[str, Any]) -> str:
    """Return one line for one measurement."""
    if "error" in result:
        return f"FAILED: {result['error']}"
    parts = [f"{result['deliveries']:>11,.0f} deliveries/s"] if "deliveries" in result else []
    if "p50" in result:
        parts.append(f"p50 {result['p50']:,.1f} ms, p99 {result['p99']:,.1f} ms")
    if "client_cpu" in result:
        parts.append(f"client {result['client_cpu']:.0%}, server {result['server_cpu']:.0%} of a core")
        if result["client_cpu"] > 0.9:
            parts.append("CLIENT-BOUND")
    if "opening" in result:
        parts.append(f"opened in {result['opening']:.1f} s, quiet {result['settling']:.1f} s later")
    parts += [f"{result[name]} {name}" for name in ("lost", "doubled", "reordered", "closed") if result.get(name)]
    return ", ".join(parts)
