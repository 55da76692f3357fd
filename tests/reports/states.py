"""Every state of the pages that was designed, made from frames: what the pictures show and what the browser
tests look at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import pandas as pd

from assets.reports.pages.campaigns import CampaignView, campaign_views
from assets.reports.pages.incidents import IncidentSummary, incident_summary
from assets.reports.pages.pacing import PacingView, pacing_view
from assets.reports.pages.pending_approvals import Approvals, approvals_of
from assets.reports.pages.view import DashboardInputs, DashboardView, dashboard_view
from resources.ledger.proposal import Effect, Proposal, Verdict
from resources.tables.signals import ANOMALIES, PACING
from tests.actions.made import budget, pause, proposal, target
from tests.reports.frames import AS_OF, PLATFORMS, PULLED, frames, nothing

NOW = PULLED + timedelta(minutes=8)
UI = "http://127.0.0.1:3000"
LONG = "no-space-in-a-very-long-name-" * 12
WORDY = "Prospecting | DACH | broad | autumn sale 2026 | lookalike 3 % of purchasers of the last 180 days | headline test | variant B"
ARABIC = "حملة الخريف ٢٠٢٦ – جمهور جديد"
HEBREW = "קמפיין סתיו 2026 – קהל חדש (B2B)"
_EVERY_GUARDRAIL = (
    "amounts",
    "change size",
    "cool-down",
    "blast radius",
    "caps",
    "floor and ceiling",
    "never",
    "learning phase",
    "human edits",
    "blackouts",
    "data",
    "batch safety",
)


@dataclass(frozen=True, eq=False)
class State:
    """One state with everything its pages are made from."""

    view: DashboardView
    campaigns: tuple[CampaignView, ...]
    given: dict[str, Any]


def state(
    given: dict[str, Any], *, approvals: Approvals | None, incidents: pd.DataFrame | None = None, **other: Any
) -> State:
    """The pages' views of these frames; `incidents` None where nobody looked."""
    marks, section = no_marks(), None if incidents is None else incident_section(incidents)
    view = dashboard_view(DashboardInputs(**(given | other | {"incidents": section, "approvals": approvals})))
    campaigns = campaign_views(
        view, campaign_days=given["campaign_days"], judged=given["judged"], incidents=incidents, marks=marks, approvals=approvals,
    )  # fmt: skip
    return State(view, campaigns, given)


def incident_section(incidents: pd.DataFrame) -> IncidentSummary | None:
    """What the dashboard says of these incidents."""
    watched = pd.DataFrame({"series": [212], "tests": [1_284], "by_chance": [0.4], "flags": [len(incidents)]})
    return incident_summary(incidents, watched, no_marks(), as_of=AS_OF)


def no_marks() -> pd.DataFrame:
    return pd.DataFrame({"incident_id": [], "at": [], "mark": [], "until": []})


def gate(given: dict[str, Any], count: int, *, killed: str | None = None) -> Approvals:
    return approvals_of(proposals(given, count), killed=killed, now=NOW, ui_url=UI)


def proposals(given: dict[str, Any], count: int) -> list[Proposal]:
    """Pauses and budgets in turn, on the first ad sets; every third has a limit that does not hold."""
    some = given["entities"].query("level == 'ad_set'").head(count).to_dict("records")
    currencies = given["ad_set_days"].drop_duplicates("ad_set_id").set_index("ad_set_id")["currency"]
    return [_proposal(n, row, currencies.get(row["ad_set_id"], "EUR")) for n, row in enumerate(some)]


def _proposal(n: int, row: dict[str, Any], currency: str) -> Proposal:
    at = target(row["entity_id"], platform=row["platform"], account_id=row["account_id"])
    named = {"name": row["name"], "campaign_id": row["campaign_id"], "currency": currency}
    change = pause(at, **named) if n % 2 == 0 else budget("1250.00", "1000.00", at=at, **named)
    limits = tuple(
        Verdict(
            guardrail=name,
            holds=not (n % 3 == 2 and name == "cool-down"),
            words="changed 31 hours ago; 72 are asked for" if n % 3 == 2 and name == "cool-down" else "holds",
        )
        for name in _EVERY_GUARDRAIL
    )
    return proposal(
        change, created_at=PULLED, hours=3 + 5 * n, verdicts=limits, level="propose",
        reason=f"{row['name']}: 3 of 12.1 conversions expected by now at target; chance below target 97 %. On 28 closed days.",
        evidence={"days": 28, "spend": 12_345.67, "conversions": 3.0, "expected_conversions": 12.1, "probability_below_target": 0.9731, "target": 2.0, "note": None},
        effect=Effect(metric="conversions a day", low=-0.19, middle=-0.11, high=-0.05, words="saves about 440.92 a day and costs 0.05 to 0.19 conversions a day (80 % range)"),
    )  # fmt: skip


