"""Attribution against the sandbox's truth: blended paid ROAS, cost per qualified lead of young cohorts, paid
pipeline, credit.

On one world: errors beside platform claims, last touch and cost per qualified lead so far; coverage of the
80 % ranges. On `size` further worlds (10), drawn from the seed: distance of each model's credit by channel
from the true one.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from assets.core.crm import attribute, cost_per_qualified_lead, credit_by, expected_wins
from assets.core.crm.acquisition_cohorts import eventual
from assets.core.crm.attribution import UNATTRIBUTED
from assets.core.crm.path_completion import paid_shares
from benchmarks.customers import HISTORY_DAYS, LATER_DAYS, Shown, customers
from resources.policy.crm import MODELS
from sandbox.customer_settings import PAID
from sandbox.world import World, load_world

WORLDS, WINDOW_DAYS, COHORT_DAYS = 10, 60, 7
AGES, MORNINGS = (7, 14, 30), 8
LOSSY = "lossy"
"""`--world lossy`: `size` worlds in which many touches go unobserved and platforms claim far too much."""


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Errors as shares of the truth; distances as half the sum of absolute differences of credit shares,
    by channel.
    """
    count = WORLDS if size is None else size
    if world == LOSSY:
        return _lossy_worlds(seed, count, say)
    given = load_world(world or "kind", seed=seed)
    given = _without_beginning(given)
    shown = customers(given)
    figures, peers = _blended(shown, given)
    mornings = [customers(given, morning=morning) for morning in _mornings(given)]
    later = _later(given)
    cohorts = _cohorts(mornings, later, say)
    for age in AGES:
        of_age = cohorts[cohorts["age"] == age]
        total = of_age[of_age["channel"] == "all"]
        figures[f"cpql_error_{age}"] = _mean_error(total["cpql"] / total["true"])
        figures[f"naive_cpql_error_{age}"] = _mean_error(total["cpql_so_far"] / total["true"])
        single = of_age[of_age["channel"] != "all"]
        figures[f"cpql_error_{age}_by_channel"] = _mean_error(single["cpql"] / single["true"])
        figures[f"coverage_{age}"] = float(single["held"].mean())
    figures["coverage"] = float(cohorts.loc[cohorts["channel"] != "all", "held"].mean())
    figures["coverage_ranges"] = float((cohorts["channel"] != "all").sum())
    figures |= _pipeline(mornings, given) | _campaigns(mornings, later)
    distances = pd.DataFrame([_distances(_other(given, seed + 1_000 * n)) for n in range(1, count + 1)])
    say("distance to the true credit by channel, per world:\n" + distances.round(4).to_string())
    rules = [name for name in MODELS if name not in {"data_driven", "markov"}]
    for name in MODELS:
        peers.setdefault(name, {})["credit_distance"] = float(distances[name].mean())
    figures["credit_distance"] = peers.pop("data_driven")["credit_distance"]
    figures |= _over_worlds(distances, "blended", suffix="_over_worlds")
    figures["blended_coverage"] = float(distances["held"].mean())
    figures["blended_width"] = float(distances["width"].mean())
    figures["worlds"] = float(len(distances))
    peers["proportional"] |= _over_worlds(distances, "proportional", suffix="_over_worlds")
    figures["worlds_closer_than_every_rule"] = float(
        (distances["data_driven"] < distances[rules].min(axis=1)).sum()
    )
    figures["worlds_closer_than_markov"] = float((distances["data_driven"] < distances["markov"]).sum())
    return {
        "figures": {name: round(float(value), 5) for name, value in figures.items()},
        "peers": {name: {k: round(float(v), 5) for k, v in errors.items()} for name, errors in peers.items()},
        "ratios": {},
    }


def _over_worlds(distances: pd.DataFrame, column: str, *, suffix: str = "") -> dict[str, float]:
    """Mean and largest error of the blended ROAS, and the worlds in which it is at most 2 %."""
    error = distances[column].abs()
    return {
        f"blended_roas_error{suffix}": float(error.mean()),
        "blended_roas_error_greatest": float(error.max()),
        "blended_roas_bias": float(distances[column].mean()),
        "worlds_within_2_percent": float((error <= 0.02).sum()),
    }


