"""Which ad sets would be paused, beside what they truly earn: our verdicts and the rules people use, on the
same mornings.

`size` ad sets (4,000) like those of the world's accounts, or the world's own. The target is what 77 % of the
ad sets truly reach, per platform; one below three quarters of it is clearly bad, as in FEATURES 5.1. Truth is
the market's own: clicks per money x conversion rate x mean value, without the luck of the conversions that
happened. Every rule sees what the platform showed on that morning.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from assets.signals.underperformers import judge
from assets.signals.underperformers.judge import PAUSE
from benchmarks.days import MORNING
from benchmarks.underperformer_worlds import AS_OF, OrderWorld, Sample, draw, real_orders
from resources.policy.policy import UnderperformanceThresholds
from sandbox.clock import Clock
from sandbox.market import Market
from sandbox.world import Account, World, load_world

GOOD_SHARE, BAD_BELOW = 0.77, 0.75
AD_SETS = 4_000
BEGAN = timedelta(days=120)
ORDER_SPREAD = 0.45
"""Of one purchase's value (log scale), as `sandbox.delivery` draws it."""


def measure(
    *,
    seed: int,
    world: str | None,
    size: int | None,
    say: Callable[[str], None],
    seeds: int = 1,
    data: Path | None = None,
    order_spread: float | None = None,
) -> dict[str, Any]:
    """Verdicts on the sandbox's ad sets, or with `world` "orders" in worlds whose prior is known.

    Good ad sets paused, bad ones caught, precision and calibration: ours, without its parts, and the naive
    rules.
    """
    if world == "orders":
        return measure_orders(
            seed=seed, seeds=seeds, size=size, orders_folder=data, say=say, order_spread=order_spread
        )
    sized_world = sized(load_world(world or "kind", seed=seed), size or AD_SETS)
    as_of = sized_world.begins + BEGAN
    market = Market(sized_world, Clock(datetime.combine(as_of, MORNING)))
    days = ad_set_days(market, as_of - timedelta(days=28), as_of - timedelta(days=1))
    truth = true_roas(market, days)
    lag = true_lag(sized_world)
    began = perf_counter()
    ours = verdicts(days, truth, as_of=as_of, lag=lag)
    seconds = perf_counter() - began
    say(
        f"{len(truth)} ad sets that sell, {truth['good'].mean():.0%} "
        f"good, {truth['bad'].mean():.1%} clearly bad"
    )
    scores = {"ours": scored(ours, truth)}
    variants: dict[str, dict[str, Any]] = {
        "without maturity": {"lag": [1.0, 1.0]},
        "without shrinkage": {"alone": True},
        "without clicks": {"blind": True},
    }
    for name, change in variants.items():
        scores[name] = scored(verdicts(days, truth, as_of=as_of, **({"lag": lag} | change)), truth)
    peers = {name: scored(rule(days, truth, as_of), truth) for name, rule in NAIVE.items()}
    table = pd.DataFrame(scores | peers).T
    say(table.round(4).to_string())
    any_day = np.zeros(len(truth), bool)
    for age in range(15):
        morning = as_of - timedelta(days=age)
        shown = ad_set_days(
            market,
            as_of - timedelta(days=28),
            morning - timedelta(days=1),
            at=datetime.combine(morning, MORNING),
        )
        any_day |= paused(judge(shown, as_of=morning, target_roas=truth["target"], lag=lag), truth)
    figures = scores["ours"] | {
        "good_paused_any_day": float(any_day[truth["good"]].mean()),
        "bad_caught_any_day": float(any_day[truth["bad"]].mean()),
        "ad_sets": float(len(truth)),
        "seconds": seconds,
    }
    return {
        "figures": {name: round(float(value), 5) for name, value in figures.items()},
        "peers": {
            name: {k: round(float(v), 5) for k, v in figures_of.items()}
            for name, figures_of in {**peers, **scores}.items()
            if name != "ours"
        },
        "ratios": {},
    }


ORDER_VARIATIONS, CONVERSIONS_A_WEEK = (0.3, 1.0, 2.8), (5.0, 25.0)


