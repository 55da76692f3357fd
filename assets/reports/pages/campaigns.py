"""What the page of one campaign shows: its key figures, ad sets and trends, its findings and its pending
proposals.

Pages are made for the campaigns that cost most and for those with a finding or proposal; the CSV beside the
dashboard has the ad sets of all. Money is in the reporting currency, as on the dashboard, so that both say
the same.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from assets.formatting.platform_names import spoken
from assets.reports.pages.breakdown import Breakdown, shown_of
from assets.reports.pages.comparison import Baseline, same_weekday_each
from assets.reports.pages.day_frames import NO_FIGURES, tidy
from assets.reports.pages.freshness import Freshness, FreshnessState
from assets.reports.pages.incidents import IncidentSummary, campaign_incidents
from assets.reports.pages.metrics import SUMS, with_ratios
from assets.reports.pages.outlook import NEEDED, ProjectedFigure, outlook, outlooks
from assets.reports.pages.pending_approvals import Approvals, CampaignKey
from assets.reports.pages.verdicts import UnderperformerSummary, verdicts_of
from assets.reports.pages.view import SPARK_DAYS, DashboardView, Tile, tiles_of

KEY = ["platform", "account_id", "campaign_id"]
LARGEST, MOST = 40, 60
"""Pages for this many campaigns by spend, and at most this many with those that have findings."""
_Z = 1.2816
"""Half the width of an 80 % range, in standard deviations."""
_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, eq=False)
class CampaignView:
    """One campaign on the day of its dashboard.

    `trends` has a row for each of the last 28 days, empty where nothing is known.
    """

    key: CampaignKey
    file: str
    name: str
    account_name: str
    status: str
    as_of: date
    generated_at: datetime
    profile: str
    currency: str
    freshness: tuple[Freshness, ...]
    tiles: tuple[Tile, ...]
    ad_sets: Breakdown
    trends: pd.DataFrame
    verdicts: UnderperformerSummary | None
    incidents: IncidentSummary | None
    approvals: Approvals | None
    kept_out: tuple[str, ...] = ()
    unused_lines: str = ""
    calls: tuple[str, ...] = ()
    is_empty: bool = False

    @property
    def platform(self) -> str:
        return self.key[0]

    @property
    def platform_label(self) -> str:
        return spoken(self.key[0])

    @property
    def without(self) -> tuple[Freshness, ...]:
        return tuple(state for state in self.freshness if state.state is FreshnessState.STALE)


def file_name(key: CampaignKey) -> str:
    """File name of the campaign's page, valid on any file system; ids that had to be changed get a hash to
    stay unique.
    """
    plain = [_NOT_IN_FILE_NAMES.sub("-", part)[:60].strip("-") or "x" for part in key]
    mark = "" if tuple(plain) == tuple(key) else "." + hashlib.sha256("\n".join(key).encode()).hexdigest()[:8]
    return f"{'.'.join(plain)}{mark}.html"


def campaign_views(
    view: DashboardView,
    *,
    campaign_days: pd.DataFrame,
    judged: pd.DataFrame | None = None,
    findings: pd.DataFrame | None = None,
    incidents: pd.DataFrame | None = None,
    marks: pd.DataFrame | None = None,
    approvals: Approvals | None = None,
) -> tuple[CampaignView, ...]:
    """The campaigns that get a page, the largest first.

    Args:
        view: The dashboard they belong to.
        campaign_days: core/campaign_day of the last 28 days, money as floats.
        judged: signals/underperformers of the day.
        findings: actions/proposals of the day.
        incidents: signals/anomalies of the day.
        marks: signals/marks.
        approvals: All that waits, not only what the dashboard shows of it.
    """
    if view.campaigns.everything.empty:
        return ()
    lines = view.campaigns.everything.drop_duplicates(["platform", "account_id", "entity_id"])
    by_key = {_key(line, "entity_id"): line for line in lines.to_dict("records")}
    with_findings = _with_findings(judged, incidents, approvals)
    keys = chosen(list(by_key), with_findings)
    rows = _in_reporting_currency(campaign_days, view.as_of)
    bases = same_weekday_each(rows, KEY, as_of=view.as_of)
    ends = _ends(rows, view.as_of)
    days = _grouped(with_ranges(rows), keys)
    ad_sets, verdicts = _grouped(view.ad_sets.everything, keys), _grouped(judged, keys)
    incidents_by_campaign = _grouped(incidents, keys)
    trends = {key: trends_of(campaign_rows, view.as_of) for key, campaign_rows in days.items()}
    nothing = Baseline(NO_FIGURES, "no comparison yet")
    no_marks = pd.DataFrame(columns=["incident_id", "at", "mark", "until"])
    return tuple(
        CampaignView(
            key=key,
            file=file_name(key),
            name=by_key[key]["name"],
            account_name=by_key[key]["account_name"],
            status=by_key[key]["status"],
            as_of=view.as_of,
            generated_at=view.generated_at,
            profile=view.profile,
            currency=view.currency,
            freshness=tuple(state for state in view.freshness if state.platform == key[0]),
            tiles=tiles_of(trends[key], bases.get(key, nothing), ends.get(key, {})),
            trends=trends[key],
            ad_sets=shown_of(ad_sets.get(key, view.ad_sets.everything.iloc[:0]), "ad_set"),
            verdicts=(
                verdicts_of(verdicts[key], as_of=view.as_of, findings=findings) if key in verdicts else None
            ),
            incidents=(
                campaign_incidents(
                    incidents_by_campaign[key], no_marks if marks is None else marks, as_of=view.as_of
                )
                if key in incidents_by_campaign
                else None
            ),
            approvals=None if approvals is None else approvals.of(key),
        )
        for key in keys
        if key in days
    )


def chosen(by_spend: Sequence[CampaignKey], with_findings: Collection[CampaignKey]) -> list[CampaignKey]:
    """The largest, then those with a finding or proposal, in order of spend."""
    largest = by_spend[:LARGEST]
    more = [key for key in by_spend[LARGEST:] if key in with_findings]
    return [*largest, *more[: MOST - LARGEST]]


def _with_findings(
    judged: pd.DataFrame | None, incidents: pd.DataFrame | None, approvals: Approvals | None
) -> set[CampaignKey]:
    keys = {move.campaign for row in (approvals.rows if approvals else ()) for move in row.moves}
    frames = []
    if judged is not None and len(judged):
        frames.append(judged[judged["verdict"].isin(["pause", "reduce"])])
    if incidents is not None and len(incidents):
        frames.append(incidents[(incidents["state"] == "open") & incidents["campaign_id"].notna()])
    for frame in frames:
        keys |= set(frame[KEY].itertuples(index=False, name=None))
    return {key for key in keys if key is not None}


def _key(line: Mapping[Any, Any], id_column: str) -> CampaignKey:
    return line["platform"], line["account_id"], line[id_column]


def _grouped(frame: pd.DataFrame | None, keys: Collection[CampaignKey]) -> dict[CampaignKey, pd.DataFrame]:
    """The rows of each of these campaigns; one without any is not in it."""
    if frame is None or frame.empty:
        return {}
    at = frame.groupby(KEY, sort=False, dropna=True).indices
    return {key: frame.iloc[at[key]] for key in keys if key in at}


def _in_reporting_currency(campaign_days: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The days as the dashboard's tiles take them: all money at the rate of its day, as rows of a total."""
    money = ("spend_reporting", "conversion_value_reporting")
    days = tidy(campaign_days, columns=(*SUMS, *money, *NEEDED), as_of=as_of)
    rate = days["spend_reporting"] / days["spend"].where(days["spend"] != 0)
    rate = rate.fillna(
        days["conversion_value_reporting"] / days["conversion_value"].where(days["conversion_value"] != 0)
    )
    ends = {name: days[name] * rate for name in NEEDED if name.startswith("conversion_value")}
    return days.assign(
        spend=days["spend_reporting"], conversion_value=days["conversion_value_reporting"], **ends
    )


