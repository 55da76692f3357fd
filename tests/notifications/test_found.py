"""What is found: pacing, old figures, refused readings, writes, runs that fail and succeed again, approvals
through the outbox.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from assets.reports.notifications.signal_notices import (
    NoticeContext,
    freshness_notices,
    incident_notices,
    pacing_notices,
    reading_notices,
)
from sensors.failures import failed_runs
from tests.notifications.conftest import Post
from tests.notifications.made import ACCOUNT, incident

CONTEXT = NoticeContext(
    "EUR",
    "http://ui/d",
    "http://ui/w",
    {("meta_ads", ACCOUNT): "Shop"},
    {("meta_ads", ACCOUNT): "Europe/Berlin"},
)
DAY = date(2026, 11, 15)


def found(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame([incident(DAY, **row) for row in rows])
    return frame.assign(day=pd.to_datetime(frame["day"]))


@pytest.mark.parametrize(
    ("row", "priority"),
    [
        ({}, 1),
        ({"value": 1.0}, 2),  # it stopped
        ({"severity": "medium"}, 3),
        ({"metric": "roas", "value": 1.0}, 2),
        ({"metric": "roas", "is_good": True}, 3),
    ],
)
def test_runaway_spend_is_urgent_and_good_news_never(row: dict, priority: int) -> None:
    (notices,) = incident_notices(found(row), CONTEXT)
    assert (notices.priority, notices.account, notices.zone) == (priority, "Shop", "Europe/Berlin")


def test_parts_of_an_incident_and_what_ended_are_not_told() -> None:
    assert incident_notices(found({"part_of": "x"}, {"state": "ended"}), CONTEXT) == []
    assert incident_notices(pd.DataFrame(), CONTEXT) == []


def pace(**given: Any) -> dict[str, Any]:
    row = {
        "day": pd.Timestamp(DAY), "series_id": "budget|EMEA", "level": "budget", "platform": None, "account_id": None, "campaign_id": None, "name": "EMEA",
        "currency": "EUR", "p10": 98_000.0, "p50": 104_000.0, "p90": 110_000.0, "budget": 100_000.0, "p_over": 0.9, "p_under": 0.01, "daily_budget": 4_000.0,
        "advised_daily": 3_200.0, "drivers": "Spring sale", "status": "red", "verdict": "over plan",
    }  # fmt: skip
    return row | given


def test_a_red_budget_is_for_today_an_amber_one_for_the_digest() -> None:
    rows = pd.DataFrame([pace(), pace(series_id="budget|US", name="US", status="amber"), pace(series_id="x", status="on plan"),
                         pace(series_id="account|1", level="account", status="red")])  # fmt: skip
    red, amber = pacing_notices(rows, CONTEXT)
    assert (red.priority, amber.priority) == (2, 3)
    assert red.short == "landing 104%"
    assert red.seen == "ends near €104,000.00 (€98,000.00 to €110,000.00) of €100,000.00: over plan"
    assert red.todo == "Set daily budgets from €4,000.00 to €3,200.00."


def test_a_budget_without_a_projection_says_so() -> None:
    missing = dict.fromkeys(("p10", "p50", "p90", "daily_budget", "advised_daily"), float("nan"))
    (notice,) = pacing_notices(pd.DataFrame([pace(**missing)]), CONTEXT)
    assert notice.short == "landing –"
    assert notice.money == ""


def test_old_figures_are_told_after_a_day_and_a_half() -> None:
    last = {"meta_ads": DAY}
    fresh = datetime(2026, 11, 17, 11, 59, tzinfo=UTC)
    assert freshness_notices(last, CONTEXT, now=fresh, hours=36) == []
    (notices,) = freshness_notices(last, CONTEXT, now=fresh + timedelta(minutes=2), hours=36)
    assert notices.priority == 2
    assert freshness_notices({}, CONTEXT, now=fresh, hours=36) == []


def test_a_reading_that_was_not_kept_is_told_with_its_reason() -> None:
    row = {
        "platform": "meta_ads",
        "account_id": ACCOUNT,
        "account_name": "Shop",
        "verdict": "refused",
        "reason": "Spend of closed days moved.",
    }
    (notice,) = reading_notices([row], CONTEXT)
    assert (notice.cause, notice.priority) == ("Spend of closed days moved.", 2)


@dg.op
def breaks(context: dg.OpExecutionContext) -> None:
    if context.run.tags.get("breaks"):
        raise dg.Failure("Meta Ads: Reading ads for account 1: token expired. anna@example.com")


@dg.job
def some_job() -> None:
    breaks()


def fail(post: Post, *, breaks: bool = True) -> None:
    result = some_job.execute_in_process(
        instance=post.instance, raise_on_error=False, tags={"breaks": "1"} if breaks else {}
    )
    if breaks:
        event = next(step for step in result.all_events if step.event_type_value == "PIPELINE_FAILURE")
        context = dg.build_run_status_sensor_context(
            "failed_runs",
            dagster_event=event,
            dagster_instance=post.instance,
            dagster_run=result.dagster_run,
            resources={"services": post.services},
        ).for_run_failure()
        failed_runs(context)


def test_a_job_that_keeps_failing_is_told_once_and_once_more_when_it_works(post: Post) -> None:
    post.rewrite(gather_minutes=0)
    for _ in range(3):
        fail(post)
        post.tick(is_looking=False)
        post.later(hours=1)
    (text,) = post.caught()
    assert "run failed: breaks" in text
    assert "token expired. (hidden)" in text
    assert f"{post.services.settings.ui_url}/runs/" in text
    fail(post, breaks=False)
    post.tick(is_looking=False)
    post.later(minutes=5)
    post.tick(is_looking=False)
    assert len(post.caught()) == 2
    assert "over: run failed" in post.caught()[1]
