"""Where days will end: unknown without a curve, and with one the same in core's SQL as on the page."""

from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest

from assets.core.conversion_lag.assets import keep, learned
from assets.core.fx.rates import rates_between
from assets.core.performance.facts import key_figures, sources, unified
from assets.reports.pages.outlook import COLUMNS, NEEDED, outlooks
from benchmarks.days import Days
from resources.lake.layout import frame
from resources.tables import core

FORTNIGHT = timedelta(days=13)


def pulled(days: Days) -> pd.DataFrame:
    """Two weeks of readings made core/campaign_day; returns the key figures that come of it."""
    start, end = days.first - FORTNIGHT, days.first
    if days.lake.read(core.FX_RATE).empty:
        days.run(end, first=start)
        table = pd.DataFrame([{"currency": "USD", "base": "EUR", "day": f"{start}", "rate": "0.9"}])
        rates = rates_between(table, reporting="EUR", start=start, end=end, source="a test")
        days.lake.replace(core.FX_RATE, pa.Table.from_pandas(rates, preserve_index=False))
    parameters, asked_days = {"start": start, "end": end}, {"day": (start, end)}
    rows = days.lake.arrow(unified("campaign"), *dict.fromkeys(sources("campaign")), parameters=parameters)
    days.lake.replace(core.DAYS["campaign"], rows, where=asked_days)
    return frame(
        days.lake.arrow(key_figures(), core.DAYS["campaign"], parameters=parameters | {"currency": "EUR"})
    )


def test_without_a_curve_nothing_is_matured_and_nothing_projected(days: Days) -> None:
    figures = pulled(days)
    assert figures["conversions"].sum() > 0
    for rows in (figures, days.lake.read(core.DAYS["campaign"])):
        assert rows[[*NEEDED, "roas_projected"]].isna().all(axis=None)


def test_a_platform_of_which_the_curve_is_unknown_has_no_end(days: Days) -> None:
    pulled(days)
    curve = learned(days.lake, until=days.stage.clock.now())
    without_meta = curve[curve["platform"] != "meta_ads"]
    keep(days.lake, without_meta, at=days.stage.clock.now())
    figures = pulled(days).set_index("platform")
    for platform, is_known in (
        ("google_ads", True),
        ("linkedin_ads", True),
        ("meta_ads", False),
    ):
        assert figures.loc[platform, list(NEEDED)].notna().all(axis=None) == is_known, platform


def test_the_page_adds_up_as_core_does(days: Days) -> None:
    pulled(days)
    keep(days.lake, learned(days.lake, until=days.stage.clock.now()), at=days.stage.clock.now())
    figures = pulled(days).set_index(["platform", "day"]).sort_index()
    rows = days.lake.read(core.DAYS["campaign"])
    rate = rows["spend_reporting"] / rows["spend"]
    money = ["spend", "conversion_value", *(name for name in NEEDED if name.startswith("conversion_value"))]
    rows = rows.assign(**rows[money].mul(rate, axis=0))
    ours = outlooks(rows, ["platform", "day"]).sort_index()
    figures = figures.drop("all")
    assert ours["conversions_projected"].notna().all()
    shared = [name for name in COLUMNS if name in figures.columns]
    assert len(shared) == 8
    pd.testing.assert_frame_equal(ours[shared], figures[shared].astype(float), rtol=1e-6, check_names=False)
    assert (ours["matured"] < 0.9).any()
    sums = rows.groupby(["platform", "day"])["conversions_projected"].sum()
    assert ours["conversions_projected"].to_numpy() == pytest.approx(sums.to_numpy())
