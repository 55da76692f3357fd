"""signals/underperformers as Dagster runs it: from what was known then, with the policy's targets, labels and
the platform's word.
"""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from assets.actions.rules.pauses import pauses, restarts
from assets.core.conversion_lag.assets import keep, learned
from assets.core.conversion_lag.curve import LONGEST_DAYS, curves
from assets.core.conversion_lag.sightings import COLUMNS
from assets.core.performance.point_in_time import core_days, known_by
from assets.signals.underperformers.assets import underperformers
from assets.signals.underperformers.candidates import is_learning, verdicts
from assets.signals.underperformers.inputs import accounts_with_learned_lag
from assets.signals.underperformers.judge import FINE, PROTECTED, THIN
from benchmarks.days import Days
from orchestration.schedules import day_range_tags
from resources.ledger.proposal import Target
from resources.policy.policy import Policy, PolicyUnreadable
from resources.tables.signals import UNDERPERFORMERS

PLAIN: dict[str, Any] = {"permissions": [{"level": "propose"}], "caps": {}, "approvers": {}}


def policy(**more: Any) -> Policy:
    return Policy.model_validate(PLAIN | more)


def frames(days: Days) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Four weeks of core, and entities in which every ad set is active."""
    first = days.first - timedelta(days=27)
    days.run(days.first, first=first)
    keep(days.lake, learned(days.lake, until=days.stage.clock.now()), at=days.stage.clock.now())
    ad_sets, campaigns = (
        core_days(days.lake, level, start=first, end=days.first) for level in ("ad_set", "campaign")
    )
    once = ad_sets.drop_duplicates(["platform", "account_id", "ad_set_id"])
    sets = once.assign(
        level="ad_set", entity_id=once["ad_set_id"], name="set", status="active", learning_state=None
    )
    above = once.drop_duplicates(["platform", "campaign_id"])
    above = above.assign(
        level="campaign",
        entity_id=above["campaign_id"],
        name="Shop brand",
        status="active",
        learning_state=None,
    )
    return ad_sets, campaigns, pd.concat([sets, above], ignore_index=True)


def test_a_backfill_writes_a_verdict_on_every_ad_set_that_spent_and_says_what_was_not_known(
    days: Days,
) -> None:
    frames(days)
    days.run(days.first + timedelta(days=1))
    services = SimpleNamespace(policy=policy)
    result = dg.materialize(
        [underperformers],
        resources={"lake": days.lake, "services": services, "platforms": days.platforms},
        tags=day_range_tags(f"{days.first - timedelta(days=1)}", f"{days.first + timedelta(days=1)}"),
    )
    rows = days.lake.read(UNDERPERFORMERS)
    seen = {day.date(): len(part) for day, part in rows.groupby("day")}
    assert set(seen) == {days.first, days.first + timedelta(days=1)}
    event = result.asset_materializations_for_node("signals__underperformers")[0]
    assert event.metadata["days of which nothing was known in time"].value == 1
    spent = core_days(days.lake, "ad_set", start=days.first - timedelta(days=27), end=days.first)
    assert seen[days.first] == spent[spent["spend"] > 0]["ad_set_id"].nunique()
    assert rows["known_by"].dt.date.max() <= days.first + timedelta(days=2)


def test_the_newest_day_looks_at_what_is_known_now_and_an_older_one_at_noon_of_the_next() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    for hours in (-6, 0, 6):
        assert known_by(
            noon.date() - timedelta(days=1), now=noon + timedelta(hours=hours)
        ) == noon + timedelta(hours=hours)
    assert known_by(noon.date() - timedelta(days=1), now=noon + timedelta(days=1)) == noon


def test_without_a_policy_nothing_is_judged_and_it_says_why(days: Days) -> None:
    def unreadable() -> Policy:
        raise PolicyUnreadable("policy.yaml: line 3 is no YAML.")

    frames(days)
    result = dg.materialize(
        [underperformers],
        resources={
            "lake": days.lake,
            "services": SimpleNamespace(policy=unreadable),
            "platforms": days.platforms,
        },
        tags=day_range_tags(f"{days.first}", f"{days.first}"),
    )
    assert result.success
    assert days.lake.read(UNDERPERFORMERS).empty
    (event,) = result.asset_materializations_for_node("signals__underperformers")
    assert "line 3 is no YAML" in str(event.metadata["note"].value)


def test_a_target_of_the_campaign_counts_before_that_of_the_account_and_margin_where_there_is_none(
    days: Days,
) -> None:
    ad_sets, campaigns, entities = frames(days)
    sales = verdicts(ad_sets, campaigns, entities, as_of=days.first, policy=policy()).query("goal == 'sales'")
    row = sales.iloc[0]
    account = f"{row['platform']} {row['account_id']}"
    limits = {
        "target_roas": {row["platform"]: 5.0, account: 4.0, f"{account} {row['campaign_id']}": 3.0},
        "margin": {other: 0.25 for other in sales["platform"].unique() if other != row["platform"]},
    }
    judged = verdicts(ad_sets, campaigns, entities, as_of=days.first, policy=policy(**limits)).query(
        "goal == 'sales'"
    )
    same_campaign = judged["campaign_id"] == row["campaign_id"]
    same = (judged["account_id"] == row["account_id"]) & ~same_campaign
    assert set(judged[same_campaign]["target"]) == {3.0}
    assert set(judged[same]["target"]) <= {4.0}
    assert set(judged[judged["platform"] != row["platform"]]["target"]) <= {4.0}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"learning_state": "LEARNING"}, "learning phase"),
        ({"status": "paused"}, "not active"),
        ({"campaign_id": "elsewhere"}, "last active"),
    ],
)
def test_what_must_not_be_touched_is_protected(days: Days, change: dict[str, str], why: str) -> None:
    ad_sets, campaigns, entities = frames(days)
    harsh = policy(target_roas=dict.fromkeys(("google_ads", "meta_ads", "linkedin_ads"), 1e6))
    before = verdicts(ad_sets, campaigns, entities, as_of=days.first, policy=harsh).query(
        "verdict == 'pause'"
    )
    chosen = before.iloc[0]["ad_set_id"]
    name = next(iter(change))
    if name == "campaign_id":
        ad_sets.loc[ad_sets["ad_set_id"] == chosen, name] = change[name]
        ad_sets["goal"] = "sales"
        campaigns = pd.concat(
            [campaigns, campaigns.iloc[:1].assign(campaign_id="elsewhere", conversion_value=1)]
        )
    else:
        entities.loc[(entities["level"] == "ad_set") & (entities["entity_id"] == chosen), name] = change[name]
    after = verdicts(ad_sets, campaigns, entities, as_of=days.first, policy=harsh).set_index("ad_set_id")
    assert after.loc[chosen, "verdict"] == PROTECTED
    assert why in after.loc[chosen, "why"]


def test_what_we_paused_and_is_fine_after_all_is_proposed_to_begin_again(days: Days) -> None:
    ad_sets, campaigns, entities = frames(days)
    gentle = policy(target_roas=dict.fromkeys(("google_ads", "meta_ads", "linkedin_ads"), 0.01))
    judged = verdicts(ad_sets, campaigns, entities, as_of=days.first, policy=gentle).query(
        "verdict == 'fine'"
    )
    ours, theirs = judged["ad_set_id"].iloc[:2]
    entities.loc[entities["entity_id"].isin([ours, theirs]), "status"] = "paused"
    judged = verdicts(ad_sets, campaigns, entities, as_of=days.first, policy=gentle)
    row = judged.set_index("ad_set_id").loc[ours]
    target = Target(platform=row["platform"], account_id=row["account_id"], level="ad_set", entity_id=ours)
    (restart,) = restarts(judged, as_of=days.first, paused_by_us={target})
    assert (restart.kind, restart.change_requests[0].target.entity_id, restart.change_requests[0].status) == (
        "resume_ad_set",
        ours,
        "active",
    )
    assert restart.effect.low is not None
    assert 0 <= restart.effect.low <= restart.effect.high
    assert pauses(judged[judged["ad_set_id"].isin([ours, theirs])], as_of=days.first) == []
    assert restarts(judged.assign(verdict="watch"), as_of=days.first, paused_by_us={target}) == []


def test_a_label_of_the_policy_protects_whole_campaigns(days: Days) -> None:
    ad_sets, campaigns, entities = frames(days)
    limits = {
        "labels": {"brand": {"campaign_name": [r"\bbrand\b"]}},
        "target_roas": dict.fromkeys(("google_ads", "meta_ads", "linkedin_ads"), 1e6),
    }
    judged = verdicts(ad_sets, campaigns, entities, as_of=days.first, policy=policy(**limits))
    assert set(judged["verdict"]) <= {PROTECTED, THIN, FINE}
    assert (judged["verdict"] == PROTECTED).any()
    assert set(judged[judged["verdict"] == PROTECTED]["why"]) == {"It carries the label brand."}


def test_learning_that_has_ended_without_success_is_no_learning() -> None:
    assert is_learning("LEARNING")
    assert not any(is_learning(state) for state in (None, "", "SUCCESS", "LEARNING_LIMITED"))


def test_pauses_wait_until_the_lag_of_the_account_or_its_platform_is_learned(days: Days) -> None:
    ad_sets, campaigns, entities = frames(days)
    harsh = policy(target_roas=dict.fromkeys(("google_ads", "meta_ads", "linkedin_ads"), 1e6))

    def paused(learned_lag: frozenset[tuple[str, str]]) -> set[str]:
        judged = verdicts(
            ad_sets, campaigns, entities, as_of=days.first, policy=harsh, learned_lag=learned_lag
        )
        return set(judged.loc[judged["verdict"] == "pause", "platform"])

    everywhere = {(platform, "") for platform in ad_sets["platform"].unique()}
    pausing = paused(frozenset(everywhere))
    assert len(pausing) > 1
    assert paused(frozenset()) == set()
    first = min(pausing)
    assert paused(frozenset({(first, "")})) == {first}
    accounts = ad_sets.loc[ad_sets["platform"] == first, "account_id"].unique()
    assert paused(frozenset((first, account) for account in accounts)) == {first}


def test_a_lag_curve_counts_as_learned_only_from_when_it_was(days: Days) -> None:
    days.run(days.first)
    at = days.stage.clock.now()
    prior = curves(pd.DataFrame(columns=list(COLUMNS)), platforms=["google_ads"], longest=LONGEST_DAYS)
    assert set(prior["source"]) == {"prior"}
    keep(days.lake, prior, at=at)
    assert accounts_with_learned_lag(days.lake, as_of=at) == frozenset()
    keep(days.lake, prior.assign(source="own"), at=at + timedelta(days=1))
    assert accounts_with_learned_lag(days.lake, as_of=at) == frozenset()
    assert accounts_with_learned_lag(days.lake, as_of=at + timedelta(days=2)) == {("google_ads", "")}