def measure_orders(
    *,
    seed: int,
    seeds: int,
    size: int | None,
    orders_folder: Path | None,
    say: Callable[[str], None],
    order_spread: float | None = None,
) -> dict[str, Any]:
    """Verdicts in worlds whose prior is known, beside the Bayes rule that knows it: means over seeds, least
    and greatest.

    Args:
        seed: First seed.
        seeds: How many seeds.
        size: Ad sets per world (2,000).
        orders_folder: Where real order values are, if anywhere.
        say: Progress.
        order_spread: Only this coefficient of variation of orders; all of `ORDER_VARIATIONS` if None.
    """
    ad_sets = size or 2_000
    variations = ORDER_VARIATIONS if order_spread is None else (order_spread,)
    real = real_orders(orders_folder) if orders_folder else None
    rows = []
    for number in range(seed, seed + seeds):
        row: dict[str, float] = {}
        for variation in variations:
            for weekly in CONVERSIONS_A_WEEK:
                world = OrderWorld(ad_sets=ad_sets, conversions_a_week=weekly, order_variation=variation)
                figures = against_bayes(draw(world, seed=number))
                row |= {f"{name}_cv{variation:g}_{weekly:g}": value for name, value in figures.items()}
        equal = OrderWorld(
            ad_sets=ad_sets, rate_spread=0.0, order_spread=0.0, order_variation=max(variations)
        )
        row["equal_paused"] = float(paused_in(draw(equal, seed=number)).mean())
        if real is not None:
            row["equal_paused_real_orders"] = float(paused_in(draw(equal, seed=number, orders=real)).mean())
        say(f"seed {number}: " + ", ".join(f"{name} {value:.4f}" for name, value in row.items()))
        rows.append(row)
    table = pd.DataFrame(rows)
    return {
        "figures": {name: round(float(value), 5) for name, value in table.mean().items()},
        "least": {name: round(float(value), 5) for name, value in table.min().items()},
        "greatest": {name: round(float(value), 5) for name, value in table.max().items()},
        "peers": {},
        "ratios": {},
    }


def against_bayes(sample: Sample) -> dict[str, float]:
    """Good and bad ad sets paused, and bad ones that the Bayes rule catches at the same share of good ones."""
    judged = _judged_in(sample)
    hit, below = (judged["verdict"] == PAUSE).to_numpy(), judged["p_below"].to_numpy(float)
    good, bad = sample.is_good, sample.is_bad
    figures = {"good_paused": float(hit[good].mean()), "bad_caught": float(hit[bad].mean())}
    # At the ladder's own threshold of one look, where enough good ad sets are paused to compare at the same
    # share.
    for name, ours in (("", hit), ("_at_90", below > 0.9)):
        rank = int(ours[good].sum())
        limit = np.sort(sample.bayes[good])[::-1][min(rank, good.sum() - 1)]
        figures[f"bad_caught_bayes{name}"] = float((sample.bayes[bad] > limit).mean())
    figures["bad_caught_at_90"] = float((below > 0.9)[bad].mean())
    figures["good_paused_at_90"] = float((below > 0.9)[good].mean())
    figures["calibration_gap"] = _calibration(below, ~good)
    return figures


def paused_in(sample: Sample) -> np.ndarray:
    """Whether each ad set of the sample is paused."""
    return (_judged_in(sample)["verdict"] == PAUSE).to_numpy()


def _judged_in(sample: Sample) -> pd.DataFrame:
    judged = judge(sample.days, as_of=AS_OF, target_roas=sample.target, lag=[1.0, 1.0])
    return judged.set_index("ad_set_id").reindex(np.arange(len(sample.roas)).astype(str))


