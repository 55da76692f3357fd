"""Trends as pictures: Vega-Lite drawn once to SVG, whose colours are the page's own CSS variables.

The same SVG is right in light and dark because no colour is fixed in it. Static pictures have no hover, so
every chart stands beside the table of its numbers. Each is drawn at two widths, since text in a scaled
picture scales with it.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from assets.formatting.numbers import symbol
from assets.reports.pages.day_frames import known
from assets.reports.pages.metrics import BY_KEY, Metric

WIDTHS = {"wide": 620, "narrow": 330}
_HEIGHT, _FEWEST_DAYS = 180, 14
_MOST_TICKS = {"wide": 9, "narrow": 5}
_DASHES = {"google_ads": [1, 0], "meta_ads": [6, 3], "linkedin_ads": [2, 3]}
"""Lines differ by their dashes as well as by their colour, for people who cannot tell the colours apart."""

_PLACES = re.compile(r'(?<= d=")[^"]*|(?<= transform=")[^"]*')
_DECIMALS = re.compile(r"\d+\.\d{2,}")
_LONE_POINT = re.compile(r"(M[\d.]+,[\d.]+)Z?(?=M|$)")


@dataclass(frozen=True)
class Trend:
    """One chart to draw: a metric of every platform over days, as bars that add up or as lines."""

    key: str
    mark: str
    has_range: bool = False
    """Whether the days have a range too, in columns such as roas_low: drawn as a band behind the lines."""

    @property
    def metric(self) -> Metric:
        return BY_KEY[self.key]


TRENDS = (
    Trend("spend", "bar"),
    Trend("roas", "line", has_range=True),
    Trend("cpc", "line"),
    Trend("ctr", "line"),
)


def drawn(trend: Trend, days: pd.DataFrame, *, platforms: Sequence[str], currency: str, width: str) -> str:
    """The trend as SVG text for an HTML page.

    Args:
        trend: What to draw.
        days: day, platform and the metric; missing days leave gaps.
        platforms: Which ones to draw, in the order of their colours from the bottom up.
        currency: That of its money.
        width: wide or narrow.
    """
    import vl_convert  # noqa: PLC0415 — a second to load, and only a page needs it

    specification = _specification(trend, days, platforms=platforms, currency=currency, width=width)
    svg: str = vl_convert.vegalite_to_svg(specification)
    return _PLACES.sub(_tidied, svg).replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def _tidied(places: re.Match[str]) -> str:
    """Coordinates to a tenth of a pixel instead of fifteen digits; a day alone as a dot, for a line of no
    length is not drawn.
    """
    rounded = _DECIMALS.sub(lambda number: f"{float(number[0]):.1f}", places[0])
    return _LONE_POINT.sub(r"\1h.1", rounded)


def colour(platform: str) -> str:
    return f"var(--{platform if platform in _DASHES else 'other'})"


def _specification(
    trend: Trend, days: pd.DataFrame, *, platforms: Sequence[str], currency: str, width: str
) -> dict[str, Any]:
    import altair as alt  # noqa: PLC0415 — a second to load, and only a page needs it

    every_day = _every_day(days)
    records = _records(days, trend, platforms=platforms, every_day=every_day)
    chart = alt.Chart(alt.Data(values=records), width=WIDTHS[width], height=_HEIGHT)
    marked = (
        chart.mark_bar(aria=False)
        if trend.mark == "bar"
        else chart.mark_line(
            aria=False, strokeWidth=1.75, strokeCap="round", invalid="break-paths-show-path-domains"
        )
    )
    colours = alt.Scale(domain=list(platforms), range=[colour(platform) for platform in platforms])
    x = alt.X("day:O", title=None, scale=_day_scale(trend, every_day), axis=_day_axis(every_day, width))
    y = {"title": None, "axis": _value_axis(trend.metric, currency), "scale": alt.Scale(zero=True)}
    colour_of = alt.Color("platform:N", legend=None, scale=colours)
    encoded = marked.encode(
        x=x,
        y=alt.Y("value:Q", **y),
        color=colour_of,
        order=alt.Order("rank:Q") if trend.mark == "bar" else alt.Undefined,
        strokeDash=alt.Undefined if trend.mark == "bar" else _dashes(platforms),
    )
    if trend.has_range:
        band = chart.mark_area(aria=False, opacity=0.25, invalid="break-paths-show-path-domains")
        ranges = band.encode(x=x, y=alt.Y("low:Q", **y), y2="high:Q", color=colour_of)
        encoded = alt.layer(ranges, encoded)
    # Without Altair's own validation, which would take half of the page's time: nothing here is given by users,
    # and vl_convert refuses what it cannot draw.
    specification: dict[str, Any] = encoded.configure(**_THEME).to_dict(validate=False)
    return specification


_THEME: dict[str, Any] = {
    # One call: a second `configure` would replace the first.
    "background": "transparent",
    "aria": False,
    "padding": {"left": 2, "right": 8, "top": 6, "bottom": 2},
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "labelFont": "Liberation Sans, Arial, sans-serif",
        "labelFontSize": 11,
        "domain": False,
        "ticks": False,
        "gridColor": "var(--line)",
        "labelPadding": 6,
    },
}


def _day_scale(trend: Trend, every_day: list[str]) -> Any:
    import altair as alt  # noqa: PLC0415 — a second to load, and only a page needs it

    return (
        alt.Scale(domain=every_day, paddingInner=0.2) if trend.mark == "bar" else alt.Scale(domain=every_day)
    )


def _day_axis(every_day: list[str], width: str) -> Any:
    """Ticks whole weeks apart, counted back from the last day."""
    import altair as alt  # noqa: PLC0415 — a second to load, and only a page needs it

    weeks_apart = math.ceil(len(every_day) / 7 / _MOST_TICKS[width])
    ticks = every_day[::-1][:: 7 * weeks_apart][::-1]
    return alt.Axis(
        values=ticks, labelExpr="utcFormat(toDate(datum.value), '%-d %b')", labelAngle=0, grid=False
    )


def _value_axis(metric: Metric, currency: str) -> Any:
    import altair as alt  # noqa: PLC0415 — a second to load, and only a page needs it

    short = "replace(format(datum.value, '~s'), 'G', 'bn')"
    labels = {
        "money": f"'{symbol(currency)}' + (datum.value < 1000 ? format(datum.value, ',~r') : {short})",
        "count": short,
        "share": "format(datum.value, '.1~%')",
        "multiple": "format(datum.value, '~r') + '×'",
    }
    return alt.Axis(labelExpr=labels[metric.kind], tickCount=4)


def _dashes(platforms: Sequence[str]) -> Any:
    import altair as alt  # noqa: PLC0415 — a second to load, and only a page needs it

    patterns = [_DASHES.get(platform, [8, 2, 2, 2]) for platform in platforms]
    return alt.StrokeDash("platform:N", legend=None, scale=alt.Scale(domain=list(platforms), range=patterns))


def _every_day(days: pd.DataFrame) -> list[str]:
    """The days of the axis: those with figures and all between them, two weeks at least."""
    last = days["day"].max()
    first = min(days["day"].min(), last - pd.Timedelta(days=_FEWEST_DAYS - 1))
    return [f"{day:%Y-%m-%d}" for day in pd.date_range(first, last)]


def _records(
    days: pd.DataFrame, trend: Trend, *, platforms: Sequence[str], every_day: list[str]
) -> list[dict[str, Any]]:
    """A record for every platform and day, empty where nothing is known, so that a line breaks rather than
    bridges.
    """
    columns = {"value": trend.key} | (
        {"low": f"{trend.key}_low", "high": f"{trend.key}_high"} if trend.has_range else {}
    )
    tables = {name: by_platform(days, column, platforms=platforms) for name, column in columns.items()}
    tables = {name: table.reindex(index=pd.to_datetime(every_day)) for name, table in tables.items()}
    return [
        {"day": day, "platform": platform, "rank": rank}
        | {name: known(table[platform].iloc[index]) for name, table in tables.items()}
        for rank, platform in enumerate(platforms)
        for index, day in enumerate(every_day)
    ]


def by_platform(days: pd.DataFrame, column: str, *, platforms: Sequence[str]) -> pd.DataFrame:
    """One column of the days as a table: a row per day, a column per platform."""
    table = days.pivot_table(index="day", columns="platform", values=column, aggfunc="first", dropna=False)
    return table.reindex(columns=list(platforms))
