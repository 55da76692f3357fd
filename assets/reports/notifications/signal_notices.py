"""Notices from signals: incidents, broken tracking, budgets off plan, stale figures and refused pulls, from
rows of their tables.

P1 costs money outside working hours: runaway spend, conversions that are no longer counted. P2 needs a
decision today. Everything else waits for the digest.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from assets.formatting import numbers
from assets.formatting.platform_names import short, spoken
from assets.reports.notifications.notice import DIGEST, NOW, SOON, Link, Notice
from assets.reports.pages.day_frames import known
from assets.signals.anomalies.causes import WORDS

INCIDENTS, TRACKING, PACING, FRESHNESS, READING = "incident", "tracking", "pacing", "freshness", "reading"
SPEND = "spend today"


@dataclass(frozen=True)
class NoticeContext:
    """What notices need besides their rows: page addresses, account names and time zones, and labels of
    campaigns.
    """

    currency: str
    dashboard: str
    weekly: str
    accounts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    zones: Mapping[tuple[str, str], str] = field(default_factory=dict)
    labels: Callable[[Mapping[str, Any]], tuple[str, ...]] = lambda _: ()

    def of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Platform, account, time zone and labels of a row, as fields of a notice."""
        account = (str(row["platform"]), str(row["account_id"]))
        return {
            "platform": account[0],
            "account_id": account[1],
            "account": self.accounts.get(account, ""),
            "zone": self.zones.get(account, ""),
            "labels": self.labels(row),
        }


def incident_notices(incidents: pd.DataFrame, context: NoticeContext) -> list[Notice]:
    """A notice per incident open at the end of the newest day of signals/anomalies.

    Incidents caused by broken tracking become one notice per platform. Parts of larger incidents have none of
    their own.
    """
    if incidents.empty:
        return []
    is_newest = incidents["day"] == incidents["day"].max()
    rows = incidents[is_newest & (incidents["state"] == "open") & incidents["part_of"].isna()]
    broken: dict[str, list[dict[str, Any]]] = {}
    notices = []
    for row in rows.sort_values("stake", ascending=False).to_dict("records"):
        if _text(row, "data"):
            broken.setdefault(str(row["platform"]), []).append(row)
        else:
            notices.append(_incident(row, context))
    outages = [_tracking(platform, affected, context) for platform, affected in sorted(broken.items())]
    return [*outages, *notices]


def _incident(row: Mapping[str, Any], context: NoticeContext) -> Notice:
    up = row["value"] > row["expected"]
    metric = WORDS.get(row["metric"], str(row["metric"]))
    entity = _text(row, "ad_set_id") or _text(row, "campaign_id") or str(row["account_id"])
    name = _text(row, "name") or entity
    level = str(row["level"]).replace("_", " ")
    expected = known(row["expected"])
    times = f"{numbers.change(row['value'] / expected - 1.0)}" if expected else ""
    changed = _text(row, "change")
    return Notice(
        topic=(
            f"{row['platform']}|{row['account_id']}|{row['level']}|{entity}|{row['metric']}|{'up' if up else 'down'}"
        ),
        kind=INCIDENTS,
        priority=_urgency(row, is_up=up),
        entity=f"{spoken(row['platform'])} · {name} ({level})",
        short=f"{name}: {metric} {times}".strip(),
        ref=str(row["incident_id"]),
        is_good=bool(row["is_good"]),
        weight=float(row["stake"]),
        seen=(
            f"{metric} {_reads(row, 'value')}, expected {_reads(row, 'low')} to {_reads(row, 'high')}, since"
            f" {short(pd.Timestamp(row['began']).date())}"
        ),
        money=(
            f"about {numbers.money(row['stake'], context.currency)} a day"
            f" {'more than usual' if row['is_good'] else 'at stake'}"
            if row["stake"] > 0
            else ""
        ),
        cause="; ".join(filter(None, (_text(row, "cause"), changed))),
        todo=_text(row, "action"),
        links=(Link("dashboard", context.dashboard),),
        **context.of(row),
    )


