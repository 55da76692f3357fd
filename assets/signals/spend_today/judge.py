"""Today's spend against hard caps of the month and against a usual day.

The rest of the day is expected to spend what the mean of the last seven closed days spends in as many hours; no
profile of the hours is assumed. A figure that is missing makes a verdict unknown: it is never taken for zero.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from assets.signals.pacing.plan import BUDGET, is_covered
from resources.policy.budgets import Budget

USUAL_DAYS = 7
FAR_ABOVE = 2.0
"""An account is far above usual from twice a whole usual day on: no platform plans to spend that much a day
(docs/pacing.md)."""
OK, BREAKS, BROKEN, ABOVE, UNKNOWN = "ok", "breaks_today", "broken", "above_usual", "unknown"


def day_share(now: datetime, time_zone: str) -> float:
    """Share of the account's calendar day that is over, 0 to 1; a day of a clock change has 23 or 25 hours."""
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    begin, end = (
        datetime.combine(day, time(), zone).timestamp() for day in (today, today + timedelta(days=1))
    )
    return (now.timestamp() - begin) / (end - begin)


def campaigns_today(
    spent: pd.DataFrame, closed: pd.DataFrame, accounts: pd.DataFrame, *, now: datetime
) -> pd.DataFrame:
    """Per campaign its spend before today in the month, today, and what is expected of the rest of the day.

    Args:
        spent: platform, account_id, campaign_id, day, spend of the running day and of the day before.
        closed: The same of closed days, from the month's first or eight days ago on, whichever is earlier.
        accounts: platform, account_id, currency, time_zone, `is_read` (whether the running day was), and `newest`,
            the newest closed day that was read.
        now: The instant of the reading.

    Returns:
        platform, account_id, campaign_id, currency, spent_before, spent_today, usual_day, expected_rest,
        day_share; amounts in account currency. They are NaN for an account whose running day was not read, or
        whose closed days end more than a day before yesterday.
    """
    key = ["platform", "account_id", "campaign_id"]
    parts = []
    for account in accounts.to_dict("records"):
        today = now.astimezone(ZoneInfo(account["time_zone"])).date()
        yesterday, share = today - timedelta(days=1), day_share(now, account["time_zone"])
        mine, earlier = (_of(frame, account) for frame in (spent, closed))
        # The daily pull may have come before the account's day was over: yesterday is taken from the same reading.
        before = pd.concat([earlier[earlier["day"] < yesterday], mine[mine["day"] == yesterday]])
        is_known = bool(account["is_read"]) and account["newest"] >= yesterday - timedelta(days=1)
        running = mine[mine["day"] == today].groupby(key)["spend"].sum()
        month = before[before["day"] >= today.replace(day=1)].groupby(key)["spend"].sum()
        lately = (
            before[before["day"] >= today - timedelta(days=USUAL_DAYS)].groupby(key)["spend"].sum()
            / USUAL_DAYS
        )
        whole = pd.concat(
            {"spent_before": month, "spent_today": running, "usual_day": lately}, axis=1
        ).fillna(0.0)
        whole.index = whole.index.set_names(key)
        part = whole.reset_index().assign(currency=account["currency"], day_share=share)
        part["expected_rest"] = part["usual_day"] * (1.0 - share)
        if not is_known:
            part[["spent_before", "spent_today", "usual_day", "expected_rest"]] = float("nan")
        if part.empty and not is_known:
            part = pd.DataFrame(
                [
                    {
                        **{name: account[name] for name in ("platform", "account_id", "currency")},
                        "campaign_id": "",
                        "day_share": share,
                    }
                ]
            )
        parts.append(part)
    names = [*key, "currency", "spent_before", "spent_today", "usual_day", "expected_rest", "day_share"]
    return pd.concat(parts).reindex(columns=names) if parts else pd.DataFrame(columns=names)


def _of(frame: pd.DataFrame, account: Mapping[str, Any]) -> pd.DataFrame:
    mine = (frame["platform"] == account["platform"]) & (frame["account_id"] == account["account_id"])
    return frame[mine]


