"""What the verdict on the running day is made of, read from the lake."""

from datetime import datetime, timedelta

import pandas as pd

from assets.signals.pacing.plan import names as account_names
from assets.signals.pacing.plan import rates as newest_rates
from assets.signals.spend_today.judge import USUAL_DAYS, campaigns_today, judged
from resources.lake.lake import Lake
from resources.lake.layout import frame
from resources.policy.budgets import Budget, Budgets
from resources.tables import core
from resources.tables.pulls import PULLS
from resources.tables.signals import PACING
from resources.tables.spend_today import SPEND_TODAY

FRESH = timedelta(hours=2)
"""A reading of the running day that is older does not count."""
SOURCES = (SPEND_TODAY, PULLS, core.DAYS["campaign"], core.ENTITIES, PACING)
_ACCOUNTS = f"""
    select platform, account_id, any_value(time_zone) as time_zone, any_value(currency) as currency,
        max(end_day) filter (where contains(tables, '_campaign_day')) as newest,
        coalesce(max(pulled_at) filter (where tables = '{SPEND_TODAY.name}') > $since, false) as is_read
    from raw.pulls join (
        select platform, entity_id as account_id, currency from core.entities where level = 'account'
    ) using (platform, account_id)
    where verdict = 'accepted' and pulled_at > $first group by all
"""


def verdicts(lake: Lake, budgets: Budgets, *, now: datetime) -> pd.DataFrame:
    """Rows of signals/spend_today as of now."""
    day = now.date()
    first = min(day.replace(day=1), day - timedelta(days=USUAL_DAYS + 2))
    accounts = frame(
        lake.arrow(
            _ACCOUNTS,
            PULLS,
            core.ENTITIES,
            parameters={"since": now - FRESH, "first": now - timedelta(days=35)},
        )
    )
    accounts["newest"] = pd.to_datetime(accounts["newest"]).dt.date
    accounts = accounts[accounts["newest"].notna()]
    recent = {"day": (first - timedelta(days=1), day + timedelta(days=1))}
    spent, closed = (
        _with_dates(lake.read(table, where=recent)) for table in (SPEND_TODAY, core.DAYS["campaign"])
    )
    campaigns = campaigns_today(spent, closed, accounts, now=now)
    if campaigns.empty:
        return pd.DataFrame()
    month = budgets.of(day.replace(day=1))
    rates = newest_rates(lake.read(core.DAYS["campaign"], where=recent), day)
    names = account_names(lake.read(core.ENTITIES))
    return judged(campaigns, month, names, rates, day=day, now=now, carried=_carried(lake, month, now))


def _with_dates(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(day=pd.to_datetime(rows["day"]).dt.date)


def _carried(lake: Lake, budgets: tuple[Budget, ...], now: datetime) -> dict[str, float]:
    """What the newest pacing of this month says that each budget carries over; NaN where it has to, and is not
    known.
    """
    pacing = lake.read(PACING, where={"day": (now.date().replace(day=1), now.date())})
    newest = pacing[pacing["level"] == "budget"].sort_values("day").drop_duplicates("name", keep="last")
    known = dict(zip(newest["name"], newest["carried"].astype(float), strict=True))
    unknown = {budget.name: float("nan") for budget in budgets if budget.carry_over != "none"}
    return unknown | known
