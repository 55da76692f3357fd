"""Coverage of customer features: share of customers with a value per feature, its source, and its weekly
change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd
import pyarrow as pa

FEATURES: Mapping[str, tuple[str, str]] = {
    "country": ("demographic", "raw/crm_contacts"),
    "region": ("demographic", "raw/crm_contacts"),
    "language": ("demographic", "raw/crm_contacts"),
    "industry": ("firmographic", "raw/crm_companies"),
    "company_size": ("firmographic", "raw/crm_companies"),
    "account_tier": ("firmographic", "raw/crm_companies"),
    "technology": ("firmographic", "raw/crm_companies"),
    "first_channel": ("behaviour", "raw/crm_touches"),
    "content": ("behaviour", "raw/crm_touches"),
    "visits": ("behaviour", "raw/crm_touches"),
    "tenure_days": ("behaviour", "raw/crm_touches, raw/crm_deals"),
    "recency_days": ("behaviour", "raw/crm_deals"),
    "orders": ("behaviour", "raw/crm_deals"),
    "use_case": ("needs", "raw/crm_contacts"),
    "pain": ("needs", "raw/crm_contacts"),
    "search_topic": ("needs", "raw/crm_touches"),
    "revenue": ("value", "raw/crm_deals, core/fx_rate"),
    "margin": ("value", "raw/crm_deals, margin in policy.yaml"),
    "expected_value": ("value", "raw/crm_deals"),
    "may_advertise": ("consent", "raw/crm_contacts"),
}
"""Kind and source table of each feature."""
TRAITS = (
    "country",
    "region",
    "language",
    "industry",
    "company_size",
    "account_tier",
    "technology",
    "content",
    "use_case",
    "pain",
    "search_topic",
)
FALL, LEAST, WORST_UNKNOWN = 0.2, 50, 0.5
"""Relative fall in coverage that suggests a broken field or form; with fewer customers it may be chance."""


@dataclass(frozen=True)
class CoverageCheck:
    """Whether a coverage check holds, and why not."""

    holds: bool
    said: str
    figures: dict[str, float]


def coverage(rows: pa.Table) -> dict[str, float]:
    """Share of customers with a value, by feature; empty where there are no customers."""
    if not len(rows):
        return {}
    return {name: 1.0 - rows.column(name).null_count / len(rows) for name in FEATURES}


def coverage_rows(shares: Mapping[str, float], *, read_on: date | None) -> list[dict[str, object]]:
    """A row per feature for people to read: kind, source, coverage, date."""
    return [
        {
            "feature": name,
            "tells": FEATURES[name][0],
            "source": FEATURES[name][1],
            "known of": f"{share:.0%}",
            "as of": f"{read_on}",
        }
        for name, share in shares.items()
    ]


def coverage_fall(
    now: Mapping[str, float], before: Mapping[str, float], *, customers: int, customers_before: int
) -> CoverageCheck:
    """Whether any feature lost a fifth of its coverage in a week."""
    if min(customers, customers_before) < LEAST:
        return CoverageCheck(
            holds=True, said=f"Fewer than {LEAST} customers in one of the weeks: not compared.", figures={}
        )
    lost = {name: 1.0 - now[name] / share for name, share in before.items() if share > 0 and name in now}
    worse = {name: share for name, share in lost.items() if share > FALL}
    losses = "; ".join(
        f"{name} fell from {before[name]:.0%} to {now[name]:.0%} of customers" for name in worse
    )
    return CoverageCheck(
        holds=not worse,
        said=(
            f"{losses}. Check the CRM's field and the form that fills it."
            if worse
            else "No feature is known of far fewer than a week ago."
        ),
        figures={f"{name} lost": round(share, 4) for name, share in worse.items()},
    )


def unknown_customers(rows: pa.Table) -> CoverageCheck:
    """Whether most customers have some trait besides their orders."""
    if not len(rows):
        return CoverageCheck(holds=True, said="There are no customers.", figures={})
    frame: pd.DataFrame = rows.select(list(TRAITS)).to_pandas()
    share = float(frame.isna().all(axis=1).mean())
    return CoverageCheck(
        holds=share <= WORST_UNKNOWN,
        said=f"Nothing but orders is known of {share:.0%} of customers."
        + (
            ""
            if share <= WORST_UNKNOWN
            else " Map the CRM's fields under crm.traits in policy.yaml (docs/crm.md)."
        ),
        figures={"unknown share": round(share, 4)},
    )