def incidents(given: dict[str, Any], count: int) -> pd.DataFrame:
    """Incidents on as many ad sets, the costliest first; every seventh is good news, every fifth has its
    campaign's as whole.
    """
    some = given["entities"].query("level == 'ad_set'").head(count).to_dict("records")
    rows = [
        {
            "day": pd.Timestamp(AS_OF), "known_by": PULLED, "incident_id": f"i-{n:04d}", "part_of": None, "platform": row["platform"],
            "account_id": row["account_id"], "level": "ad_set", "campaign_id": row["campaign_id"], "ad_set_id": row["ad_set_id"], "name": row["name"],
            "metric": ("spend", "conversions", "cpc", "roas")[n % 4], "metrics": "spend", "currency": "EUR", "state": "open",
            "began": pd.Timestamp(AS_OF - timedelta(days=n % 4)), "last_day": pd.Timestamp(AS_OF), "value": 912.5, "expected": 400.0, "low": 330.0, "high": 480.0,
            "p_value": 1e-6, "stake": 3_000.0 / (n + 1), "severity": ("high", "medium", "low")[min(n // 2, 2)], "is_good": n % 7 == 6,
            "data": "Tracking may be broken: clicks go on, conversions stop." if n % 4 == 1 else None, "cause": "the price of impressions rose by 61 %",
            "change": "somebody raised its daily budget at the platform on Sat 21 Nov", "action": "Look at the placements; set the daily budget back to €400.00 if nobody meant it.",
        }
        for n, row in enumerate(some)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=ANOMALIES.schema.names)


def pacing_rows(
    *, currency: str = "EUR", names: Sequence[str] = ("Brand, all platforms", "Performance")
) -> pd.DataFrame:
    """A total, budgets and platforms in every status."""
    levels: list[tuple[str, str, str | None, str]] = [
        ("total", "all", None, "Total"),
        *(("budget", f"b{n}", None, name) for n, name in enumerate(names)),
    ]
    levels += [("platform", name, name, name) for name in PLATFORMS]
    levels += [("campaign", f"c{n}", "google_ads", f"Campaign {n}") for n in range(4)]
    statuses = (
        ("red", "over plan"),
        ("on plan", "on plan"),
        ("amber", "may end under plan"),
        ("early", "too early to judge"),
        ("no plan", "no plan"),
    )
    rows = []
    for n, (level, series_id, platform, name) in enumerate(levels):
        status, verdict = statuses[n % len(statuses)]
        budget_ = None if status == "no plan" else 100_000.0
        rows.append(
            {
                "day": pd.Timestamp(AS_OF), "known_by": PULLED, "series_id": series_id, "level": level, "platform": platform, "account_id": None,
                "campaign_id": None, "name": name, "currency": currency, "spent": 78_412.5, "p10": 98_000.0, "p50": 108_250.0, "p90": 119_000.0,
                "budget": budget_, "budget_source": "budgets file" if level == "budget" else "none", "carried": 0.0, "hard_cap": level == "budget",
                "target_to_date": 73_333.0, "p_over": 0.91, "p_under": 0.004, "p_beyond": 0.95, "required_daily": 2_698.4, "daily_budget": 3_800.0,
                "advised_daily": 3_040.0, "feasible": True, "days_left": 8, "unknown_days": n % 2, "status": status, "verdict": verdict,
                "drivers": "Campaign 0 spends 31 % more than its daily budget" if status == "red" else "", "note": "", "accuracy": 0.034,
                "accuracy_months": 5, "p50_minus_20": 101_000.0, "p50_minus_10": 104_000.0, "p50_plus_10": 111_000.0, "p50_plus_20": 114_000.0,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=PACING.schema.names)


def weekly(*, names: Sequence[str] = ("Brand, all platforms", "Performance")) -> PacingView:
    rows = pacing_rows(names=names)
    return pacing_view(rows, rows.assign(day=rows["day"] - timedelta(days=7), p50=rows["p50"] - 2_000), as_of=AS_OF, week=(AS_OF - timedelta(days=6), AS_OF), generated_at=NOW, profile="sandbox")  # fmt: skip


def _first_day() -> State:
    return state(nothing(), approvals=Approvals())


def _quiet_day() -> State:
    given = frames(ad_sets=24, days=90)
    fine = given["judged"].assign(verdict="fine")
    return state(
        given | {"judged": fine}, approvals=Approvals(), incidents=incidents(given, 0), pacing=pacing_rows()
    )


def _bad_day() -> State:
    given = frames(ad_sets=60, days=90)
    return state(given, approvals=gate(given, 14), incidents=incidents(given, 40), pacing=pacing_rows())


def _partial_data() -> State:
    """One platform was never set up, one was read before its day was over, and some figures of it are not
    known.
    """
    given = frames(ad_sets=24, days=40, platforms=("google_ads", "meta_ads"))
    campaign, ad_set = given["campaign_days"], given["ad_set_days"]
    early = campaign["platform"] == "meta_ads"
    campaign = campaign.assign(
        read_at=campaign["read_at"].where(~early, pd.Timestamp(AS_OF, tz="UTC") + pd.Timedelta(hours=20))
    )
    unknown = {
        name: ad_set[name].astype(float).where(ad_set["platform"] != "meta_ads")
        for name in ("conversions", "conversion_value")
    }
    return state(given | {"campaign_days": campaign, "ad_set_days": ad_set.assign(**unknown), "kept_out": ["Northwind US: refused. Spend of campaigns and ad sets differs by 4.1 %. Pull it again."]}, approvals=Approvals(killed="the kill switch cannot be read (OperationalError)", unreadable="The ledger cannot be read (OperationalError): no answer from the database."))  # fmt: skip


def _stale_platform() -> State:
    given = frames(ad_sets=24, days=40, last_day={"meta_ads": AS_OF - timedelta(days=3)})
    return state(given, approvals=gate(given, 1), incidents=incidents(given, 2), pacing=pacing_rows())


def _kill_switch_on() -> State:
    given = frames(ad_sets=24, days=40)
    killed = "the kill switch is on since 2026-11-22 21:14 UTC (mara: budgets were doubled by mistake)"
    return state(
        given, approvals=gate(given, 2, killed=killed), incidents=incidents(given, 3), pacing=pacing_rows()
    )


def _ten_thousand_ad_sets() -> State:
    names = {n: f"{WORDY[:60]} {n:05d}" for n in range(10_000)}
    given = frames(ad_sets=10_000, days=90, names=names)
    return state(given, approvals=gate(given, 50), incidents=incidents(given, 300), pacing=pacing_rows())


def _right_to_left_names() -> State:
    given = _renamed(
        frames(ad_sets=24, days=40, names={n: (ARABIC, HEBREW)[n % 2] for n in range(24)}), ARABIC
    )
    return state(
        given,
        approvals=gate(given, 2),
        incidents=incidents(given, 3),
        pacing=pacing_rows(names=(ARABIC, HEBREW)),
    )


def _very_long_names() -> State:
    given = _renamed(frames(ad_sets=24, days=40, names={n: (LONG, WORDY)[n % 2] for n in range(24)}), LONG)
    return state(
        given,
        approvals=gate(given, 2),
        incidents=incidents(given, 3),
        pacing=pacing_rows(names=(LONG, WORDY)),
    )


def _renamed(given: dict[str, Any], name: str) -> dict[str, Any]:
    entities = given["entities"]
    return given | {
        "entities": entities.assign(name=entities["name"].where(entities["level"] == "ad_set", name))
    }


def _zero_spend() -> State:
    """Everything is paused: the platforms report, and report nothing."""
    given = frames(ad_sets=12, days=40)
    for table in ("kpi_days", "campaign_days", "ad_set_days"):
        frame = given[table]
        counted = [
            name
            for name in frame.columns
            if name.startswith(("spend", "impressions", "clicks", "conversion"))
        ]
        given[table] = frame.assign(**dict.fromkeys(counted, 0.0), cpc=None, ctr=None, roas=None)
    return state(
        given | {"judged": given["judged"].iloc[:0]}, approvals=Approvals(), incidents=incidents(given, 0)
    )


def _three_currencies() -> State:
    given = frames(ad_sets=36, days=40, currencies=("EUR", "USD", "JPY"))
    return state(
        given, approvals=gate(given, 6), incidents=incidents(given, 2), pacing=pacing_rows(currency="JPY")
    )


STATES: dict[str, Callable[[], State]] = {
    "first_day": _first_day, "quiet_day": _quiet_day, "bad_day": _bad_day, "partial_data": _partial_data, "stale_platform": _stale_platform,
    "kill_switch_on": _kill_switch_on, "ten_thousand_ad_sets": _ten_thousand_ad_sets, "right_to_left_names": _right_to_left_names,
    "very_long_names": _very_long_names, "zero_spend": _zero_spend, "three_currencies": _three_currencies,
}  # fmt: skip


@cache
def made(name: str) -> State:
    """The state of that name; made once, since the largest takes seconds."""
    return STATES[name]()
