"""The page of one campaign: the dashboard's own sections about it alone, and four charts with ranges beside
the table of their numbers.
"""

from dataclasses import dataclass

from markupsafe import Markup

from assets.formatting import numbers
from assets.reports.pages import metrics
from assets.reports.pages.campaigns import CampaignView
from assets.reports.pages.day_frames import known
from assets.reports.pages.export import csv_name
from assets.reports.pages.metrics import BY_KEY, Metric
from assets.reports.pages.page import environment
from assets.reports.pages.plot import Plot, Series, plot

CHARTS = (("spend", "bar"), ("conversions", "line"), ("roas", "line"), ("ctr", "line"))
COLUMNS = ("spend", "impressions", "clicks", "cpc", "ctr", "conversions", "conversion_value", "roas")
RANGES = {
    "conversions": "where it will end",
    "roas": "where it will end",
    "ctr": "of the true rate behind the day's clicks",
}
"""Metrics with a range, and in words what it is the range of."""


@dataclass(frozen=True)
class Chart:
    """One metric to draw, `drawn` None where there is nothing to."""

    metric: Metric
    mark: str
    drawn: Plot | None
    svg: Markup
    range_words: str


def render_campaign(view: CampaignView, *, above: str, dashboard: str) -> str:
    """The page. The same view gives the same text.

    Args:
        view: What it shows.
        above: The way from its folder to the dashboard's, such as "../".
        dashboard: File name of the dashboard it belongs to.
    """
    return (
        environment()
        .get_template("campaign.html.j2")
        .render(
            view=view,
            above=above,
            dashboard=dashboard,
            charts=[_chart(view, key, mark) for key, mark in CHARTS],
            columns=COLUMNS,
            lines=_lines(view),
            metrics=metrics.METRICS,
            csv_name=csv_name,
            whole="this campaign",
            pages={},
        )
    )


def _chart(view: CampaignView, key: str, mark: str) -> Chart:
    ranged = key in RANGES
    series = Series(
        values=_column(view, key),
        low=_column(view, f"{key}_low") if ranged else (),
        high=_column(view, f"{key}_high") if ranged else (),
        ends=_column(view, f"{key}_projected") if key in {"conversions", "roas"} else (),
    )
    days = [day.date() for day in view.trends.index]
    drawn = plot(series, days, mark=mark, reads=lambda value: _axis(value, key, view.currency))
    svg = Markup(drawn.svg if drawn else "")  # noqa: S704 — drawn by us from numbers alone
    return Chart(BY_KEY[key], mark, drawn, svg, RANGES.get(key, ""))


def _axis(value: float, key: str, currency: str) -> str:
    """A tick as short as it can be: round numbers without the decimals of an amount."""
    kind = BY_KEY[key].kind
    if kind == "share":
        return f"{numbers.plain(round(value * 100, 6))}%"
    plain = numbers.count(value, compact=True) if value >= 10_000 else numbers.plain(value)
    return (
        f"{numbers.symbol(currency)}{plain}"
        if kind == "money"
        else plain + ("×" if kind == "multiple" else "")
    )


def _column(view: CampaignView, name: str) -> tuple[float | None, ...]:
    return tuple(known(value) for value in view.trends[name].tolist())


def _lines(view: CampaignView) -> list[tuple[object, dict[str, float | None]]]:
    """A line per day, newest first, with every figure and range by its column."""
    wanted = [*COLUMNS, "matured", *(f"{key}_{end}" for key in RANGES for end in ("low", "high"))]
    columns = {name: _column(view, name) for name in wanted}
    return [
        (day.date(), {name: values[index] for name, values in columns.items()})
        for index, day in reversed(list(enumerate(view.trends.index)))
    ]
