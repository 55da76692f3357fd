"""Everything the daily dashboard shows, as values: computed here from frames, turned into a page by
`assets.reports.pages.page`.

Each section of the page has its own part of the view. A later section is another field here and another
template there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from assets.formatting.platform_names import spoken
from assets.reports.pages.breakdown import PERIODS, Breakdown, breakdown
from assets.reports.pages.comparison import Baseline, same_weekday, week_before
from assets.reports.pages.day_frames import known, tidy, totals, window
from assets.reports.pages.freshness import Freshness, FreshnessState, freshness
from assets.reports.pages.funnel import FunnelSection
from assets.reports.pages.incidents import IncidentSummary
from assets.reports.pages.metrics import METRICS, SUMS, Figures, Metric, with_ratios
from assets.reports.pages.outlook import NEEDED, RIPE, ProjectedFigure, outlook, outlooks
from assets.reports.pages.pacing import PacingLine, paces
from assets.reports.pages.pending_approvals import Approvals
from assets.reports.pages.segments import SegmentCards
from assets.reports.pages.verdicts import UnderperformerSummary, verdicts_of

SPARK_DAYS = 28
TOTAL = "all"
PACED = ("total", "budget", "platform")


@dataclass(frozen=True)
class Tile:
    """One key figure of the day, its change and its last 28 days, oldest first."""

    metric: Metric
    value: float | None
    change: float | None
    compared_with: str
    base: float | None
    history: tuple[float | None, ...]
    outlook: ProjectedFigure | None = None

    @property
    def is_never_known(self) -> bool:
        """Whether it is a claim and has no figure on any day, as of all platforms together, whose claims are
        not added.
        """
        return self.metric.is_claimed and all(value is None for value in self.history)


@dataclass(frozen=True)
class PlatformRow:
    """One platform, or the total, in one period. `share` is of the total's spend; changes are fractions."""

    platform: str
    label: str
    figures: Figures
    share: float | None
    changes: Figures
    compared_with: str
    why_empty: str
    outlooks: Mapping[str, ProjectedFigure]


@dataclass(frozen=True, eq=False)
class DashboardView:
    """The daily dashboard of one day.

    `trends` has a row per day and platform, the total among them as `all`; ranges hold 80 %.
    """

    as_of: date
    generated_at: datetime
    profile: str
    currency: str
    freshness: tuple[Freshness, ...]
    without: tuple[Freshness, ...]
    tiles: tuple[Tile, ...]
    platforms: Mapping[str, tuple[PlatformRow, ...]]
    campaigns: Breakdown
    ad_sets: Breakdown
    trends: pd.DataFrame
    verdicts: UnderperformerSummary | None = None
    """Underperforming ad sets; None where the day was not judged."""
    incidents: IncidentSummary | None = None
    """Anomaly incidents; None where the day was not checked."""
    pacing: tuple[PacingLine, ...] = ()
    """Month-end forecasts of total, budgets and platforms; empty where there are none."""
    funnel: FunnelSection | None = None
    """What the CRM booked beside what platforms claim; None without a CRM."""
    segments: SegmentCards | None = None
    """Customer segments of the newest week; None where there are no cards."""
    kept_out: tuple[str, ...] = ()
    """Accounts whose newest pull was refused, each with reason and remedy."""
    unused_lines: str = ""
    """Lines and files of the drop folder that are not used, and why; empty where all are."""
    calls: tuple[str, ...] = ()
    """API calls of the last 24 hours, per platform."""
    approvals: Approvals | None = None
    """Pending approvals and the kill switch; None on the page of a past day."""

    @property
    def is_empty(self) -> bool:
        return self.trends.empty and self.campaigns.everything.empty and self.ad_sets.everything.empty


@dataclass(frozen=True, eq=False, kw_only=True)
class DashboardInputs:
    """What the dashboard is made from: frames as the lake has them (money as floats), and sections made
    elsewhere.
    """

    as_of: date
    """The page's day, in each account's own calendar: the last day that should be complete."""
    kpi_days: pd.DataFrame
    """core/kpi_day, rows of the platforms and of the total; the longer, the longer the trends."""
    campaign_days: pd.DataFrame
    """core/campaign_day of the last 28 days."""
    ad_set_days: pd.DataFrame
    """core/ad_set_day of the last 28 days."""
    entities: pd.DataFrame
    reporting_currency: str
    """ISO 4217 code of the money in `kpi_days`."""
    pulled_at: Mapping[str, datetime]
    """When each platform's newest figures were read (UTC); a platform that was never read is absent."""
    generated_at: datetime
    profile: str
    judged: pd.DataFrame | None = None
    """signals/underperformers of the day."""
    findings: pd.DataFrame | None = None
    """actions/proposals of the day: what was proposed, and why the rest was not."""
    incidents: IncidentSummary | None = None
    pacing: pd.DataFrame | None = None
    """signals/pacing of the day."""
    funnel: FunnelSection | None = None
    segments: SegmentCards | None = None
    kept_out: Sequence[str] = ()
    """Accounts whose newest pull was refused, each as a sentence."""
    unused_lines: str = ""
    """Lines and files of the drop folder that are not used, and why, in a sentence."""
    calls: Sequence[str] = ()
    """API calls of the last 24 hours, a sentence per platform."""
    approvals: Approvals | None = None
    """Pending approvals and the kill switch, on the page of the newest day."""