def judged(
    campaigns: pd.DataFrame,
    budgets: Sequence[Budget],
    names: Mapping[str, str],
    rates: Mapping[str, float],
    *,
    day: date,
    now: datetime,
    carried: Mapping[str, float],
) -> pd.DataFrame:
    """A row per hard cap and per account.

    Args:
        campaigns: As `campaigns_today` gives them.
        budgets: Those of the month.
        names: Account names by "platform account".
        rates: Value of a unit of each currency in the reporting currency.
        day: The running day.
        now: The instant of the reading.
        carried: What each budget carries over, by its name; NaN where that is not known.
    """
    rows = [
        _cap(budget, campaigns, rates, carried.get(budget.name, 0.0)) for budget in budgets if budget.hard_cap
    ]
    for (platform, account_id), own in campaigns.groupby(["platform", "account_id"]):
        series_id = f"{platform} {account_id}"
        rows.append(
            _account(own, series_id, names.get(series_id, series_id))
            | {
                "platform": platform,
                "account_id": account_id,
            }
        )
    return pd.DataFrame(rows).assign(day=day, checked_at=now)


def _cap(
    budget: Budget, campaigns: pd.DataFrame, rates: Mapping[str, float], carried: float
) -> dict[str, Any]:
    covered = [
        is_covered(f"{platform} {account_id} {campaign_id}", budget.covers)
        for platform, account_id, campaign_id in zip(
            campaigns["platform"], campaigns["account_id"], campaigns["campaign_id"], strict=True
        )
    ]
    own = campaigns[covered]
    factor = own["currency"].map(
        lambda currency: rates.get(currency, float("nan")) / rates.get(budget.currency, float("nan"))
    )
    factor = factor.where(own["currency"] != budget.currency, 1.0)
    before, today, rest, usual = (
        (own[name] * factor).sum(skipna=False)
        for name in ("spent_before", "spent_today", "expected_rest", "usual_day")
    )
    cap = budget.amount + carried
    excess = (
        max(before + today + rest - cap, 0.0)
        if before + today + rest == before + today + rest
        else float("nan")
    )
    status = OK
    if own.empty or excess != excess:  # noqa: PLR0124 — only a missing number is not itself
        status, reason = (
            UNKNOWN,
            "Spend of today or of the month, or an exchange rate, is missing: the cap cannot be judged.",
        )
    elif before + today > cap:
        status, reason = (
            BROKEN,
            f"{before + today:,.0f} of {cap:,.0f} {budget.currency} are spent: the hard cap is broken.",
        )
    elif excess > 0:
        status = BREAKS
        reason = (
            f"{before + today:,.0f} of {cap:,.0f} {budget.currency} are spent, and the rest of a usual day"
            f" spends {rest:,.0f}: the hard cap breaks today."
        )
    else:
        reason = f"{before + today:,.0f} of {cap:,.0f} {budget.currency} are spent."
    return {
        "level": "budget", "series_id": f"{BUDGET}{budget.name}", "name": budget.name, "currency": budget.currency,
        "spent_before": before, "spent_today": today, "expected_rest": rest, "usual_day": usual, "cap": cap,
        "excess": excess, "times_usual": today / usual if usual > 0 else float("nan"),
        "day_share": float(own["day_share"].mean()) if len(own) else 0.0, "status": status, "reason": reason,
    }  # fmt: skip


def _account(own: pd.DataFrame, series_id: str, name: str) -> dict[str, Any]:
    before, today, rest, usual = (
        own[column].sum(skipna=False)
        for column in ("spent_before", "spent_today", "expected_rest", "usual_day")
    )
    currency = str(own["currency"].iloc[0])
    status, reason = OK, f"{today:,.0f} {currency} so far; a usual day spends {usual:,.0f}."
    if today != today:  # noqa: PLR0124 — only a missing number is not itself
        status, reason = UNKNOWN, "Today's spend, or yesterday's, was not read."
    elif usual > 0 and today > FAR_ABOVE * usual:
        status, reason = (
            ABOVE,
            f"{today:,.0f} {currency} so far: {today / usual:.1f} times what a whole usual day spends.",
        )
    return {
        "level": "account", "series_id": series_id, "name": name, "currency": currency, "spent_before": before,
        "spent_today": today, "expected_rest": rest, "usual_day": usual, "cap": float("nan"), "excess": float("nan"),
        "times_usual": today / usual if usual > 0 else float("nan"), "day_share": float(own["day_share"].iloc[0]),
        "status": status, "reason": reason,
    }  # fmt: skip
