"""Pulls as Dagster runs them: one account's failure leaves the others alone, calls run out with a reason,
changed pasts are read again.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.raw.platforms import assets as ingest
from assets.raw.platforms.assets import ALLOWED_TAG
from orchestration.jobs import daily_pull
from orchestration.schedules import day_range_tags
from resources.config.settings import Settings
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms
from resources.platforms.retries import BackOff
from resources.tables import google_ads
from resources.tables.pulls import PULLS
from sandbox.serve import Sandbox
from sensors.conversion_settings_changed import changed_pasts_sensor
from tests.conftest import MORNING

LAST = MORNING.date() - timedelta(days=1)
IMPATIENT = BackOff(total_seconds=0.5, unreachable_seconds=0.3, first_pause=0.02, longest_pause=0.1)


def pull(
    asset: dg.AssetsDefinition,
    lake: Lake,
    settings: Settings,
    *,
    days: int = 3,
    at: datetime = MORNING,
    **tags: str,
) -> dg.ExecuteInProcessResult:
    span = day_range_tags((LAST - timedelta(days=days - 1)).isoformat(), LAST.isoformat())
    platforms = Platforms(lambda: settings, back_off=IMPATIENT, now=lambda: at)
    return dg.materialize(
        [asset], resources={"lake": lake, "platforms": platforms}, tags=span | tags, raise_on_error=False
    )


def failed_checks(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {
        evaluation.check_name: str(evaluation.description)
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed
    }


def verdicts(lake: Lake) -> dict[str, str]:
    """The newest verdict on every account."""
    rows = lake.read(PULLS).sort_values("pulled_at")
    return {str(row.account_id): str(row.verdict) for row in rows.itertuples()}


def test_a_report_that_was_cut_keeps_one_account_out_and_the_other_in(
    sandbox: Sandbox, settings: Settings, lake: Lake
) -> None:
    sandbox.stage.faults.arm("google_ads", "truncated")
    result = pull(ingest.google_ads_days, lake, settings)
    assert not result.success
    assert set(failed_checks(result)) == {"levels_agree"}
    assert "add up to" in failed_checks(result)["levels_agree"]
    assert sorted(verdicts(lake).values()) == ["accepted", "refused"]
    accepted_accounts = {a for a, verdict in verdicts(lake).items() if verdict == "accepted"}
    assert set(lake.read(google_ads.DAYS["campaign"])["account_id"]) == accepted_accounts
    again = pull(ingest.google_ads_days, lake, settings, at=MORNING + timedelta(minutes=5))
    assert again.success
    assert set(verdicts(lake).values()) == {"accepted"}


def test_a_person_may_let_a_check_fail_and_that_is_written_down(
    sandbox: Sandbox, settings: Settings, lake: Lake
) -> None:
    sandbox.stage.faults.arm("google_ads", "truncated")
    pull(ingest.google_ads_days, lake, settings, **{ALLOWED_TAG: "levels_agree"})
    assert set(verdicts(lake).values()) == {"accepted"}
    assert lake.read(PULLS)["reason"].dropna().tolist() == [
        "Kept although levels_agree failed: a person allowed it."
    ]


def test_an_account_that_cannot_be_read_leaves_the_other_alone(
    sandbox: Sandbox, settings: Settings, lake: Lake
) -> None:
    sandbox.stage.faults.arm(
        "meta_ads", "token_expired", after=1
    )  # the accounts are listed, then one question is refused
    result = pull(ingest.meta_ads_days, lake, settings)
    assert set(failed_checks(result)) == {"every_account_was_read"}
    assert "META_ACCESS_TOKEN" in failed_checks(result)["every_account_was_read"]
    assert sorted(verdicts(lake).values()) == ["accepted", "failed"]


def test_without_calls_left_the_days_are_postponed_with_a_reason_and_nothing_is_asked(
    sandbox: Sandbox, settings: Settings, lake: Lake
) -> None:
    few = settings.model_copy(
        update={"google_ads": settings.google_ads.model_copy(update={"calls_a_day": 24})}
    )
    result = pull(ingest.google_ads_days, lake, few)
    assert set(verdicts(lake).values()) == {"postponed"}
    assert "0 of 24 calls" in failed_checks(result)["every_account_was_read"]
    assert "SearchStream" not in {request["name"] for request in sandbox.stage.audit.requests() if request["detail"].get("resource") == "campaign"}  # fmt: skip


def test_a_limit_cuts_a_long_range_to_its_newest_days(
    sandbox: Sandbox, settings: Settings, lake: Lake
) -> None:
    some = settings.model_copy(
        update={"google_ads": settings.google_ads.model_copy(update={"calls_a_day": 40})}
    )
    pull(ingest.google_ads_days, lake, some, days=70)
    rows = lake.read(PULLS)
    read, rest = (rows[rows["verdict"] == verdict] for verdict in ("accepted", "postponed"))
    assert len(read) == len(rest) == 2
    assert set((read["end_day"] - read["start_day"]).dt.days) == {61} or len(set(read["start_day"])) == 1
    assert (rest["end_day"].max() - read["start_day"].min()).days == -1
    assert rest["reason"].str.contains("postponed").all()


def test_a_changed_conversion_window_asks_for_the_platform_s_past_again(
    sandbox: Sandbox, settings: Settings, lake: Lake
) -> None:
    sensor, stage, listing = (
        changed_pasts_sensor(daily_pull),
        sandbox.stage,
        (ingest.google_ads_entities, ingest.linkedin_ads_entities),
    )
    platforms = Platforms(lambda: settings, now=lambda: MORNING)
    with dg.build_sensor_context(
        cursor=(MORNING - timedelta(days=2)).isoformat(), resources={"platforms": platforms, "lake": lake}
    ) as context:
        for asset in listing:
            assert pull(asset, lake, settings, at=MORNING - timedelta(days=1)).success
        quiet = sensor(context)
        assert isinstance(quiet, dg.SensorResult)
        assert not quiet.run_requests
        assert quiet.cursor == MORNING.astimezone(UTC).isoformat()
        for platform in ("google_ads", "linkedin_ads"):
            account = stage.world.of(platform)[0]
            stage.market.change(account, "account", int(account.id), "lookback_days", 7, by="person")
        for asset in listing:
            assert pull(asset, lake, settings, at=MORNING - timedelta(minutes=1)).success
        result_of_sensor = sensor(context)
    assert isinstance(result_of_sensor, dg.SensorResult)
    windows = {
        request.asset_selection[0].path[-1].split("_ads_")[0]: request
        for request in result_of_sensor.run_requests or ()
    }
    assert set(windows) == {"google", "linkedin"}
    assert windows["google"].tags["dagster/asset_partition_range_start"] == str(LAST - timedelta(days=89))
    assert "counts 30 days, now 7" in windows["google"].tags["why"]