def dashboard_view(inputs: DashboardInputs) -> DashboardView:
    """The dashboard of `inputs.as_of`."""
    as_of = inputs.as_of
    days = tidy(inputs.kpi_days, columns=(*SUMS, *NEEDED), as_of=as_of)
    by_platform = days[days["platform"] != TOTAL]
    recent = tidy(inputs.campaign_days, columns=("spend",), as_of=as_of)
    states = freshness(days, recent, as_of=as_of, pulled_at=inputs.pulled_at)
    return DashboardView(
        as_of=as_of,
        generated_at=inputs.generated_at,
        profile=inputs.profile,
        currency=inputs.reporting_currency,
        freshness=states,
        without=tuple(state for state in states if state.state is FreshnessState.STALE),
        tiles=_tiles(days, same_weekday(by_platform, as_of=as_of), as_of=as_of),
        verdicts=(
            None
            if inputs.judged is None
            else verdicts_of(inputs.judged, as_of=as_of, findings=inputs.findings)
        ),
        incidents=inputs.incidents,
        pacing=(
            ()
            if inputs.pacing is None
            else tuple(line for level in PACED for line in paces(inputs.pacing, level=level))
        ),
        funnel=inputs.funnel,
        segments=inputs.segments,
        kept_out=tuple(inputs.kept_out),
        unused_lines=inputs.unused_lines,
        calls=tuple(inputs.calls),
        approvals=None if inputs.approvals is None else inputs.approvals.shown(),
        platforms={period: _platform_rows(days, states, period=period, as_of=as_of) for period in PERIODS},
        campaigns=breakdown(inputs.campaign_days, inputs.entities, level="campaign", as_of=as_of),
        ad_sets=breakdown(inputs.ad_set_days, inputs.entities, level="ad_set", as_of=as_of),
        trends=_trends(days),
    )


def _trends(days: pd.DataFrame) -> pd.DataFrame:
    """Every metric by day and platform, and the range in which the claimed ROAS of days that still grow will
    end.
    """
    spend = days["spend"].where((days["spend"] != 0) & (days["matured"] < RIPE))
    ranges = {f"roas_{end}": days[f"conversion_value_{end}"] / spend for end in ("low", "high")}
    return with_ratios(days).assign(**ranges)[
        ["day", "platform", *(metric.key for metric in METRICS), *ranges]
    ]


def _tiles(days: pd.DataFrame, baseline: Baseline, *, as_of: date) -> tuple[Tile, ...]:
    span = pd.date_range(end=pd.Timestamp(as_of), periods=SPARK_DAYS)
    total = with_ratios(days[days["platform"] == TOTAL].drop_duplicates("day").set_index("day")).reindex(span)
    ends = _outlooks(days[(days["platform"] == TOTAL) & (days["day"] == pd.Timestamp(as_of))])
    return tiles_of(total, baseline, ends)


def tiles_of(
    history: pd.DataFrame, baseline: Baseline, ends: Mapping[str, ProjectedFigure]
) -> tuple[Tile, ...]:
    """A tile per metric, of its value on the last day of `history`.

    Args:
        history: A row per day, oldest first, a column per metric.
        baseline: What the last day is compared with.
        ends: Where its claimed figures will end.
    """
    histories = {m.key: tuple(known(value) for value in history[m.key].tolist()) for m in METRICS}
    return tuple(
        Tile(
            metric=metric,
            value=histories[metric.key][-1],
            change=baseline.change(metric.key, histories[metric.key][-1]),
            compared_with=baseline.words,
            base=baseline.figures[metric.key],
            history=histories[metric.key],
            outlook=ends.get(metric.key),
        )
        for metric in METRICS
    )


def _outlooks(rows: pd.DataFrame) -> Mapping[str, ProjectedFigure]:
    """Where the rows' sum will end, for each metric of which that is known."""
    if rows.empty:
        return {}
    (line,) = outlooks(rows.assign(whole=True), ["whole"]).to_dict("records")
    return outlook(line)


def _platform_rows(
    days: pd.DataFrame, states: tuple[Freshness, ...], *, period: str, as_of: date
) -> tuple[PlatformRow, ...]:
    """A row per platform, largest first, those without figures after them, the total last."""
    shown = window(days, end=as_of, days=PERIODS[period])
    total = shown[shown["platform"] == TOTAL]
    whole = totals(total)
    rows = []
    for state in states:
        rows_of_platform = shown[shown["platform"] == state.platform]
        past = days[days["platform"] == state.platform]
        why = state.why if rows_of_platform.empty else ""
        rows.append(
            _platform_row(state.platform, rows_of_platform, whole, _baseline(past, period, as_of), why)
        )
    rows.sort(key=lambda row: (row.figures["spend"] is None, -(row.figures["spend"] or 0)))
    baseline = _baseline(days[days["platform"] != TOTAL], period, as_of)
    why = "No platform has figures for these days." if shown.empty else ""
    return (*rows, _platform_row(TOTAL, total, whole, baseline, why))


def _baseline(days: pd.DataFrame, period: str, as_of: date) -> Baseline:
    return (same_weekday if period == "day" else week_before)(days, as_of=as_of)


def _platform_row(
    platform: str, period_rows: pd.DataFrame, whole: Figures, baseline: Baseline, why_empty: str
) -> PlatformRow:
    figures = totals(period_rows)
    spend, all_spend = figures["spend"], whole["spend"]
    return PlatformRow(
        platform=platform,
        label="Total" if platform == TOTAL else spoken(platform),
        figures=figures,
        share=spend / all_spend if spend is not None and all_spend else None,
        changes={key: baseline.change(key, figures[key]) for key in ("spend", "roas")},
        compared_with=baseline.words,
        why_empty=why_empty,
        outlooks=_outlooks(period_rows),
    )