def _urgency(row: Mapping[str, Any], *, is_up: bool) -> int:
    if row["is_good"] or row["severity"] != "high":
        return DIGEST
    return NOW if row["metric"] == "spend" and is_up else SOON


def _tracking(platform: str, rows: list[dict[str, Any]], context: NoticeContext) -> Notice:
    """One tracking outage, however many accounts and metrics show it."""
    stake = max(float(row["stake"]) for row in rows)
    scope = context.of(rows[0])
    accounts = sorted({str(row["account_id"]) for row in rows})
    if len(accounts) > 1:
        scope |= {"account_id": "", "account": ""}
    counts = next((row for row in rows if row["metric"] == "conversions"), rows[0])
    return Notice(
        topic=f"{platform}|tracking|down",
        kind=TRACKING,
        priority=NOW,
        entity=f"{spoken(platform)} · tracking",
        short=f"{spoken(platform)}: conversions not counted",
        seen=(
            f"{WORDS.get(counts['metric'], counts['metric'])} {_reads(counts, 'value')}, expected"
            f" {_reads(counts, 'low')} to {_reads(counts, 'high')}, in {len(accounts)}"
            f" account{'s' if len(accounts) > 1 else ''}"
        ),
        money=f"about {numbers.money(stake, context.currency)} a day cannot be seen",
        cause=_text(rows[0], "data"),
        todo=_text(rows[0], "action"),
        weight=stake,
        links=(Link("dashboard", context.dashboard),),
        **scope,
    )


def pacing_notices(rows: pd.DataFrame, context: NoticeContext) -> list[Notice]:
    """Budgets (accounts where there is no budgets file) forecast to end the month off plan: red ones are P2,
    amber ones P3.
    """
    if rows.empty:
        return []
    newest = rows[rows["day"] == rows["day"].max()]
    judged = newest[newest["level"] == ("budget" if (newest["level"] == "budget").any() else "account")]
    off = judged[judged["status"].isin(["red", "amber"])]
    return [_pace(row, context) for row in off.to_dict("records")]


def _pace(row: Mapping[str, Any], context: NoticeContext) -> Notice:
    p10, p50, p90, budget = (known(row[name]) for name in ("p10", "p50", "p90", "budget"))
    over = (known(row["p_over"]) or 0.0) >= (known(row["p_under"]) or 0.0)
    share = numbers.percent(p50 / budget, decimals=0) if p50 is not None and budget else numbers.MISSING
    low, middle, high, plan = (numbers.money(amount, row["currency"]) for amount in (p10, p50, p90, budget))
    gap = None if p50 is None or budget is None else abs(p50 - budget)
    daily, advised = known(row["daily_budget"]), known(row["advised_daily"])
    todo = (
        f"Set daily budgets from {numbers.money(daily, row['currency'])} to"
        f" {numbers.money(advised, row['currency'])}."
        if daily is not None and advised is not None
        else "Look at the weekly pacing page and change the daily budgets."
    )
    has_account = isinstance(row["platform"], str) and isinstance(row["account_id"], str)
    month = pd.Timestamp(row["day"])
    return Notice(
        topic=f"{row['series_id']}|{month:%Y-%m}|{'over' if over else 'under'}",
        kind=PACING,
        priority=SOON if row["status"] == "red" else DIGEST,
        entity=f"Pacing · {row['name']} ({month:%B})",
        short=f"landing {share}",
        seen=f"ends near {middle} ({low} to {high}) of {plan}: {row['verdict']}",
        money=(
            f"{numbers.money(gap, row['currency'])} {'too much' if over else 'left over'}"
            if gap is not None
            else ""
        ),
        cause=f"driven by {row['drivers']}" if _text(row, "drivers") else "",
        todo=todo,
        weight=gap or 0.0,
        links=(Link("weekly pacing", context.weekly), Link("dashboard", context.dashboard)),
        **(context.of(row) if has_account else {}),
    )


