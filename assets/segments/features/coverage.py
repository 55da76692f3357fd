"""How much is known of the customers: each feature's coverage with its source, and whether it fell against the week before."""

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
"""What each feature tells and where it comes from."""
TRAITS = ("country", "region", "language", "industry", "company_size", "account_tier", "technology", "content", "use_case", "pain", "search_topic")  # fmt: skip
FALL, LEAST, WORST_UNKNOWN = 0.2, 50, 0.5
"""A coverage that lost so much of itself is a broken field or a changed form; of fewer customers it may be chance."""


@dataclass(frozen=True)
class Verdict:
    """Whether a check holds, and why not."""

    holds: bool
    said: str
    figures: dict[str, float]


def coverage(rows: pa.Table) -> dict[str, float]:
    """Share of customers of whom each feature is known; nothing where there are no customers."""
    if not len(rows):
        return {}
    return {name: 1.0 - rows.column(name).null_count / len(rows) for name in FEATURES}


def told(known: Mapping[str, float], *, read_on: date | None) -> list[dict[str, object]]:
    """A row per feature for people to read: what it tells, its source, how many have it, as of when."""
    return [
        {
            "feature": name,
            "tells": FEATURES[name][0],
            "source": FEATURES[name][1],
            "known of": f"{share:.0%}",
            "as of": f"{read_on}",
        }
        for name, share in known.items()
    ]


def fell(
    now: Mapping[str, float], before: Mapping[str, float], *, customers: int, customers_before: int
) -> Verdict:
    """Whether no feature lost a fifth of its coverage in a week."""
    if min(customers, customers_before) < LEAST:
        return Verdict(
            holds=True, said=f"Fewer than {LEAST} customers in one of the weeks: not compared.", figures={}
        )
    lost = {name: 1.0 - now[name] / share for name, share in before.items() if share > 0 and name in now}
    worse = {name: share for name, share in lost.items() if share > FALL}
    said = "; ".join(f"{name} fell from {before[name]:.0%} to {now[name]:.0%} of customers" for name in worse)
    return Verdict(
        holds=not worse,
        said=f"{said}. Check the CRM's field and the form that fills it." if worse else "No feature is known of far fewer than a week ago.",
        figures={f"{name} lost": round(share, 4) for name, share in worse.items()},
    )  # fmt: skip


def unknown(rows: pa.Table) -> Verdict:
    """Whether something is known of most customers besides what they ordered."""
    if not len(rows):
        return Verdict(holds=True, said="There are no customers.", figures={})
    frame: pd.DataFrame = rows.select(list(TRAITS)).to_pandas()
    share = float(frame.isna().all(axis=1).mean())
    return Verdict(
        holds=share <= WORST_UNKNOWN,
        said=f"Nothing but orders is known of {share:.0%} of customers."
        + ("" if share <= WORST_UNKNOWN else " Map the CRM's fields under crm.traits in policy.yaml (docs/crm.md)."),
        figures={"unknown share": round(share, 4)},
    )  # fmt: skip