def sized(world: World, ad_sets: int) -> World:
    """The same accounts with so many ad sets in all, a share each."""
    each = ad_sets // len(world.accounts)
    accounts = tuple(
        account.model_copy(
            update={
                "campaigns": max(each // account.ad_sets_per_campaign, 1),
                "performance_max": 0,
                "shared_budgets": 0,
            }
        )
        for account in world.accounts
    )
    return world.model_copy(update={"accounts": accounts})


def ad_set_days(market: Market, start: date, end: date, *, at: datetime | None = None) -> pd.DataFrame:
    """core/ad_set_day as far as judging needs it, straight from the market."""
    parts = []
    for account in market.world.accounts:
        catalog, euro = market.catalog(account), market.world.fx_to_eur[account.currency]
        for block in market.report(account, "ad_set", start, end, at=at):
            assert block.campaign is not None
            spend = block.spend_micros / 1e6
            parts.append(
                pd.DataFrame(
                    {
                        "platform": account.platform,
                        "account_id": account.id,
                        "ad_set_id": catalog.ad_sets.id[block.ad_set].astype(str),
                        "campaign_id": catalog.campaigns.id[block.campaign].astype(str),
                        "day": block.day.astype("datetime64[D]"),
                        "clicks": block.clicks,
                        "impressions": block.impressions,
                        "spend": spend,
                        "spend_reporting": spend * euro,
                        "conversions": (block.purchases + block.leads).astype(float),
                        "conversion_value": block.purchase_value_micros / 1e6,
                        "goal": np.where(catalog.campaigns.sells[block.campaign], "sales", "leads"),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def true_roas(market: Market, days: pd.DataFrame) -> pd.DataFrame:
    """Per ad set that sells: true ROAS, the target of its platform, and whether it is good or clearly bad."""
    sums = (
        days[days["goal"] == "sales"]
        .groupby(["platform", "account_id", "ad_set_id"])[["clicks", "spend"]]
        .sum()
        .reset_index()
    )
    traits = pd.concat([_traits(market, account) for account in market.world.accounts])
    ad_sets = sums.merge(traits, on="ad_set_id")
    ad_sets["roas"] = ad_sets["clicks"] / ad_sets["spend"] * ad_sets["worth"]
    ad_sets["target"] = ad_sets.groupby("platform")["roas"].transform(
        lambda roas: roas.quantile(1 - GOOD_SHARE)
    )
    ad_sets["good"], ad_sets["bad"] = (
        ad_sets["roas"] >= ad_sets["target"],
        ad_sets["roas"] < BAD_BELOW * ad_sets["target"],
    )
    return ad_sets.set_index("ad_set_id")


def _traits(market: Market, account: Account) -> pd.DataFrame:
    sets, b = market.catalog(account).ad_sets, account.behaviour
    order = sets.order_value * np.exp(ORDER_SPREAD**2 / 2)
    return pd.DataFrame(
        {"ad_set_id": sets.id.astype(str), "worth": sets.conversion_rate * order * (1 - b.retracted_share)}
    )


def true_lag(world: World) -> pd.DataFrame:
    """The share visible k days after the click day, by each platform's own behaviour, as it would have been
    learned.
    """
    ages, rows = np.arange(0, 91), []
    rng = np.random.default_rng(1)
    clicked = rng.random(200_000)
    for account in world.accounts:
        b = account.behaviour
        wait = rng.exponential(1.0, len(clicked))
        lag = np.where(rng.random(len(clicked)) < b.same_day_share, wait * 0.05, wait * b.lag_days)
        happens = np.minimum(lag, b.longest_lag_days) + clicked
        elapsed = ages + (datetime.combine(world.begins, MORNING).hour / 24)
        share = np.searchsorted(np.sort(happens), elapsed) / len(clicked)
        rows.append(
            pd.DataFrame(
                {"platform": account.platform, "account_id": account.id, "age_days": ages, "share": share}
            )
        )
    return pd.concat(rows)


def verdicts(
    days: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    as_of: date,
    lag: Any,
    alone: bool = False,
    blind: bool = False,
) -> dict[str, np.ndarray]:
    """Who is paused on 14 and on 28 days, and P(below) on 28."""
    given = days.drop(columns="clicks") if blind else days
    if alone:
        given = given.assign(platform=given["ad_set_id"])
        lag = lag.drop(columns=["platform", "account_id"]).groupby("age_days", as_index=False).mean()
    results = {}
    for window in (14, 28):
        judged = judge(
            given,
            as_of=as_of,
            target_roas=truth["target"],
            lag=lag,
            policy=UnderperformanceThresholds(window_days=window),
        )
        results[f"paused_{window}"] = paused(judged, truth)
        results["below"] = judged.set_index("ad_set_id")["p_below"].reindex(truth.index).to_numpy()
    return results


def paused(judged: pd.DataFrame, truth: pd.DataFrame) -> np.ndarray:
    verdict = judged.drop_duplicates("ad_set_id").set_index("ad_set_id")["verdict"]
    return (verdict.reindex(truth.index) == PAUSE).to_numpy()


def scored(results: dict[str, np.ndarray], truth: pd.DataFrame) -> dict[str, float]:
    good, bad = truth["good"].to_numpy(), truth["bad"].to_numpy()
    figures = {}
    for window in (14, 28):
        hit = results[f"paused_{window}"]
        figures[f"good_paused_{window}"], figures[f"bad_caught_{window}"] = hit[good].mean(), hit[bad].mean()
    figures["good_paused"] = figures["good_paused_28"]
    hit = results["paused_28"]
    figures["precision"] = (~good[hit]).mean() if hit.any() else np.nan
    if "below" in results:
        figures["calibration_gap"] = _calibration(results["below"], ~good)
    return {name: float(value) for name, value in figures.items()}


def _calibration(below: np.ndarray, is_below: np.ndarray) -> float:
    """The largest distance, over tenths of the ad sets by P(below), between what was said and what is."""
    order = np.argsort(below[np.isfinite(below)])
    tenths = np.array_split(order, 10)
    stated, was = below[np.isfinite(below)], is_below[np.isfinite(below)]
    return max(abs(stated[tenth].mean() - was[tenth].mean()) for tenth in tenths)


def _sums(days: pd.DataFrame, truth: pd.DataFrame, as_of: date, length: int) -> pd.DataFrame:
    lately = days[days["day"] >= pd.Timestamp(as_of - timedelta(days=length))]
    return (
        lately.groupby("ad_set_id")[["spend", "conversions", "conversion_value"]]
        .sum()
        .reindex(truth.index)
        .fillna(0.0)
    )


def _naive(
    length: int, spend: float, conversions: float = 0
) -> Callable[[pd.DataFrame, pd.DataFrame, date], dict[str, np.ndarray]]:
    def rule(days: pd.DataFrame, truth: pd.DataFrame, as_of: date) -> dict[str, np.ndarray]:
        sums = _sums(days, truth, as_of, length)
        low = sums["conversion_value"] / sums["spend"].where(sums["spend"] > 0) < truth["target"]
        hit = (low & (sums["spend"] > spend) & (sums["conversions"] >= conversions)).to_numpy()
        return {"paused_14": hit, "paused_28": hit}

    return rule


NAIVE = {
    "3 days, spend > 20": _naive(3, 20),
    "7 days, spend > 50": _naive(7, 50),
    "7 days, 10 conversions": _naive(7, 50, 10),
    "14 days": _naive(14, 50),
}