def spend_notices(rows: pd.DataFrame, context: NoticeContext) -> list[Notice]:
    """Hard caps that are broken or break today, and accounts that spend far above usual today: all P1."""
    told = rows[rows["status"].isin(["broken", "breaks_today", "above_usual"])]
    return [_spend(row, context) for row in told.to_dict("records")]


def _spend(row: Mapping[str, Any], context: NoticeContext) -> Notice:
    is_cap, excess = row["level"] == "budget", known(row["excess"])
    day = pd.Timestamp(row["day"])
    short_texts = {
        "broken": "hard cap is broken",
        "breaks_today": "hard cap breaks today",
        "above_usual": "spends far above usual",
    }
    return Notice(
        topic=f"{row['series_id']}|{day:%Y-%m-%d}|{'cap' if is_cap else 'spend'}",
        kind=SPEND,
        priority=NOW,
        entity=f"Spend today · {row['name']}",
        short=short_texts[row["status"]],
        seen=str(row["reason"]),
        money=(
            f"{numbers.money(excess, row['currency'])} above the cap by the end of the day" if excess else ""
        ),
        todo=(
            "Decide on the pauses that are proposed, or pause campaigns at the platform."
            if is_cap
            else "Look at the account's newest campaigns and budgets at the platform."
        ),
        weight=excess or 0.0,
        links=(Link("dashboard", context.dashboard),),
        **({} if is_cap else context.of(row)),
    )


def freshness_notices(
    last_days: Mapping[str, date], context: NoticeContext, *, now: datetime, hours: float
) -> list[Notice]:
    """Platforms whose newest day with figures ended more than `hours` ago; a platform without any figures is
    not set up.
    """
    stale = []
    for platform, day in sorted(last_days.items()):
        midnight = datetime(day.year, day.month, day.day, tzinfo=now.tzinfo) + timedelta(days=1)
        age = now - midnight
        if age > timedelta(hours=hours):
            stale.append(
                Notice(
                    topic=f"{platform}|figures|old",
                    kind=FRESHNESS,
                    priority=SOON,
                    entity=f"{spoken(platform)} · figures",
                    platform=platform,
                    short=f"{spoken(platform)} figures are old",
                    seen=(
                        f"newest figures are of {short(day)}, allowed is {hours:g} hours after the day's end"
                    ),
                    cause="not pulled since, or nothing was delivered",
                    todo=(
                        "See whether the daily pull ran and what it said; nothing is proposed from old"
                        " figures."
                    ),
                    links=(Link("dashboard", context.dashboard),),
                )
            )
    return stale


def reading_notices(refused_pulls: Iterable[Mapping[str, Any]], context: NoticeContext) -> list[Notice]:
    """Accounts whose newest pull was refused (rows of raw/pulls)."""
    return [
        Notice(
            topic=f"{row['platform']}|{row['account_id']}|reading|refused",
            kind=READING,
            priority=SOON,
            short="a reading was not kept",
            entity=f"{spoken(row['platform'])} · {row['account_name'] or row['account_id']}",
            seen=f"the newest reading was {row['verdict']}",
            cause=str(row["reason"] or ""),
            todo="Compare with the platform's own screens; docs/reliability.md says how to accept it.",
            links=(Link("dashboard", context.dashboard),),
            **context.of(row),
        )
        for row in refused_pulls
    ]


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row[name]
    return value if isinstance(value, str) else ""


def _reads(row: Mapping[str, Any], key: str) -> str:
    """A figure of an incident with its unit, money in the account's own currency."""
    metric, value = row["metric"], known(row[key])
    if metric in {"spend", "cpc", "conversion_value"}:
        return (
            numbers.money(value, row["currency"])
            if isinstance(row["currency"], str)
            else numbers.count(value)
        )
    if metric in {"ctr", "cvr"}:
        return numbers.percent(value)
    return (
        numbers.multiple(value)
        if metric == "roas"
        else numbers.count(None if value is None else round(value, 1))
    )
