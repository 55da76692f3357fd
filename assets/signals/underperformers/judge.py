"""Ad sets that earn too little: a verdict on each, from a posterior of its ROAS, with what waiting would cost.

The ladder is that of FEATURES 3.3: P(below target) above 0.70 is worth a fifth less budget, above 0.90 a pause; where fewer
conversions were to be expected at target than can tell anything, there is no verdict. An ad set without any conversion is
judged earlier, from the number of expected ones at which chance alone is unlikely (e^-3 is 5 %), and paused where another would be
reduced; still only by its posterior, for peers may make a dry spell plausible.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.signals.underperformers.exposure import GOAL, KEYS, SALES, Lag, exposures
from assets.signals.underperformers.posterior import Posterior, fitted, posterior
from resources.policy.policy import Judging

FINE, WATCH, REDUCE, PAUSE = "fine", "watch", "reduce", "pause"
THIN, PROTECTED = "not enough evidence", "protected"
Targets: TypeAlias = float | Mapping[Any, float] | pd.Series | None


def judge(
    days: pd.DataFrame,
    *,
    as_of: date,
    target_roas: Targets = None,
    lag: Lag = None,
    target_cpa: Targets = None,
    protected: Mapping[Any, str] | None = None,
    policy: Judging | None = None,
) -> pd.DataFrame:
    """A verdict on every ad set that spent in the window before `as_of`.

    Args:
        days: A row per ad set and day: ad_set_id, day, spend, conversions, conversion_value. Where known also platform,
            account_id, campaign_id, goal (sales or leads; else sales where the campaign has any value), clicks, and
            spend_reporting (the same money in one currency for all accounts). Missing spend is a day that is not known.
        as_of: The day of the reading; the days before it are judged, it is not.
        target_roas: What ROAS should be: for all, or by ad set (its id, or platform, account_id and id). Without one, what `policy` asks of the average
            of the same account and goal.
        lag: Share of conversions visible k days after the click; see `share_visible`.
        target_cpa: What a conversion of an ad set for leads may cost, in the money of `days`: for all, or by ad set.
        protected: Ad sets that are not to be touched, each with why.
        policy: Window and thresholds.

    Returns:
        A row per ad set, in the order of platform, account_id and ad_set_id: these, goal, days (with spend known), spend, conversions, value, target (ROAS, or
        conversions per money for leads), roas_mean with roas_low and roas_high (80 % interval; empty for leads), p_below (0..1),
        expected_conversions (at target, of those that can be seen by now), regret_week (money that a week more of it would
        waste, by expectation), verdict (fine, watch, reduce, pause, not enough evidence, protected) and why.

    Raises:
        ValueError: A column is missing, a target is not above zero, or the lag curve is none.
    """
    policy = policy or Judging()
    if missing := {"ad_set_id", "day", "spend", "conversions", "conversion_value"} - set(days.columns):
        raise ValueError(f"Judging ad sets needs the column(s) {', '.join(sorted(missing))}.")
    found = exposures(days, as_of=as_of, window=policy.window_days, lag=lag)
    if found.empty:
        return pd.DataFrame(columns=list(_COLUMNS))
    parts = [
        _judged(
            part.copy(), target_roas if goal == SALES else target_cpa, by_value=goal == SALES, policy=policy
        )
        for (_, goal), part in found.groupby(["platform", GOAL], sort=False)
    ]
    judged = pd.concat(parts).sort_values(list(KEYS), ignore_index=True)
    why = _each(judged, protected or {})
    judged["verdict"] = judged["verdict"].where(why.isna() | judged["verdict"].isin([FINE, THIN]), PROTECTED)
    judged["why"] = judged["why"].where(judged["verdict"] != PROTECTED, why)
    return judged[list(_COLUMNS)]


_COLUMNS = (
    *KEYS, GOAL, "days", "spend", "conversions", "value", "target", "roas_mean", "roas_low", "roas_high", "p_below",
    "expected_conversions", "regret_week", "verdict", "why",
)  # fmt: skip


def _judged(found: pd.DataFrame, targets: Targets, *, by_value: bool, policy: Judging) -> pd.DataFrame:
    """One group of peers."""
    peers = fitted(found)
    target = _targets(found, targets, by_value=by_value, usually=policy.without_target)
    known = posterior(found, peers, target, by_value=by_value)
    worth = known.value if by_value else np.ones(len(found))
    expected = found["ripe"].to_numpy(float) * target / worth
    weekly = found["spend"].to_numpy(float) / found["days"].to_numpy(float) * 7.0
    verdict, why = _verdicts(found, known, expected, policy)
    return found.assign(
        target=target, roas_mean=known.roas, roas_low=known.roas_low, roas_high=known.roas_high, p_below=known.below,
        expected_conversions=expected, regret_week=weekly * known.shortfall, verdict=verdict, why=why,
    )  # fmt: skip


def _targets(
    found: pd.DataFrame, given: Targets, *, by_value: bool, usually: float
) -> npt.NDArray[np.float64]:
    """The ROAS, or conversions per money, that each ad set should have.

    Half of all ad sets are below their average, and that is no reason to stop them: without a target a part of it is asked.
    """
    account = found.groupby(["platform", "account_id"])
    earned = account["value" if by_value else "conversions"].transform("sum")
    usual = usually * (earned / account["ripe"].transform("sum").where(lambda ripe: ripe > 0)).to_numpy(float)
    if given is None:
        return usual
    own = given if isinstance(given, int | float) else _each(found, dict(given.items())).to_numpy(float)
    asked = np.broadcast_to(np.asarray(own, float), len(found)).copy()
    if (asked[np.isfinite(asked)] <= 0).any():
        raise ValueError("A target is above zero: leave out those that have none.")
    return np.where(np.isfinite(asked), asked if by_value else 1.0 / asked, usual)


def _verdicts(
    found: pd.DataFrame, known: Posterior, expected: npt.NDArray[np.float64], policy: Judging
) -> tuple[npt.NDArray[np.str_], list[str]]:
    below = known.below
    is_dry = (found["conversions"].to_numpy(float) == 0) & (expected >= policy.stop_loss)
    is_known = (
        np.isfinite(below) & np.isfinite(expected) & ((expected >= policy.expected_conversions) | is_dry)
    )
    verdict = np.select(
        [
            ~is_known,
            below > np.where(is_dry, policy.reduce_above, policy.pause_above),
            below > policy.reduce_above,
            below > policy.watch_above,
        ],
        [THIN, PAUSE, REDUCE, WATCH],
        FINE,
    )
    why = [
        f"{seen:.4g} conversions where {due:.1f} were to be expected by now at target; {_likely(p)} likely below it."
        if np.isfinite(due) and np.isfinite(p)
        else "Nothing to compare it with yet."
        for seen, due, p in zip(found["conversions"], expected, below, strict=True)
    ]
    return verdict, why


def _each(found: pd.DataFrame, given: Mapping[Any, Any]) -> pd.Series:
    """What is given for each ad set, empty where nothing is."""
    places = pd.Series(
        list(zip(*(found[name] for name in KEYS), strict=True)), index=found.index, dtype=object
    )
    by_place, by_id = places.map(given), found["ad_set_id"].map(given)
    return by_place.where(by_place.notna(), by_id)


def _likely(p: float) -> str:
    """A probability in words; nothing is ever certain."""
    return "over 99%" if p > 0.99 else "under 1%" if p < 0.01 else f"{p:.0%}"
