"""Invented prices of invented instruments."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any, Final

from streams.producers.registry import producer
from streams.values import Kind

#: Symbol → opening price. The spread and the steps are in proportion to it.
OPENING: Final = {
    "ARB": 42.18,
    "BRK": 318.4,
    "CEL": 7.615,
    "DUN": 128.75,
    "ELM": 56.1,
    "FJD": 9.874,
    "GLA": 231.0,
    "HVN": 88.92,
    "KIR": 18.44,
    "LKS": 104.32,
    "NRD": 64.07,
    "OSL": 412.6,
}

Row = dict[str, Any]
_chance = random.Random()  # noqa: S311 - prices of nothing


def digits(price: float) -> int:
    """Return the number of decimals with which a price is quoted."""
    return 1 if price >= 200 else 2 if price >= 10 else 3


def quote(opening: float, last: float) -> Row:
    """Return the row of an instrument with the last price `last`."""
    places = digits(opening)
    half_spread = max(last * 0.0004, 1 / 10**places)
    return {
        "bid": round(last - half_spread, places),
        "ask": round(last + half_spread, places),
        "last": round(last, places),
        "change": round(last - opening, places),
        "decimals": places,
    }


def step(opening: float, last: float) -> float:
    """Return the next price: a random step, pulled back towards the opening price so that it stays near it."""
    moved = last * (1 + _chance.gauss(0, 0.0012)) + (opening - last) * 0.01
    places = digits(opening)
    return float(round(max(moved, 5 / 10**places), places))


@producer("blotter", kind=Kind.TABLE, label="Blotter", stale_after=5)
async def blotter(rows: Any) -> AsyncIterator[dict[str, Row]]:
    """Start with all instruments at their stored prices; then move one to four of them every 0.2 to 1 seconds."""
    prices = {symbol: (rows or {}).get(symbol, {}).get("last") or opening for symbol, opening in OPENING.items()}
    yield {symbol: quote(OPENING[symbol], price) for symbol, price in prices.items()}
    while True:
        await asyncio.sleep(_chance.uniform(0.2, 1.0))
        moved = _chance.sample(sorted(prices), _chance.randint(1, 4))
        for symbol in moved:
            prices[symbol] = step(OPENING[symbol], prices[symbol])
        yield {symbol: quote(OPENING[symbol], prices[symbol]) for symbol in moved}
