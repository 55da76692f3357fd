"""Small charts: round ticks that hold every value, gaps where nothing is known, a band as wide as the range."""

import re
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from assets.reports.pages.plot import Plot, Series, plot

DAYS = [date(2026, 11, 22) - timedelta(days=back) for back in range(27, -1, -1)]


def drawn(values: list[float | None], **other: object) -> Plot | None:
    return plot(
        Series(tuple(values), **other), DAYS[-len(values) :], mark="line", reads=lambda value: f"{value:g}"
    )  # type: ignore[arg-type]


def path(drawing: Plot | None, css: str) -> str:
    assert drawing is not None
    (match,) = re.findall(rf'class="{css}" d="([^"]*)"', drawing.svg)
    return match


@given(st.floats(1e-6, 1e12))
def test_ticks_are_evenly_spaced_start_at_zero_and_hold_the_largest(most: float) -> None:
    drawing = drawn([most] * 7)
    assert drawing is not None
    ticks = [float(text) for text in drawing.heights[::-1]]
    assert ticks[0] == 0
    assert ticks[-1] >= most * 0.99999
    assert 2 <= len(ticks) <= 5
    assert most > ticks[-1] * 0.49


def test_a_missing_day_breaks_the_line_and_a_day_alone_is_a_dot() -> None:
    line = path(drawn([1.0, 2.0, None, 3.0, None, 2.0, 1.0]), "line")
    assert len(re.findall("M", line)) == 3
    assert line.count("h.01") == 1


def test_the_band_is_the_range_and_breaks_where_it_is_not_known() -> None:
    drawing = drawn(
        [2.0] * 7, low=(1.0, 1.0, None, 1.0, 1.0, 1.0, 1.0), high=(4.0, 4.0, None, 4.0, 4.0, 4.0, 4.0)
    )
    assert drawing is not None
    bands = re.findall(r'class="band" d="([^"]*)"', drawing.svg)
    assert len(bands) == 2
    heights = {float(index.split()[1]) for band in bands for index in re.findall(r"[\d.]+ [\d.]+", band)}
    top = float(drawing.heights[0])
    assert heights == {round(100 * (1 - 4 / top), 1), round(100 * (1 - 1 / top), 1)}


def test_zero_or_unknown_everywhere_is_nothing_to_draw() -> None:
    assert drawn([0.0] * 7) is None
    assert drawn([None] * 7) is None


def test_weeks_end_on_the_last_day() -> None:
    drawing = drawn([1.0] * 28)
    assert drawing is not None
    assert drawing.weeks == ("Sun 1 Nov", "Sun 8 Nov", "Sun 15 Nov", "Sun 22 Nov")


def test_bars_stand_where_there_is_something() -> None:
    drawing = plot(Series((1.0, 0.0, None, 2.0)), DAYS[-4:], mark="bar", reads=str)
    assert path(drawing, "bar").count("Z") == 2
