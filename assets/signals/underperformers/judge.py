"""Verdict on each ad set: posterior probability that it is below target, and the expected waste of waiting.

Thresholds: P(below target) above 0.70 proposes a fifth less budget, above 0.90 a pause; with too few expected
conversions there is no verdict. An ad set without any conversion is judged from three expected ones (chance
e^-3 = 5 %) and paused where another would be reduced, still only by its posterior.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.frame_contract import id_texts, require_columns
from assets.signals.underperformers.exposure import GOAL, KEYS, SALES, Lag, exposures
from assets.signals.underperformers.posterior import AdSetPosterior, fit_peers, posterior
from resources.policy.policy import UnderperformanceThresholds

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
    lag_is_stated: bool | Mapping[Any, bool] = False,
    policy: UnderperformanceThresholds | None = None,
) -> pd.DataFrame:
    """A verdict on every ad set that spent in the window before `as_of`.

    Args:
        days: A row per ad set and day: ad_set_id, day, spend, conversions, conversion_value. Where known also
            platform, account_id, campaign_id, goal (sales or leads; else sales where the campaign has any
            value), clicks, and spend_reporting (the same money in one currency for all accounts). Missing
            spend is a day that is not known. One row per ad set and day (`assets.frame_contract`).
        as_of: Day of the evaluation; the days before it are judged.
        target_roas: Target ROAS for all, or by ad set (its id, or platform, account_id and id). Without one,
            the share of the average of its account and goal that `policy` sets.
        lag: Share of conversions visible k days after the click; see `share_visible`.
        target_cpa: Target cost per conversion of ad sets for leads, in the money of `days`: for all, or by ad
            set.
        protected: Protected ad sets with the reason.
        lag_is_stated: Whether the lag curve is a prior that nothing was learned for yet: for all, or by ad
            set. A pause then waits and the verdict is reduce. True where neither `lag` nor `matured` is
            given.
        policy: Window and thresholds.

    Returns:
        A row per ad set, in the order of platform, account_id and ad_set_id: these, goal, days (with spend
        known), spend, conversions, value, target (ROAS, or conversions per money for leads), roas_mean with
        roas_low and roas_high (80 % interval; empty for leads), p_below (0..1), expected_conversions (at
        target, visible by now), regret_week (expected waste of one
            more week), verdict (fine, watch, reduce, pause, not enough evidence, protected) and why.

    Raises:
        FrameRefused: A column is missing or breaks the contract of frames, such as two differing rows of one
            ad set and day.
        ValueError: A target is not above zero, or the lag curve is none.
    """
    policy = policy or UnderperformanceThresholds()
    require_columns(days, ("ad_set_id", "day", "spend", "conversions", "conversion_value"), what="days")
    ad_sets = exposures(days, as_of=as_of, window=policy.window_days, lag=lag)
    if ad_sets.empty:
        return pd.DataFrame(columns=list(_COLUMNS))
    is_stated = lag_is_stated or (lag is None and "matured" not in days)
    ad_sets["lag_is_stated"] = (
        _per_ad_set(ad_sets, is_stated).fillna(True).astype(bool)  # noqa: FBT003 - pandas' own
        if isinstance(is_stated, Mapping)
        else is_stated
    )
    parts = [
        _judge_group(
            part.copy(), target_roas if goal == SALES else target_cpa, by_value=goal == SALES, policy=policy
        )
        for (_, goal), part in ad_sets.groupby(["platform", GOAL], sort=False)
    ]
    judged = pd.concat(parts).sort_values(list(KEYS), ignore_index=True)
    why = _per_ad_set(judged, protected or {})
    judged["verdict"] = judged["verdict"].where(why.isna() | judged["verdict"].isin([FINE, THIN]), PROTECTED)
    judged["why"] = judged["why"].where(judged["verdict"] != PROTECTED, why)
    return judged[list(_COLUMNS)]


_COLUMNS = (
    *KEYS,
    GOAL,
    "days",
    "spend",
    "conversions",
    "value",
    "target",
    "roas_mean",
    "roas_low",
    "roas_high",
    "p_below",
    "expected_conversions",
    "regret_week",
    "verdict",
    "why",
)


def _judge_group(
    ad_sets: pd.DataFrame, targets: Targets, *, by_value: bool, policy: UnderperformanceThresholds
) -> pd.DataFrame:
    """Verdicts of one group of peers (platform and goal)."""
    peers = fit_peers(ad_sets)
    target = _targets(ad_sets, targets, by_value=by_value, usually=policy.without_target)
    estimates = posterior(ad_sets, peers, target, by_value=by_value)
    worth = estimates.value if by_value else np.ones(len(ad_sets))
    expected = ad_sets["exposure"].to_numpy(float) * target / worth
    weekly = ad_sets["spend"].to_numpy(float) / ad_sets["days"].to_numpy(float) * 7.0
    verdict, why = _verdicts(ad_sets, estimates, expected, policy)
    return ad_sets.assign(
        target=target,
        roas_mean=estimates.roas,
        roas_low=estimates.roas_low,
        roas_high=estimates.roas_high,
        p_below=estimates.below,
        expected_conversions=expected,
        regret_week=weekly * estimates.shortfall,
        verdict=verdict,
        why=why,
    )


def _targets(
    ad_sets: pd.DataFrame, given: Targets, *, by_value: bool, usually: float
) -> npt.NDArray[np.float64]:
    """Target ROAS, or conversions per money, of each ad set.

    Without a target, a share of the account's average: half of all ad sets are below the average itself.
    """
    account = ad_sets.groupby(["platform", "account_id"])
    earned = account["value" if by_value else "conversions"].transform("sum")
    usual = usually * (
        earned / account["exposure"].transform("sum").where(lambda exposure: exposure > 0)
    ).to_numpy(float)
    usual = np.where(usual > 0, usual, np.nan)  # refunds may exceed sales
    if given is None:
        return usual
    given_targets = (
        given if isinstance(given, int | float) else _per_ad_set(ad_sets, dict(given.items())).to_numpy(float)
    )
    targets = np.broadcast_to(np.asarray(given_targets, float), len(ad_sets)).copy()
    if (targets[np.isfinite(targets)] <= 0).any():
        raise ValueError("A target is above zero: leave out those that have none.")
    return np.where(np.isfinite(targets), targets if by_value else 1.0 / targets, usual)


def _verdicts(
    ad_sets: pd.DataFrame,
    estimates: AdSetPosterior,
    expected: npt.NDArray[np.float64],
    policy: UnderperformanceThresholds,
) -> tuple[npt.NDArray[np.str_], list[str]]:
    below = estimates.below
    is_dry = (ad_sets["conversions"].to_numpy(float) == 0) & (expected >= policy.stop_loss)
    is_known = (
        np.isfinite(below) & np.isfinite(expected) & ((expected >= policy.expected_conversions) | is_dry)
    )
    is_bad = below > np.where(is_dry, policy.reduce_above, policy.pause_above)
    is_stated = ad_sets["lag_is_stated"].to_numpy(bool)
    verdict = np.select(
        [
            ~is_known,
            is_bad & ~is_stated,
            below > policy.reduce_above,
            below > policy.watch_above,
        ],
        [THIN, PAUSE, REDUCE, WATCH],
        FINE,
    )
    why = [
        (
            f"{seen:.4g} of {due:.1f} conversions expected by now at target; "
            f"chance below target {_probability_text(p)}."
            if np.isfinite(due) and np.isfinite(p)
            else "Nothing to compare it with yet."
        )
        for seen, due, p in zip(ad_sets["conversions"], expected, below, strict=True)
    ]
    waits = is_known & is_bad & is_stated
    why = [
        f"{text} A pause waits until the conversion lag is learned." if is_waiting else text
        for text, is_waiting in zip(why, waits, strict=True)
    ]
    return verdict, why


def _per_ad_set(ad_sets: pd.DataFrame, given: Mapping[Any, Any]) -> pd.Series:
    """Given value per ad set, by key or id as text; NaN where there is none."""
    by_text = {_key_text(key): value for key, value in given.items()}
    texts = [id_texts(ad_sets[name]).fillna("") for name in KEYS]
    places = pd.Series(list(zip(*texts, strict=True)), index=ad_sets.index, dtype=object)
    by_place, by_id = places.map(by_text), texts[-1].map(by_text)
    return by_place.where(by_place.notna(), by_id)


def _key_text(key: Any) -> Any:
    """A key of settings in the form of ids: 11, 11.0 and "11" are one."""
    parts = key if isinstance(key, tuple) else (key,)
    texts = tuple(id_texts(pd.Series(parts, dtype=object)).fillna(""))
    return texts if isinstance(key, tuple) else texts[0]


def _probability_text(p: float) -> str:
    """A probability as text, never 0 % or 100 %."""
    return "over 99 %" if p > 0.99 else "under 1 %" if p < 0.01 else f"{p * 100:.0f} %"
