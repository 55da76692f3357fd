"""Daily exchange rates of the world's currencies: a slow wave and a little noise around the level the world
file gives.
"""

from datetime import date
from typing import Any

import numpy as np

from sandbox.random_draws import normal
from sandbox.world import World


def rates(world: World, *, start: date, end: date) -> list[dict[str, Any]]:
    """One row per currency and day: currency, day, what one unit is worth in EUR (six decimals)."""
    days = np.arange(np.datetime64(start, "D"), np.datetime64(end, "D") + 1)
    number = days.astype(int)
    rows: list[dict[str, Any]] = []
    for currency in sorted(world.fx_to_eur):
        name = sum(ord(letter) * 31**n for n, letter in enumerate(currency))
        wander = 0.03 * np.sin(2 * np.pi * (number / 180.0 + name % 7)) + 0.002 * normal(
            world.seed, 91, name, number
        )
        worth = world.fx_to_eur[currency] * (np.ones(len(days)) if currency == "EUR" else 1.0 + wander)
        rows += [
            {"currency": currency, "day": str(d), "eur": round(float(r), 6)}
            for d, r in zip(days, worth, strict=True)
        ]
    return rows
