"""Small charts of one series over days, with the range that is known of it: bars or a line, and a band around
it.

Written by hand, because a page per campaign needs some hundred of them in a second and each may weigh no more
than a few kilobytes. Colours are the pages' own tokens, lines keep their width and texts their size at every
width of the page. A missing day breaks line and band.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from math import floor, log10

from assets.formatting.platform_names import short

WIDTH, HEIGHT = 1000.0, 100.0
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_TICKS = 3


@dataclass(frozen=True)
class Series:
    """Values by day, oldest first, None where nothing is known; `low` and `high` are the ends of the range of
    each.
    """

    values: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    ends: tuple[float | None, ...] = ()
    """Where a value that still grows will end: drawn as the middle of the range."""


@dataclass(frozen=True)
class Plot:
    """What the template draws:

    SVG of the marks; the evenly spaced ticks of the height, the top first; the last day of each week.
    """

    svg: str
    heights: tuple[str, ...]
    weeks: tuple[str, ...]


def plot(series: Series, days: Sequence[date], *, mark: str, reads: Callable[[float], str]) -> Plot | None:
    """The chart; None where every day is zero or not known, which is nothing to draw.

    Args:
        series: As many values as days.
        days: Whole weeks, oldest first, without gaps.
        mark: bar or line.
        reads: How a value reads at the axis.
    """
    values = [value for value in (*series.values, *series.high, *series.ends) if value is not None]
    if not values or max(values) <= 0:
        return None
    step, top = _scale(max(values))
    slot = WIDTH / len(days)
    places = [slot * (index + 0.5) for index in range(len(days))]

    def height(value: float) -> float:
        return HEIGHT * (1 - max(value, 0.0) / top)

    grid = "".join(f'<path class="grid" d="M0 {height(at):.1f}H1000"/>' for at in _ticks(step, top))
    band = "".join(_band(part, slot) for part in _runs(series.low, series.high, places, height))
    marks = (
        _bars(series.values, places, slot, height) if mark == "bar" else _line(series.values, places, height)
    )
    middle = _line(series.ends, places, height, css="ends") if series.ends else ""
    return Plot(
        svg=(
            '<svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true"'
            f' focusable="false">{grid}{band}{middle}{marks}</svg>'
        ),
        heights=tuple(reads(at) for at in reversed(_ticks(step, top))),
        weeks=tuple(short(day) for day in days[::-1][::7][::-1]),
    )


def _scale(most: float) -> tuple[float, float]:
    """A round step between ticks, and the top of the axis: the first multiple of it that holds everything."""
    rough = most / _TICKS
    ten = 10.0 ** floor(log10(rough))
    step = next(step * ten for step in _STEPS if step * ten >= rough * 0.999999)
    count = int(most / step * 0.999999) + 1
    return step, step * count


def _ticks(step: float, top: float) -> list[float]:
    return [step * index for index in range(round(top / step) + 1)]


def _bars(
    values: Sequence[float | None], places: Sequence[float], slot: float, height: Callable[[float], float]
) -> str:
    half = slot * 0.4
    drawn = [
        f"M{at - half:.1f} 100V{height(value):.1f}H{at + half:.1f}V100Z"
        for value, at in zip(values, places, strict=True)
        if value
    ]
    return f'<path class="bar" d="{"".join(drawn)}"/>'


def _line(
    values: Sequence[float | None],
    places: Sequence[float],
    height: Callable[[float], float],
    css: str = "line",
) -> str:
    """Moves and lines; a day alone becomes a line of almost no length, which round ends make visible."""
    pairs = list(zip(values, places, strict=True))
    drawn = []
    for is_known, group in groupby(pairs, key=lambda pair: pair[0] is not None):
        run = [f"{at:.1f} {height(value):.1f}" for value, at in group if value is not None]
        if is_known:
            drawn.append("M" + "L".join(run) + ("h.01" if len(run) == 1 else ""))
    return f'<path class="{css}" d="{"".join(drawn)}"/>'


def _runs(
    low: Sequence[float | None],
    high: Sequence[float | None],
    places: Sequence[float],
    height: Callable[[float], float],
) -> list[list[tuple[float, float, float]]]:
    """Stretches of days whose range is known, as (place, height of the high end, height of the low end)."""
    ends = [
        None if under is None or over is None else (at, height(over), height(under))
        for under, over, at in zip(low, high, places, strict=False)
    ]
    return [
        [end for end in group if end]
        for is_known, group in groupby(ends, key=lambda e: e is not None)
        if is_known
    ]


def _band(part: Sequence[tuple[float, float, float]], slot: float) -> str:
    if len(part) == 1:  # a day alone: as wide as its own slot
        at, over, under = part[0]
        part = [(at - slot / 2, over, under), (at + slot / 2, over, under)]
    there = "L".join(f"{at:.1f} {over:.1f}" for at, over, _ in part)
    back = "L".join(f"{at:.1f} {under:.1f}" for at, _, under in reversed(part))
    return f'<path class="band" d="M{there}L{back}Z"/>'
