"""signals/pacing and reports/weekly_pacing as Dagster runs them, on a lake that the official clients filled
from the sandbox."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from assets.core.performance.point_in_time import core_days
from assets.reports.pages.assets import weekly_pacing
from assets.signals.pacing.assets import pacing
from benchmarks.days import Days
from orchestration.schedules import day_range_tags
from resources.policy.policy import Policy, PolicyUnreadable
from resources.tables.signals import PACING, PACING_ACCURACY

POLICY = Policy.model_validate({"permissions": [{"level": "propose"}], "caps": {}, "approvers": {}})


def resources(
    mornings: Days, folder: Path, *, now: Any = None, policy: Any = lambda: POLICY
) -> dict[str, Any]:
    clock = mornings.stage.clock
    settings = SimpleNamespace(
        budgets_file=folder / "budgets.yaml",
        has_named_budgets=False,
        reporting_currency="EUR",
        reports_dir=folder / "reports",
        reports_url=None,
        profile="sandbox",
    )
    return {
        "lake": mornings.lake,
        "services": SimpleNamespace(policy=policy),
        "settings": settings,
        "platforms": SimpleNamespace(now=now or clock.now),
    }


def signal(mornings: Days, day: date, given: dict[str, Any]) -> pd.DataFrame:
    assert dg.materialize([pacing], resources=given, tags=day_range_tags(f"{day}", f"{day}")).success
    return mornings.lake.read(PACING, where={"day": (day, day)}).set_index("series_id")


def test_the_signal_is_what_core_says_and_a_past_week_reads_as_it_would_have(
    mornings: Days, tmp_path: Path
) -> None:
    sunday = mornings.first + timedelta(days=(6 - mornings.first.weekday()) % 7)
    mornings.run(sunday, first=sunday - timedelta(days=75))
    given = resources(mornings, tmp_path)
    rows = signal(mornings, sunday, given)
    at = mornings.stage.clock.now()
    core = core_days(mornings.lake, "campaign", start=sunday.replace(day=1), end=sunday, as_of=at)
    campaign_days = core.assign(place=core["platform"] + " " + core["account_id"] + " " + core["campaign_id"])
    for campaign, spent in campaign_days.groupby("place")["spend"].sum().items():
        assert rows.loc[campaign, "spent"] == pytest.approx(float(spent))
    projected = rows.dropna(subset=["p50"])
    assert len(projected) > 6
    assert (projected["p10"] <= projected["p50"]).all()
    assert (projected["p50"] <= projected["p90"]).all()
    assert (
        rows.loc["meta_ads", "p50"] != rows.loc["meta_ads", "p50"]
    )  # no rate, no sum in the reporting currency
    assert mornings.lake.count(PACING_ACCURACY, where={"day": (sunday, sunday)}) > 0

    later = sunday + timedelta(days=1)
    mornings.run(later)
    mornings.run(later + timedelta(days=1))  # figures of the week have been restated since
    again = signal(mornings, sunday, given)
    pd.testing.assert_frame_equal(again.drop(columns="known_by"), rows.drop(columns="known_by"))

    monday = f"{sunday - timedelta(days=6)}"
    for _ in range(2):  # from the signal, then worked out anew
        assert dg.materialize([weekly_pacing], resources=given, partition_key=monday).success
        page = (tmp_path / "reports" / f"weekly_pacing_{sunday}.html").read_text("utf-8")
        assert f'data-key="p50" data-value="{rows.loc["google_ads 1000000077", "p50"]:.9g}"' in page
        assert 'id="late"' not in page
        mornings.lake.replace(PACING, PACING.schema.empty_table(), where={"day": (sunday, sunday)})
    assert (
        (tmp_path / "reports" / f"weekly_pacing_{sunday}.txt")
        .read_text("utf-8")
        .startswith("Pacing, week to Sun")
    )


def test_days_that_were_read_only_later_are_shown_as_such_and_never_as_known(
    mornings: Days, tmp_path: Path
) -> None:
    day = mornings.first
    mornings.run(day, first=day - timedelta(days=75))
    sunday = day - timedelta(days=day.weekday() + 8)
    given = resources(mornings, tmp_path)
    assert signal(mornings, sunday, given).empty
    assert dg.materialize(
        [weekly_pacing], resources=given, partition_key=f"{sunday - timedelta(days=6)}"
    ).success
    page = (tmp_path / "reports" / "weekly_pacing.html").read_text("utf-8")
    assert 'id="late"' in page
    assert 'data-series="all"' in page


def test_the_signal_comes_without_a_policy_and_not_with_a_wrong_budgets_file(
    mornings: Days, tmp_path: Path
) -> None:
    mornings.run(mornings.first, first=mornings.first - timedelta(days=40))

    def unreadable() -> Policy:
        raise PolicyUnreadable("no policy")

    rows = signal(mornings, mornings.first, resources(mornings, tmp_path, policy=unreadable))
    assert len(rows) > 3
    (tmp_path / "budgets.yaml").write_text("budgets:\n  - {name: A}\n", "utf-8")
    done = dg.materialize(
        [pacing],
        resources=resources(mornings, tmp_path),
        tags=day_range_tags(f"{mornings.first}", f"{mornings.first}"),
        raise_on_error=False,
    )
    assert not done.success
    (failed,) = [event for event in done.all_events if event.is_step_failure]
    assert "budgets.0.covers" in failed.step_failure_data.user_failure_data.description
