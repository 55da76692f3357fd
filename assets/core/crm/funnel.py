"""Tables of the CRM funnel from the lake: credit, days, cohorts, open deals and acquisition."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from assets.core.crm.acquisition import WINDOWS, AcquisitionInputs, acquisition
from assets.core.crm.attribution import UNATTRIBUTED
from assets.core.crm.channel_pipeline import by_channel, open_deals
from assets.core.crm.cohorts import TOTAL, cost_per_qualified_lead, with_unseen
from assets.core.crm.funnel_day import ALL, PAID, PLATFORMS, credit, funnel_days, lead_clicks, shares
from assets.core.crm.path_completion import PaidShares, paid_shares
from resources.policy.crm import CrmMapping
from resources.tables.crm_core import ACQUISITION, CPQL, CREDIT, FUNNEL_DAY, PIPELINE

FUNNEL_DAYS, COHORT_WEEKS, RECENT_DAYS = 180, 12, 28


@dataclass(frozen=True)
class FunnelInputs:
    """The lake's tables that the funnel is computed from, and the last day known in all of them."""

    visits: pd.DataFrame
    """core/touchpoints."""
    ends: pd.DataFrame
    """core/outcomes."""
    kpi: pd.DataFrame
    """core/kpi_day."""
    deals: pd.DataFrame
    """raw/crm_deals."""
    stages: pd.DataFrame
    """raw/crm_deal_stages."""
    delivered: pd.DataFrame
    """`assets.core.crm.acquisition.AcquisitionInputs.delivered`."""
    last: date
    currency: str
    margin: Mapping[str, float]


def funnel(read: FunnelInputs, mapping: CrmMapping) -> dict[str, pd.DataFrame]:
    """Rows of each table by its name, without pulled_at."""
    model, last = mapping.model, read.last
    first = last - timedelta(days=FUNNEL_DAYS - 1)
    ends = read.ends.assign(day=pd.to_datetime(read.ends["day"]).dt.date)
    credited = shares(read.visits, ends, model=model, window_days=mapping.window_days)
    summed = credit(credited)
    paid = _paid_orders(read.visits, ends, credited, mapping)
    days = funnel_days(
        summed,
        read.kpi,
        model=model,
        start=first,
        end=last,
        currency=read.currency,
        paid_revenue=None if paid is None else paid.by_day(),
    )
    clicks = lead_clicks(read.visits, ends)
    cpql = _cohorts(read, clicks, mapping)
    as_of = pd.Timestamp(last + timedelta(days=1))
    deals = open_deals(
        read.deals, read.stages, ends, read.visits, as_of=as_of, model=model, window_days=mapping.window_days
    )
    counted = credited[credited["model"] == model]
    acquisition_inputs = AcquisitionInputs(
        last=last,
        delivered=read.delivered,
        shares=counted,
        funnel=days,
        cpql=cpql,
        leads=clicks,
        deals=deals,
        margin=read.margin,
        within_days=mapping.qualify_within_days,
        paid=paid,
    )
    keys = ["model", "kind", "day", "channel", "campaign_id", "ad_set_id"]
    return {
        CREDIT.name: summed.groupby(keys, dropna=False, as_index=False)[["credit", "value"]].sum(min_count=1),
        FUNNEL_DAY.name: days,
        CPQL.name: cpql,
        PIPELINE.name: by_channel(deals).assign(currency=read.currency),
        ACQUISITION.name: acquisition(acquisition_inputs).assign(currency=read.currency),
    }


def _paid_orders(
    visits: pd.DataFrame, ends: pd.DataFrame, credited: pd.DataFrame, mapping: CrmMapping
) -> PaidShares | None:
    """Paid share of every order with unobserved touches accounted for; None where there are too few orders."""
    orders = ends.loc[ends["kind"] == "order", ["outcome_id", "person_id", "at", "value_reporting"]]
    by_model = credited[(credited["kind"] == "order") & (credited["model"] == mapping.model)]
    paid = paid_shares(
        by_model,
        visits,
        orders.rename(columns={"value_reporting": "value"}),
        paid=PLATFORMS,
        window_days=mapping.window_days,
    )
    return paid if paid.is_completed else None


def _cohorts(read: FunnelInputs, clicks: pd.DataFrame, mapping: CrmMapping) -> pd.DataFrame:
    """core/cpql: a cohort per week, and one of each window up to the last day."""
    last, as_of = read.last, pd.Timestamp(read.last + timedelta(days=1))
    spend = read.kpi.loc[read.kpi["platform"] != ALL, ["platform", "day", "spend"]]
    spend = spend.rename(columns={"platform": "channel"})
    spans = [(last - timedelta(days=7 * n + 6), last - timedelta(days=7 * n)) for n in range(COHORT_WEEKS)]
    spans += [(last - timedelta(days=days - 1), last) for days in WINDOWS]
    cohorts = [
        cost_per_qualified_lead(
            clicks, spend, as_of=as_of, start=start, end=end, within_days=mapping.qualify_within_days
        ).assign(start_day=start, end_day=end)
        for start, end in spans
    ]
    cpql = pd.concat(cohorts, ignore_index=True)
    cpql = cpql[cpql["channel"].isin([*PLATFORMS, TOTAL]) & cpql["spend"].notna()]
    cpql = with_unseen(cpql, total=TOTAL, seen=float((clicks["channel"] != UNATTRIBUTED).mean()))
    return cpql.assign(channel=cpql["channel"].replace(TOTAL, PAID), currency=read.currency)


def headline(tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, float]]:
    """Per table the newest figures of all platforms together, as numbers that the Dagster UI plots over
    time.
    """
    rows = tables[ACQUISITION.name]
    recent = rows[(rows["level"] == PAID) & (rows["window_days"] == RECENT_DAYS)]
    if recent.empty:
        return {}
    row = recent.iloc[0]

    def labelled(**labels: str) -> dict[str, float]:
        return {
            f"{words}, {RECENT_DAYS} days": float(row[name])
            for name, words in labels.items()
            if pd.notna(row[name])
        }

    return {
        FUNNEL_DAY.name: labelled(
            roas="blended paid ROAS",
            roas_low="blended paid ROAS, low",
            roas_high="blended paid ROAS, high",
            qualified="qualified leads",
        ),
        CPQL.name: labelled(
            cpql="CPQL", cpql_low="CPQL, low", cpql_high="CPQL, high", matured="CPQL matured"
        ),
        PIPELINE.name: labelled(
            pipeline="paid pipeline", pipeline_low="paid pipeline, low", pipeline_high="paid pipeline, high"
        ),
        ACQUISITION.name: labelled(
            payback_days="payback in days", returned="share of spend back", cpl="CPL", cvr="CVR"
        ),
    }
