"""Attribution: every touch's share of an order or deal, by a rule or by a model learned from the paths.

Credit is conserved: the shares of one outcome add up to one, and its value with them. An outcome without a
touch in the window is `unattributed`, shown as such and allocated to no channel. Known weakness:
unobserved touches (another device, refused cookies) earn nothing, and no model here knows who would have
bought anyway; a lift test does.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.core.crm.data_driven import noisy_or_rates
from assets.core.crm.input_cleaning import OUTCOME, TOUCH, named
from assets.core.crm.markov import removal_effects
from assets.frame_contract import finite_rows, id_texts, once_per_key, utc_instants
from resources.errors import DataUnusable
from resources.policy.crm import MODELS, Model

UNATTRIBUTED = "unattributed"
DIRECT = "direct"
HALF_LIFE_DAYS = 7.0
ENDS_SHARE = 0.4
COLUMNS = [
    "outcome_id",
    "person_id",
    "at",
    "touch_at",
    "channel",
    "campaign_id",
    "ad_set_id",
    "credit",
    "value",
    "model",
]
Weights = npt.NDArray[np.float64]


def attribute(
    touchpoints: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    model: Model = "data_driven",
    window_days: float = 90,
    repeats_follow: bool = False,
) -> pd.DataFrame:
    """Credit per touch of every outcome: outcome_id, person_id, at, touch_at, channel, campaign_id,
    ad_set_id, credit (a share), value, model.

    Args:
        touchpoints: A row per touch: person_id (or customer_id, contact_id), touch_at (or time, day), channel
            (or platform),
            and where known campaign_id, ad_set_id and `funnel`, such as shop and lead, which are learned
            separately. People
            without an outcome belong in it too: `data_driven` and `markov` learn from them.
        outcomes: A row per order or deal: outcome_id (or order_id, deal_id), person_id, at (or time, day),
            value (or
            revenue); one without a value is counted with none. Days without a time are taken for their end.
        model: first, last, last_non_direct, linear, position_based (40 % each end), time_decay (halves every
            7 days), markov
            (removal effects of a first-order chain) or data_driven (Shapley values of a noisy-or model,
            `assets.core.crm.data_driven`).
        window_days: Days for which a touch counts.
        repeats_follow: An outcome without a touch in its window follows the path of the person's outcome
            before it: a
            repeat order without a new visit was won by the first one's touches.

    Raises:
        DataUnusable: There is no such model.
        FrameRefused: A frame breaks the contract (`assets.frame_contract`), such as two differing rows of one
            outcome.
    """
    if model not in MODELS:
        raise DataUnusable(f"There is no model '{model}'. Use one of {', '.join(MODELS)}.")
    touches, ends = clean_touches(touchpoints), clean_outcomes(outcomes)
    paths = paths_in_window(touches, ends, window=timedelta(days=window_days))
    if repeats_follow:
        paths = pd.concat([paths, inherited_paths(paths, ends)], ignore_index=True)
    seen = paths.assign(weight=_weights(paths, touches, ends, model, timedelta(days=window_days)))
    whole = seen.groupby("row")["weight"].transform("sum")
    seen["credit"] = seen["weight"] / whole
    seen["value"] = seen["credit"] * seen["whole_value"]
    alone = ends[~ends["row"].isin(seen["row"])].assign(channel=UNATTRIBUTED, credit=1.0)
    alone["value"] = alone["whole_value"]
    shares = pd.concat([seen, alone], ignore_index=True).sort_values(
        ["row", "touch_at"], kind="stable", ignore_index=True
    )
    return shares.assign(model=model).reindex(columns=COLUMNS)


def credit_by(shares: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Credit and value summed over these columns, such as channel, or channel and ad_set_id; unknown ids are
    a group of their own.
    """
    return shares.groupby(list(columns) or ["channel"], dropna=False, as_index=False)[
        ["credit", "value"]
    ].sum()


def clean_touches(frame: pd.DataFrame) -> pd.DataFrame:
    touches = named(frame, TOUCH, needed=("person_id", "touch_at", "channel"), what="touchpoints")
    for column in ("person_id", "channel", "campaign_id", "ad_set_id", "funnel"):
        touches[column] = id_texts(touches[column])
    touches["touch_at"] = utc_instants(touches["touch_at"], name="touchpoints.touch_at")
    touches["channel"] = touches["channel"].fillna("unknown")
    touches["funnel"] = touches["funnel"].fillna("")
    touches = touches.dropna(subset=["person_id", "touch_at"]).drop_duplicates()
    return touches.sort_values(["person_id", "touch_at"], kind="stable", ignore_index=True)