def _lossy_worlds(seed: int, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Blended ROAS where many touches go unobserved and claims exceed, beside the proportional estimate."""
    rows = []
    for n in range(count):
        drawn = _lossy(_without_beginning(load_world("kind", seed=seed + n)), seed + n)
        shown = customers(drawn)
        rows.append(_blended_errors(shown, _truth(shown, drawn)))
        say(f"world {seed + n}: " + ", ".join(f"{name} {value:.3f}" for name, value in rows[-1].items()))
    table = pd.DataFrame(rows)
    figures = _over_worlds(table, "blended") | {
        "coverage": float(table["held"].mean()),
        "width": float(table["width"].mean()),
        "worlds": float(len(table)),
    }
    return {
        "figures": {name: round(value, 5) for name, value in figures.items()},
        "peers": {
            "proportional": {
                name: round(value, 5) for name, value in _over_worlds(table, "proportional").items()
            }
        },
        "ratios": {},
    }


def _lossy(world: World, seed: int) -> World:
    """The world with 5 to 30 % of customers and as many touches unobserved, and claims 30 to 100 % too
    high.
    """
    rng = np.random.default_rng(seed)
    lost = {
        "lost_share": float(rng.uniform(0.05, 0.3)),
        "touch_lost_share": float(rng.uniform(0.05, 0.3)),
        "claim_excess": float(rng.uniform(0.3, 1.0)),
        "untagged_share": float(rng.uniform(0.1, 0.4)),
    }
    return world.model_copy(update={"crm": world.crm.model_copy(update=lost)})


def _blended_errors(shown: Shown, booked: pd.DataFrame) -> dict[str, float]:
    """Relative errors of paid revenue, completed and proportional; whether the range holds, and its width."""
    start, end = _window(shown)
    credited = attribute(shown.touches, shown.orders, repeats_follow=True)
    shares = paid_shares(credited, shown.touches, shown.orders, paid=PAID)
    estimate, low, high = shares.paid_value((shares.day >= start) & (shares.day <= end))
    true = float(booked.loc[booked["is_paid"], "euro"].sum())
    value = _credit(shown, "data_driven").set_index("channel")["value"]
    seen = value.drop(UNATTRIBUTED, errors="ignore")
    proportional = float(seen.reindex(list(PAID)).sum()) * float(value.sum()) / float(seen.sum())
    return {
        "blended": estimate / true - 1.0,
        "proportional": proportional / true - 1.0,
        "held": float(low <= true <= high),
        "width": (high - low) / true,
    }


def _without_beginning(world: World) -> World:
    """The same world with a CRM as old as the world: the benchmark has mornings of its own."""
    return world.model_copy(update={"crm": world.crm.model_copy(update={"begins": None, "kind": "hubspot"})})


def _other(world: World, seed: int) -> World:
    return world.model_copy(update={"seed": seed % 2**32})


def _window(shown: Shown) -> tuple[date, date]:
    end = shown.at.date() - timedelta(days=1)
    return end - timedelta(days=WINDOW_DAYS - 1), end


def _truth(shown: Shown, world: World) -> pd.DataFrame:
    true = pd.DataFrame(shown.keeper.revenue(*_window(shown)))
    return true.assign(euro=true["value"] * true["currency"].map(world.fx_to_eur))


def _credit(shown: Shown, model: Any) -> pd.DataFrame:
    start, end = (pd.Timestamp(day, tz="UTC") for day in _window(shown))
    shares = attribute(shown.touches, shown.orders, model=model, repeats_follow=True)
    return credit_by(shares[(shares["at"] >= start) & (shares["at"] < end + timedelta(days=1))], "channel")


def _blended(shown: Shown, world: World) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Errors of paid revenue over paid spend; the spend is the same on both sides."""
    true = _truth(shown, world)
    paid = float(true.loc[true["is_paid"], "euro"].sum())

    def error(model: str, *, strictly: bool = False) -> float:
        value = _credit(shown, model).set_index("channel")["value"]
        lost = float(value.get(UNATTRIBUTED, 0.0)) / float(value.sum())
        paid_value = float(value.reindex(list(PAID)).sum()) / (1.0 if strictly else 1.0 - lost)
        return paid_value / paid - 1.0

    since = pd.Timestamp(_window(shown)[0])
    claimed = float(shown.claims.loc[shown.claims["day"] >= since, "value"].sum())
    goals = pd.concat(
        [
            shown.orders[["person_id", "at"]],
            shown.leads.rename(columns={"lead_at": "at"})[["person_id", "at"]],
        ],
        ignore_index=True,
    )
    shop = shown.touches.loc[shown.touches["funnel"] == "shop", "person_id"]
    goals = goals[
        goals["person_id"].isin(shop) | goals["person_id"].isin(shown.leads["person_id"])
    ].drop_duplicates("person_id")
    credited = attribute(shown.touches, goals)
    credited = credit_by(credited[credited["at"] >= since.tz_localize("UTC")], "channel").set_index(
        "channel"
    )["credit"]
    booked = float(credited.reindex(list(PAID)).sum()) / (
        1.0 - float(credited.get(UNATTRIBUTED, 0.0)) / float(credited.sum())
    )
    figures = {
        "blended_roas_error": abs(_blended_errors(shown, true)["blended"]),
        "blended_roas_error_attributed_alone": abs(error("data_driven", strictly=True)),
        "orders": float(len(shown.orders)),
        "touches": float(len(shown.touches)),
        "claim_inflation": (
            float(shown.claims.loc[shown.claims["day"] >= since, "conversions"].sum()) / booked
        ),
    }
    peers = {
        "platform claims": {"blended_roas_error": abs(claimed / paid - 1.0)},
        "proportional": {"blended_roas_error": abs(error("data_driven"))},
    }
    for model in ("first", "last", "last_non_direct", "linear", "position_based", "time_decay", "markov"):
        peers[model] = {"blended_roas_error": abs(error(model))}
    return figures, peers


def _mornings(world: World) -> list[date]:
    begins = max(world.begins, world.crm.begins or world.begins)
    return [begins + timedelta(days=HISTORY_DAYS + 17 * number) for number in range(MORNINGS)]


def _later(world: World) -> pd.DataFrame:
    """Leads that qualified in the end, with the click that was ever observed."""
    last = _mornings(world)[-1] + timedelta(days=LATER_DAYS)
    leads = clicked(customers(world, morning=last, history_days=2 * HISTORY_DAYS))
    return leads[leads["qualified_at"].notna()]


def _cohorts(mornings: list[Shown], later: pd.DataFrame, say: Callable[[str], None]) -> pd.DataFrame:
    """Weekly click cohorts at each age, on several mornings: cost per qualified lead so far, projected, and
    true.

    A channel is compared with the leads whose click was observed; the total with every lead that paid
    clicks truly brought.
    """
    rows = []
    for shown in mornings:
        morning, leads = shown.at.date(), clicked(shown)
        lost = float((leads["channel"] == UNATTRIBUTED).mean())
        for age in AGES:
            end = morning - timedelta(days=age)
            start = end - timedelta(days=COHORT_DAYS - 1)
            costs = cost_per_qualified_lead(
                leads, shown.spend, as_of=shown.at, start=start, end=end
            ).set_index("channel")
            ever = later[
                (later["click_at"] >= pd.Timestamp(start, tz="UTC"))
                & (later["click_at"] < pd.Timestamp(end, tz="UTC") + timedelta(days=1))
            ]
            true = pd.DataFrame(shown.keeper.qualified(start, end))
            wins = {name: float((ever["channel"] == name).sum()) for name in PAID}
            wins["all"] = float(true.loc[true["is_paid"], "qualified"].sum())
            rows += [
                _compared(costs.loc[name], wins[name], age, 1.0 - lost if name == "all" else 1.0)
                for name in wins
                if name in costs.index and wins[name]
            ]
    table = pd.DataFrame(rows)
    say(
        table.groupby(["age", "channel"])[["true", "cpql", "cpql_so_far", "matured", "held"]]
        .mean()
        .round(3)
        .to_string()
    )
    return table


def _campaigns(mornings: list[Shown], later: pd.DataFrame) -> dict[str, float]:
    """Qualified leads of single campaigns' clicks, 7 to 34 days old: mean error per campaign, ours and so
    far, and coverage.
    """
    later = _placed(later)
    parts = []
    for shown in mornings:
        morning = shown.at.date()
        start, end = morning - timedelta(days=34), morning - timedelta(days=7)
        rows = eventual(
            _placed(clicked(shown)), now=pd.Timestamp(shown.at), start=start, end=end, within_days=90
        ).set_index("place")
        low, high = pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC") + timedelta(days=1)
        ever = later[(later["click_at"] >= low) & (later["click_at"] < high)].groupby("place").size()
        parts.append(rows.assign(true=ever.reindex(rows.index, fill_value=0)))
    table = pd.concat(parts)
    true = table["true"]
    return {
        "campaign_ranges": float(len(table)),
        "campaign_coverage": float(
            ((table["projected_low"] <= true) & (true <= table["projected_high"])).mean()
        ),
        "campaign_error": float((table["projected"] - true).abs().sum() / true.sum()),
        "naive_campaign_error": float((table["qualified"] - true).abs().sum() / true.sum()),
    }


def _placed(leads: pd.DataFrame) -> pd.DataFrame:
    """Leads of a known campaign."""
    with_campaign = leads[leads["channel"].isin(PAID) & leads["campaign_id"].notna()]
    return with_campaign.assign(place=with_campaign["channel"] + " " + with_campaign["campaign_id"])


def _compared(cohort: pd.Series, wins: float, age: int, seen: float) -> dict[str, Any]:
    """A cohort's figures beside its true cost; `seen` is the share of leads with an observed click, which
    scales all of them.
    """
    so_far = cohort["cpql_so_far"]
    return {
        "age": age,
        "channel": cohort.name,
        "true": cohort["spend"] / wins,
        "cpql": cohort["cpql"] * seen,
        "cpql_so_far": np.nan if so_far is None else so_far,
        "held": cohort["projected_low"] <= wins * seen <= cohort["projected_high"],
        "matured": cohort["matured"],
    }


def clicked(shown: Shown) -> pd.DataFrame:
    """Leads with the last paid click before them, else the last other visit; without any they are
    unattributed.
    """
    touches = shown.touches.merge(shown.leads, on="person_id")
    touches = touches[touches["touch_at"] <= touches["lead_at"]].sort_values("touch_at")
    paid = touches[touches["channel"].isin(PAID)].groupby("person_id").tail(1)
    other = touches[~touches["person_id"].isin(paid["person_id"])].groupby("person_id").tail(1)
    seen = pd.concat([paid, other]).set_index("person_id")[["channel", "campaign_id", "touch_at"]]
    leads = shown.leads.join(seen, on="person_id")
    return leads.assign(
        channel=leads["channel"].fillna(UNATTRIBUTED), click_at=leads["touch_at"].fillna(leads["lead_at"])
    )


def _pipeline(mornings: list[Shown], world: World) -> dict[str, float]:
    """Open paid deals: our expectation beside the true one and the final outcome, over the same mornings."""
    ours, stated, expected, won = 0.0, 0.0, 0.0, 0.0
    errors = []
    for shown in mornings:
        open_ = expected_wins(shown.deals, shown.stages, as_of=shown.at)
        ends = open_.merge(shown.deals[["deal_id", "person_id", "created_at"]], on="deal_id")
        ends = ends.rename(columns={"created_at": "at", "expected": "value"})[
            ["deal_id", "person_id", "at", "value"]
        ].assign(deal_id="open " + ends["deal_id"])
        # Whose credit it is is learned from everything that was bought.
        both = pd.concat([shown.orders.rename(columns={"outcome_id": "deal_id"}), ends], ignore_index=True)
        shares = attribute(shown.touches, both)
        shares = shares[shares["outcome_id"].isin(ends["deal_id"])]
        value = credit_by(shares, "channel").set_index("channel")["value"]
        lost = float(value.get(UNATTRIBUTED, 0.0)) / float(value.sum())
        mine = float(value.reindex(list(PAID)).sum()) / (1.0 - lost)
        true = pd.DataFrame(shown.keeper.pipeline(shown.at))
        true = true[true["is_paid"]]
        euro = true["currency"].map(world.fx_to_eur)
        ours += mine
        stated += float(open_["amount"].sum())
        expected += float((true["expected"] * euro).sum())
        won += float((true["won"] * euro).sum())
        errors.append(abs(mine / float((true["expected"] * euro).sum()) - 1.0))
    return {
        "pipeline_error": float(np.mean(errors)),
        "pipeline_error_in_total": abs(ours / expected - 1.0),
        "pipeline_to_what_was_won": ours / won if won else np.nan,
        "amount_to_what_was_won": stated / won if won else np.nan,
    }


def _distances(world: World) -> dict[str, float]:
    """Per model the distance of its credit by channel; and our error of the blended ROAS there."""
    shown = customers(world)
    booked = _truth(shown, world)
    true = booked.groupby("channel")["euro"].sum()
    distances: dict[str, float] = {}
    for model in MODELS:
        whole = _credit(shown, model).set_index("channel")["value"]
        value = whole.drop(UNATTRIBUTED, errors="ignore")
        both = pd.DataFrame({"true": true / true.sum(), "ours": value / value.sum()}).fillna(0.0)
        distances[model] = float((both["true"] - both["ours"]).abs().sum()) / 2
    return distances | _blended_errors(shown, booked)


def _mean_error(ratio: pd.Series) -> float:
    return float((ratio - 1.0).abs().mean())
