"""The daily run at 10,000 ad sets: trailing window from three platforms, key figures, page.

First into an empty lake, then again.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.ground import ground, timed


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds and peak memory of the daily command in `world` (large); `size` is not used."""
    del size
    with ground(world or "large", seed=seed) as var:
        first = timed("daily", var=var)
        say(f"into an empty lake: {first.seconds:.1f} s, {first.peak_mb:.0f} MB")
        again = timed("daily", var=var)
        say(f"again: {again.seconds:.1f} s, {again.peak_mb:.0f} MB")
    return {
        "figures": {
            "seconds": again.seconds,
            "cpu_s": again.cpu_s,
            "peak_mb": max(first.peak_mb, again.peak_mb),
            "first_seconds": first.seconds,
        },
        "peers": {},
        "ratios": {},
    }