def _ends(rows: pd.DataFrame, as_of: date) -> dict[CampaignKey, dict[str, ProjectedFigure]]:
    """Where the claimed figures of the day will end, by campaign."""
    by_campaign = outlooks(rows[rows["day"] == pd.Timestamp(as_of)], KEY).to_dict("index")
    return {key: outlook(line) for key, line in by_campaign.items()}


def with_ranges(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their ratios and the ranges of those.

    The range of conversions and ROAS is core's, of where they will end. That of CTR is Wilson's (1927) for
    the true rate behind the day's clicks, 80 % too.
    """
    ratios = with_ratios(rows)
    spend = rows["spend"].where(rows["spend"] != 0)
    roas = {f"roas_{end}": rows[f"conversion_value_{end}"] / spend for end in ("projected", "low", "high")}
    shown = rows["impressions"].where(rows["impressions"] > 0)
    share, weight = (rows["clicks"] / shown).clip(upper=1.0), _Z**2 / shown
    middle = (share + weight / 2) / (1 + weight)
    half = _Z * np.sqrt(share * (1 - share) / shown + weight / (4 * shown)) / (1 + weight)
    return ratios.assign(**roas, ctr_low=(middle - half).clip(lower=0.0), ctr_high=middle + half)


def trends_of(days: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Figures and ranges by day, for 28 days up to `as_of`, empty where nothing is known."""
    span = pd.date_range(end=pd.Timestamp(as_of), periods=SPARK_DAYS, name="day")
    return days.drop_duplicates("day").set_index("day").reindex(span)
