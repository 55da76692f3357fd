"""Frames as the lake returns them, generated: a few ad sets on three platforms in two currencies, or ten
thousand.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

AS_OF = date(2026, 11, 22)
PULLED = datetime(2026, 11, 23, 6, 12, tzinfo=UTC)
EUROS = {"EUR": 1.0, "USD": 0.92, "JPY": 0.006}
PLATFORMS = {
    "google_ads": (38.0, 0.045, 85.0),
    "meta_ads": (9.0, 0.013, 78.0),
    "linkedin_ads": (34.0, 0.0055, 640.0),
}
"""Cost per thousand impressions, click-through rate and order value, roughly."""
SUMS = ["impressions", "clicks", "spend", "conversions", "conversion_value"]
_MONEY = ["spend_reporting", "conversion_value_reporting"]
_ENDS = [
    f"{name}_{end}" for name in ("conversions", "conversion_value") for end in ("projected", "low", "high")
]


def frames(
    *,
    ad_sets: int = 24,
    days: int = 35,
    platforms: Sequence[str] = tuple(PLATFORMS),
    last_day: Mapping[str, date] | None = None,
    currencies: Sequence[str] = ("EUR", "USD"),
    names: Mapping[int, str] | None = None,
    profile: str = "sandbox",
    seed: int = 1,
) -> dict[str, Any]:
    """Arguments of `dashboard_view`.

    Args:
        ad_sets: How many in all, shared evenly by platforms and currencies; four make a campaign.
        days: How many days end with AS_OF.
        last_day: Last day with rows, for a platform that is late.
        names: Names for ad sets by their number, instead of generated ones.
    """
    facts = _facts(ad_sets, days, platforms, currencies, np.random.default_rng(seed))
    for platform, last in (last_day or {}).items():
        facts = facts[(facts["platform"] != platform) | (facts["day"] <= pd.Timestamp(last))]
    recent = facts[facts["day"] > pd.Timestamp(AS_OF - timedelta(days=28))]
    campaign = ["platform", "account_id", "day", "currency", "time_zone", "campaign_id", "matured", "read_at"]
    return {
        "as_of": AS_OF,
        "kpi_days": kpi_days(facts),
        "campaign_days": _ratios(recent.groupby(campaign, as_index=False)[SUMS + _MONEY + _ENDS].sum()),
        "ad_set_days": _ratios(recent),
        "entities": _entities(facts, names or {}),
        "judged": _judged(facts, names or {}),
        "reporting_currency": "EUR",
        "pulled_at": dict.fromkeys(facts["platform"].unique(), PULLED),
        "generated_at": PULLED + timedelta(minutes=8),
        "profile": profile,
    }


def nothing() -> dict[str, Any]:
    """The same of a lake in which no table has been written."""
    given = frames(ad_sets=6, days=1)
    tables = {name: value.iloc[:0] for name, value in given.items() if isinstance(value, pd.DataFrame)}
    return given | tables | {"pulled_at": {}}


def kpi_days(facts: pd.DataFrame) -> pd.DataFrame:
    """Per platform and day and in total, in the reporting currency, as core/kpi_day has it."""
    facts = facts.reindex(columns=list(dict.fromkeys([*facts.columns, "matured", *_ENDS])))
    rate = facts["spend_reporting"] / facts["spend"]
    reporting = facts.assign(
        spend=facts["spend_reporting"],
        conversion_value=facts["conversion_value_reporting"],
        **{name: facts[name] * rate for name in _ENDS if name.startswith("conversion_value")},
    )
    sums = SUMS + _ENDS
    each = reporting.groupby(["platform", "day", "matured"], as_index=False, dropna=False)[sums].sum()
    total = (
        reporting.groupby(["day", "matured"], as_index=False, dropna=False)[sums].sum().assign(platform="all")
    )
    return _ratios(pd.concat([each, total], ignore_index=True)).assign(currency="EUR", read_at=PULLED)


def _facts(
    ad_sets: int, days: int, platforms: Sequence[str], currencies: Sequence[str], rng: np.random.Generator
) -> pd.DataFrame:
    number = np.arange(ad_sets).repeat(days)
    day = np.tile(pd.date_range(end=pd.Timestamp(AS_OF), periods=days).to_numpy(), ad_sets)
    platform = np.array(platforms)[number % len(platforms)]
    currency = np.array(currencies)[number // len(platforms) % len(currencies)]
    cpm, ctr, order = (
        np.array([PLATFORMS[p][i] for p in platforms])[number % len(platforms)] for i in range(3)
    )
    rate = np.array([EUROS[c] for c in currencies])[number // len(platforms) % len(currencies)]
    spend = (rng.lognormal(3.7, 0.7, ad_sets).repeat(days) * rng.lognormal(0, 0.2, len(number)) / rate).round(
        2
    )
    impressions = (spend * rate / cpm * 1000).astype("int64")
    clicks = rng.binomial(impressions, ctr)
    conversions = rng.binomial(clicks, 0.04).astype("float64")
    value = (conversions * order / rate * rng.lognormal(0, 0.1, len(number))).round(2)
    account = pd.Series(platform).str[:1] + pd.Series(currency)
    campaign = pd.Series(number // (len(platforms) * 8)).astype(str)
    facts = pd.DataFrame(
        {
            "platform": platform, "account_id": account, "day": day, "currency": currency,
            "time_zone": np.where(currency == "EUR", "Europe/Berlin", "America/New_York"),
            "campaign_id": account + "-c" + campaign,
            "ad_set_id": account + "-s" + pd.Series(number).astype(str), "number": number,
            "impressions": impressions, "clicks": clicks, "spend": spend, "conversions": conversions,
            "conversion_value": value, "spend_reporting": (spend * rate).round(6),
            "conversion_value_reporting": (value * rate).round(6), "read_at": pd.Timestamp(PULLED),
        }
    )  # fmt: skip
    return facts.assign(**_maturity(facts))


def _maturity(facts: pd.DataFrame) -> dict[str, pd.Series]:
    """Two thirds of what comes is seen after each three days more; every row's range is its projection's
    square root wide.
    """
    seen = 1 - np.exp(-((pd.Timestamp(AS_OF) - facts["day"]).dt.days + 1) / 3)
    columns = {"matured": seen}
    for name in ("conversions", "conversion_value"):
        ends = facts[name] / seen
        half = np.sqrt(ends)
        columns |= {
            f"{name}_projected": ends,
            f"{name}_low": (ends - half).clip(lower=0),
            f"{name}_high": ends + half,
        }
    return columns


def _ratios(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(
        cpc=rows["spend"] / rows["clicks"].where(rows["clicks"] > 0),
        ctr=rows["clicks"] / rows["impressions"].where(rows["impressions"] > 0),
        roas=rows["conversion_value"] / rows["spend"].where(rows["spend"] > 0),
    )


def _judged(facts: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    """A verdict on every ad set, every fifth of them to be paused."""
    once = facts.drop_duplicates(["platform", "account_id", "ad_set_id"])
    verdict = np.where(once["number"] % 5 == 0, "pause", np.where(once["number"] % 5 == 1, "watch", "fine"))
    return once[["platform", "account_id", "campaign_id", "ad_set_id"]].assign(
        day=pd.Timestamp(AS_OF), name=[names.get(n, f"Prospecting – broad – {n:05d}") for n in once["number"]], goal="sales",
        target=2.0, roas_mean=1.2, roas_low=0.9, roas_high=1.5, p_below=0.97, regret_week=once["number"] * 1.5, verdict=verdict,
        why="3 of 12.1 conversions expected by now at target; chance below target 97 %.",
    )  # fmt: skip


def _entities(facts: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    once = facts.drop_duplicates(["platform", "account_id", "ad_set_id"])
    ad_sets = once.assign(
        level="ad_set",
        entity_id=once["ad_set_id"],
        name=[names.get(n, f"Prospecting – broad – {n:05d}") for n in once["number"]],
        status=np.where(once["number"] % 9 == 4, "paused", "active"),
    )
    campaigns = once.drop_duplicates(["platform", "account_id", "campaign_id"]).assign(
        level="campaign", entity_id=lambda rows: rows["campaign_id"], status="active"
    )
    accounts = once.drop_duplicates(["platform", "account_id"]).assign(
        level="account", entity_id=lambda rows: rows["account_id"], status="active"
    )
    named = [
        ad_sets,
        campaigns.assign(name="Campaign " + campaigns["campaign_id"]),
        accounts.assign(name="Northwind"),
    ]
    columns = ["platform", "account_id", "level", "entity_id", "campaign_id", "ad_set_id", "name", "status"]
    return pd.concat(named, ignore_index=True)[columns]