def clean_outcomes(frame: pd.DataFrame) -> pd.DataFrame:
    outcomes = named(frame, OUTCOME, needed=("person_id", "at"), what="outcomes")
    outcomes = finite_rows(outcomes, ("value",), what="outcomes")
    for column in ("outcome_id", "person_id"):
        outcomes[column] = id_texts(outcomes[column])
    outcomes["outcome_id"] = outcomes["outcome_id"].where(
        outcomes["outcome_id"].notna(), pd.Series(outcomes.index.astype(str), outcomes.index)
    )
    at = utc_instants(outcomes["at"], name="outcomes.at")
    has_no_time = outcomes["at"].map(_is_day).astype(bool) | bool(
        (at.dropna() == at.dropna().dt.normalize()).all()
    )
    outcomes["at"] = at.where(~has_no_time, at + timedelta(days=1) - timedelta(microseconds=1))
    has_values = any(str(column).strip().lower() in OUTCOME["value"] for column in frame.columns)
    outcomes["whole_value"] = outcomes["value"] if has_values else 1.0
    outcomes = once_per_key(outcomes.drop(columns=["value", "funnel"]), ("outcome_id",), what="outcomes")
    # An outcome of unknown time has no path, and stays: its value is unattributed, not lost.
    return outcomes.reset_index(drop=True).assign(row=lambda unique: np.arange(len(unique)))


def _is_day(value: object) -> bool:
    """Whether a date comes without a time."""
    if isinstance(value, str):
        return len(value.strip()) <= len("2026-03-01")
    return isinstance(value, date) and not isinstance(value, datetime)


def paths_in_window(touches: pd.DataFrame, ends: pd.DataFrame, *, window: timedelta) -> pd.DataFrame:
    """Every outcome's touches in its window, oldest first, with their position and count."""
    both = ends.dropna(subset=["person_id"]).merge(touches, on="person_id", how="inner")
    both = both[(both["touch_at"] <= both["at"]) & (both["touch_at"] > both["at"] - window)]
    both = both.sort_values(["row", "touch_at"], kind="stable", ignore_index=True)
    of_outcome = both.groupby("row")
    return both.assign(
        place=of_outcome.cumcount(), size=of_outcome["channel"].transform("size").astype("int64")
    )


def inherited_paths(paths: pd.DataFrame, ends: pd.DataFrame) -> pd.DataFrame:
    """For outcomes without a path, the path of the person's newest earlier outcome that has one."""
    has_one = ends["row"].isin(paths["row"])
    order = ends.dropna(subset=["person_id", "at"]).sort_values("at", kind="stable")
    winners = order.loc[has_one.loc[order.index], ["person_id", "at", "row"]].rename(columns={"row": "of"})
    alone = pd.merge_asof(
        order[~has_one.loc[order.index]], winners, on="at", by="person_id", allow_exact_matches=False
    )
    outcome_columns = ["outcome_id", "at", "whole_value", "row"]
    winning_paths = paths.drop(columns=outcome_columns).assign(of=paths["row"])
    return (
        alone.dropna(subset=["of"])[[*outcome_columns, "of"]].merge(winning_paths, on="of").drop(columns="of")
    )


def _weights(
    paths: pd.DataFrame, touches: pd.DataFrame, ends: pd.DataFrame, model: Model, window: timedelta
) -> Weights:
    if model in _RULES or paths.empty:
        return _RULES.get(model, _RULES["linear"])(paths)
    learn = removal_effects if model == "markov" else noisy_or_rates
    pull = learn(*training_histories(touches, ends, window=window))
    weight = paths["channel"].map(pull).fillna(0.0).to_numpy()
    # Where the model gives nobody anything, nobody is preferred.
    nothing = pd.Series(weight).groupby(paths["row"].to_numpy()).transform("sum").to_numpy() <= 0
    return np.where(nothing, 1.0, weight)


def _position_based(paths: pd.DataFrame) -> Weights:
    position, size = paths["place"].to_numpy(), paths["size"].to_numpy()
    inner = (1 - 2 * ENDS_SHARE) / np.maximum(size - 2, 1)
    return np.where(size <= 2, 1.0, np.where((position == 0) | (position == size - 1), ENDS_SHARE, inner))


def _time_decay(paths: pd.DataFrame) -> Weights:
    age = (paths["at"] - paths["touch_at"]).dt.total_seconds() / 86_400
    youngest = age.groupby(paths["row"]).transform("min")  # so that old paths do not vanish in rounding
    return np.exp2(-(age - youngest) / HALF_LIFE_DAYS).to_numpy()


def _last_non_direct(paths: pd.DataFrame) -> Weights:
    counts = paths["channel"] != DIRECT
    last = paths["place"].where(counts).groupby(paths["row"]).transform("max").fillna(paths["size"] - 1)
    return (paths["place"] == last).to_numpy(dtype=float)


_RULES: dict[str, Callable[[pd.DataFrame], Weights]] = {
    "first": lambda paths: (paths["place"] == 0).to_numpy(dtype=float),
    "last": lambda paths: (paths["place"] == paths["size"] - 1).to_numpy(dtype=float),
    "last_non_direct": _last_non_direct,
    "linear": lambda paths: np.ones(len(paths)),
    "position_based": _position_based,
    "time_decay": _time_decay,
}


def training_histories(
    touches: pd.DataFrame, ends: pd.DataFrame, *, window: timedelta
) -> tuple[pd.DataFrame, pd.Series]:
    """Training data of a model: everybody's touches up to their first outcome (or last touch), and who had an
    outcome.
    """
    first = ends.dropna(subset=["person_id"]).groupby("person_id")["at"].min()
    until = touches["person_id"].map(first)
    last = touches.groupby("person_id")["touch_at"].transform("max")
    until = until.fillna(last)
    before_outcome = touches[(touches["touch_at"] <= until) & (touches["touch_at"] > until - window)]
    return before_outcome, before_outcome["person_id"].isin(first.index)
