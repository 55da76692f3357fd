"""Verdicts on the ad sets of core, with the policy's targets and protection by policy or platform."""

from collections.abc import Collection
from datetime import date, timedelta

import pandas as pd

from assets.signals.underperformers.exposure import GOAL, KEYS, LEADS, SALES
from assets.signals.underperformers.judge import judge
from resources.platforms.labels import NONE, from_json, together
from resources.policy.policy import Policy

_NAMED = ["campaign_id", "name", "status", "learning_state"]


def verdicts(
    ad_set_days: pd.DataFrame,
    campaign_days: pd.DataFrame,
    entities: pd.DataFrame,
    *,
    as_of: date,
    policy: Policy,
    learned_lag: Collection[tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """Rows of signals/underperformers, one per ad set that spent, without day and known_by.

    `judge`'s columns with spend and conversion_value in account currency, and campaign_id, name, status and
    learning_state of the entity.

    Args:
        ad_set_days: core/ad_set_day.
        campaign_days: core/campaign_day, by which campaigns that sell are separated from those that collect
            leads.
        entities: core/entities.
        as_of: The last closed day.
        policy: Targets, labels, and the thresholds in `judging`.
        learned_lag: Platform and account (empty: all accounts of the platform) whose lag curve is learned;
            pauses of the others wait. None: all are.
    """
    day, first = pd.Timestamp(as_of), pd.Timestamp(as_of - timedelta(days=policy.judging.window_days - 1))
    days = ad_set_days[(ad_set_days["day"] >= first) & (ad_set_days["day"] <= day)]
    days = days.assign(**{GOAL: _goals(days, campaign_days)})
    named = _with_entities(days, entities)
    targets = {
        goal: {
            (row.platform, row.account_id, row.ad_set_id): target
            for row in named.itertuples()
            if (target := of(row.platform, row.account_id, row.campaign_id)) is not None
        }
        for goal, of in ((SALES, policy.target), (LEADS, policy.cpa))
    }
    judged = judge(
        days,
        as_of=as_of + timedelta(days=1),
        target_roas=targets[SALES],
        target_cpa=targets[LEADS],
        protected=_protection_reasons(named, policy),
        lag_is_stated=False if learned_lag is None else _lag_is_stated(named, learned_lag),
        policy=policy.judging,
    )
    in_account_currency = (
        days.assign(
            spend=days["spend"].astype(float), conversion_value=days["conversion_value"].astype(float)
        )
        .groupby(list(KEYS), as_index=False)[["spend", "conversion_value"]]
        .sum()
    )
    return (
        judged.drop(columns=["spend", "value"])
        .merge(named[[*KEYS, *_NAMED]], on=list(KEYS), how="left")
        .merge(in_account_currency, on=list(KEYS), how="left")
    )


def _lag_is_stated(
    named: pd.DataFrame, learned_lag: Collection[tuple[str, str]]
) -> dict[tuple[str, ...], bool]:
    """Per ad set whether neither its account nor its platform has a learned lag curve."""
    return {
        (platform, account, ad_set): not {(platform, account), (platform, "")} & set(learned_lag)
        for platform, account, ad_set in named[list(KEYS)].itertuples(index=False)
    }


def _goals(days: pd.DataFrame, campaign_days: pd.DataFrame) -> pd.Series:
    """Goal per row: sales where the campaign had any conversion value, else leads."""
    key = ["platform", "account_id", "campaign_id"]
    size = campaign_days["conversion_value"].astype(float).abs()
    worth = size.groupby([campaign_days[name] for name in key]).sum()
    places = pd.MultiIndex.from_frame(days[key])
    return pd.Series(worth.reindex(places).fillna(0.0).to_numpy() > 0, index=days.index).map(
        {True: SALES, False: LEADS}
    )


def _with_entities(days: pd.DataFrame, entities: pd.DataFrame) -> pd.DataFrame:
    ids = days.drop_duplicates(list(KEYS))[[*KEYS, "campaign_id"]]
    sets = entities[entities["level"] == "ad_set"].assign(ad_set_id=lambda rows: rows["entity_id"])
    named = ids.merge(
        sets.reindex(columns=[*KEYS, "name", "status", "learning_state", "labels"]), on=list(KEYS), how="left"
    )
    campaigns = entities[entities["level"] == "campaign"].assign(campaign_id=lambda rows: rows["entity_id"])
    campaigns = campaigns.reindex(columns=["platform", "account_id", "campaign_id", "name", "labels"]).rename(
        columns={"name": "campaign_name", "labels": "campaign_labels"}
    )
    return named.merge(campaigns, on=["platform", "account_id", "campaign_id"], how="left")


def _protection_reasons(named: pd.DataFrame, policy: Policy) -> dict[tuple[str, ...], str]:
    """Protected ad sets with the reason. Recent edits are checked at the platform by the guardrails, not
    here.
    """
    reasons = {}
    active = (
        named[named["status"] == "active"]
        .groupby(["platform", "account_id", "campaign_id"])["ad_set_id"]
        .nunique()
    )
    for row in named.to_dict("records"):
        key_values = tuple(row[key] for key in KEYS)
        name = row["campaign_name"] if isinstance(row["campaign_name"], str) else None
        # Unread labels are left to the guardrails, which ask the platform before anything is proposed.
        carried = together([from_json(row["labels"]) or NONE, from_json(row["campaign_labels"]) or NONE])
        labels = policy.labels_of(
            campaign_id=row["campaign_id"],
            campaign_name=name,
            ad_set_id=row["ad_set_id"],
            at_platform=carried or NONE,
        )
        if row["status"] != "active":
            reasons[key_values] = "It is not active, or not known any more."
        elif held := sorted(labels & set(policy.guardrails.never)):
            reasons[key_values] = f"It carries the label {held[0]}."
        elif is_learning(row["learning_state"] if isinstance(row["learning_state"], str) else None):
            reasons[key_values] = "It is in its learning phase."
        elif active[row["platform"], row["account_id"], row["campaign_id"]] < 2:
            reasons[key_values] = "It is the last active ad set of its campaign."
    return reasons


def is_learning(state: str | None) -> bool:
    """Whether a platform's learning state means that learning is in progress; "learning limited" has ended
    without success.
    """
    word = (state or "").upper()
    return word.startswith("LEARNING") and "LIMITED" not in word
