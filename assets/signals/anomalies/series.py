"""Input frame of the detector from core: accounts, campaigns and ad sets by day, closed days only.

An entity that delivered before and has no row on a day that was read had no delivery: zero. A day that was
not read, or that was not over when it was read, is missing, not zero.
"""

from datetime import date

import pandas as pd

ACCOUNT, CAMPAIGN, AD_SET = "account", "campaign", "ad_set"
SUMS = ("spend", "impressions", "clicks", "conversions", "conversion_value")
_PLACE = ["platform", "account_id"]
_SEPARATOR = "|"
_SETTLED_DAYS = 35
"""Age in days from which conversions count as complete where no lag curve is known."""


def watch_frame(
    ad_set_days: pd.DataFrame, campaign_days: pd.DataFrame, through: pd.DataFrame
) -> pd.DataFrame:
    """The frame that `detect` takes, of every account, campaign and ad set, and spend in the reporting
    currency beside it.

    Args:
        ad_set_days: core/ad_set_day.
        campaign_days: core/campaign_day, of the same days.
        through: platform, account_id and `through`: the newest day of the account that was over when it was
            read.

    Returns:
        series_id (platform|account[|campaign[|ad set]]), day, group (the account, but for accounts
        themselves), the five sums, matured, and rate (reporting currency per unit of account currency).
    """
    parts = [
        _filled(_summed(campaign_days, []), through).assign(group=""),
        _filled(_summed(campaign_days, ["campaign_id"]), through),
        _filled(_summed(ad_set_days, ["campaign_id", "ad_set_id"]), through),
    ]
    return (
        pd.concat([part for part in parts if len(part)], ignore_index=True)
        if any(map(len, parts))
        else parts[0]
    )


def place_of(series_id: str) -> dict[str, str | None]:
    """platform, account_id, level, campaign_id and ad_set_id of a series."""
    platform, account_id, *below = series_id.split(_SEPARATOR)
    campaign_id, ad_set_id = [*below, None, None][:2]
    level = AD_SET if ad_set_id else CAMPAIGN if campaign_id else ACCOUNT
    return {
        "platform": platform,
        "account_id": account_id,
        "level": level,
        "campaign_id": campaign_id,
        "ad_set_id": ad_set_id,
    }


def _summed(days: pd.DataFrame, below: list[str]) -> pd.DataFrame:
    """A row per entity and day; `matured` of a sum is its visible conversions over its projected ones."""
    keys = [*_PLACE, *below, "day"]
    ripe = days["matured"].astype(float)
    rows = days[[*keys, *SUMS, "spend_reporting"]].assign(
        ripe_conversions=days["conversions_projected"].astype(float),
        seen=days["conversions"].where(ripe.notna()).astype(float),
        ripe=ripe,
    )
    grouped = rows.groupby(keys, as_index=False, dropna=False)
    sums = grouped[[*SUMS, "spend_reporting", "ripe_conversions", "seen"]].sum(min_count=1)
    sums["matured"] = (sums["seen"] / sums["ripe_conversions"].where(sums["ripe_conversions"] > 0)).clip(
        upper=1.0
    )
    sums["matured"] = sums["matured"].fillna(grouped["ripe"].mean()["ripe"])
    sums["group"] = sums["platform"] + _SEPARATOR + sums["account_id"]
    sums["series_id"] = sums["group"]
    for name in below:
        sums["series_id"] = sums["series_id"] + _SEPARATOR + sums[name]
    return sums


def _filled(sums: pd.DataFrame, through: pd.DataFrame) -> pd.DataFrame:
    """Every series from its first day to the account's newest closed day, zero on days without a row."""
    closed = sums.merge(through, on=_PLACE, how="inner")
    closed = closed[closed["day"] <= closed["through"]]
    if closed.empty:
        return closed.reindex(columns=["series_id", "day", "group", *SUMS, "matured", "rate"])
    ends = closed.groupby("series_id").agg(
        group=("group", "first"), first=("day", "min"), through=("through", "first")
    )
    lengths = (ends["through"] - ends["first"]).dt.days + 1
    series = ends.index.repeat(lengths)
    offset = pd.Series(1, index=series).groupby(level=0).cumsum().to_numpy() - 1
    whole = pd.DataFrame(
        {"series_id": series, "day": ends.loc[series, "first"].to_numpy() + pd.to_timedelta(offset, unit="D")}
    )
    laid = whole.merge(
        closed[["series_id", "day", *SUMS, "spend_reporting", "matured"]],
        on=["series_id", "day"],
        how="left",
        indicator=True,
    )
    laid["group"] = ends.loc[series, "group"].to_numpy()
    absent = (laid["_merge"] == "left_only").to_numpy()
    laid.loc[absent, list(SUMS)] = 0.0
    laid["matured"] = _maturity(laid)
    rate = (
        (laid["spend_reporting"] / laid["spend"].where(laid["spend"] > 0))
        .groupby(laid["group"])
        .transform("median")
    )
    return laid.assign(rate=rate)[["series_id", "day", "group", *SUMS, "matured", "rate"]]


def _maturity(laid: pd.DataFrame) -> pd.Series:
    """Own maturity, else that of the account's day; if both are unknown, 1 for old days and NaN for recent
    ones.
    """
    of_day = laid.groupby(["group", "day"])["matured"].transform("mean")
    old = (laid["day"].max() - laid["day"]).dt.days >= _SETTLED_DAYS
    return laid["matured"].fillna(of_day).where(laid["matured"].notna() | of_day.notna() | ~old, 1.0)


def closed_through(pulls: pd.DataFrame, campaign_days: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """The newest closed day of every account: from its pulls, or for dropped files from its newest row.

    Args:
        pulls: platform, account_id, time_zone, pulled_at (UTC) and end_day of accepted readings.
        campaign_days: core/campaign_day.
        as_of: No later day is closed.
    """
    newest = pulls.sort_values("pulled_at").groupby(_PLACE, as_index=False).last()
    rows = []
    for row in newest.itertuples():
        read_at = pd.Timestamp(row.pulled_at).tz_convert(str(row.time_zone)) - _SETTLES
        last = read_at.tz_localize(None).normalize() - pd.Timedelta(days=1)
        rows.append(
            {
                "platform": row.platform,
                "account_id": row.account_id,
                "through": min(last, pd.Timestamp(row.end_day)),
            }
        )
    read = pd.DataFrame(rows, columns=[*_PLACE, "through"])
    files = campaign_days.groupby(_PLACE, as_index=False)["day"].max().rename(columns={"day": "through"})
    files = files[~pd.MultiIndex.from_frame(files[_PLACE]).isin(pd.MultiIndex.from_frame(read[_PLACE]))]
    whole = pd.concat([read, files], ignore_index=True) if len(files) else read
    whole["through"] = pd.to_datetime(whole["through"]).clip(upper=pd.Timestamp(as_of))
    return whole


_SETTLES = pd.Timedelta(hours=3)
"""Clicks and cost of the last hours may still be missing (Google Ads Help, "About data freshness": under 3
hours)."""
