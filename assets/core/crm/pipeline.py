"""Expected value of open deals: amount times the chance to be won, by stage and time in it.

Learned from the stage histories of all deals, won, lost and still open, as a semi-Markov model: in each
stage, on each day, how often deals move on, are won or are lost. A deal's chance is followed from its
stage; one that has waited long has the lower chance of those that waited as long. Known weakness: deals
are assumed alike but for stage and age.
"""

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.core.crm.input_cleaning import named
from assets.frame_contract import finite_rows, id_texts, once_per_key, utc_instants

DEAL = {
    "deal_id": ("deal_id", "opportunity_id", "id"),
    "amount": ("amount", "value"),
    "is_closed": ("is_closed",),
    "is_won": ("is_won",),
}
STAGE = {
    "deal_id": ("deal_id", "opportunity_id"),
    "stage": ("stage", "stage_name", "stagename"),
    "entered_at": ("entered_at", "at", "created_at", "time"),
}
WON, LOST = "(won)", "(lost)"
AGES = (0, 2, 5, 10, 20, 40, 80)
"""Bounds, in days in a stage, between which chances are assumed constant."""
LONGEST_DAYS = 365
POOLED_WEIGHT = 10.0
"""Deal-days at the pooled rate of all stages that each stage's own rates are mixed with."""
COLUMNS = ["deal_id", "stage", "age_days", "amount", "win_chance", "expected"]
Numbers = npt.NDArray[np.float64]


def expected_wins(deals: pd.DataFrame, stages: pd.DataFrame, *, as_of: date | pd.Timestamp) -> pd.DataFrame:
    """Open deals at `as_of`: deal_id, stage, age_days, amount, win_chance and expected (amount x chance), in
    their own currency.

    Args:
        deals: deal_id, amount, is_closed, is_won; closed ones teach.
        stages: deal_id, stage, entered_at; every stage a deal entered, the closing ones included or not.
        as_of: The instant; stages entered later are ignored.

    Where no deal was ever won or lost there is nothing to learn, and win_chance is empty.
    """
    now = pd.Timestamp(as_of)
    now = now.tz_localize("UTC") if now.tzinfo is None else now.tz_convert("UTC")
    steps, cleaned = _steps(stages, now), _deals(deals)
    steps = steps[steps["deal_id"].isin(cleaned["deal_id"])]
    ends = cleaned.set_index("deal_id")
    stays = _stays(steps, ends, now)
    open_ = stays[stays["next"].isna()].merge(cleaned[~cleaned["is_closed"]], on="deal_id")
    if not open_.empty and cleaned["is_closed"].any():
        open_["win_chance"] = _chances(stays, open_)
    else:
        open_["win_chance"] = np.nan
    open_["age_days"] = open_["days"]
    return (
        open_.assign(expected=open_["amount"] * open_["win_chance"])
        .reindex(columns=COLUMNS)
        .reset_index(drop=True)
    )


def _deals(frame: pd.DataFrame) -> pd.DataFrame:
    cleaned = named(frame, DEAL, needed=("deal_id", "amount", "is_closed", "is_won"), what="deals")
    cleaned = finite_rows(cleaned, ("amount",), what="deals")
    cleaned["deal_id"] = id_texts(cleaned["deal_id"])
    for column in ("is_closed", "is_won"):
        cleaned[column] = cleaned[column].map(lambda flag: str(flag).lower() in {"true", "1", "1.0"})
    cleaned["is_closed"] |= cleaned["is_won"]
    return once_per_key(cleaned.dropna(subset=["deal_id"]), ("deal_id",), what="deals")


def _steps(frame: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    cleaned = named(frame, STAGE, needed=("deal_id", "stage", "entered_at"), what="stages")
    cleaned["deal_id"], cleaned["stage"] = id_texts(cleaned["deal_id"]), id_texts(cleaned["stage"])
    cleaned["entered_at"] = utc_instants(cleaned["entered_at"], name="stages.entered_at")
    cleaned = cleaned[cleaned["entered_at"] <= now].dropna().drop_duplicates()
    return cleaned.sort_values(["deal_id", "entered_at"], kind="stable", ignore_index=True)


def _stays(steps: pd.DataFrame, ends: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """Time of each deal in each stage and where it went; the last stay of an open deal is right-censored."""
    of_deal = steps.groupby("deal_id")
    left, following = of_deal["entered_at"].shift(-1), of_deal["stage"].shift(-1)
    is_last = following.isna()
    closed, won = steps["deal_id"].map(ends["is_closed"]), steps["deal_id"].map(ends["is_won"])
    outcome = pd.Series(np.where(won, WON, LOST), index=steps.index)
    # A closing stage is where a closed deal ended: going there is the outcome, and nothing is stayed in it.
    last_stage = is_last & closed
    into_last = following.notna() & of_deal["entered_at"].shift(-2).isna() & closed
    following = following.where(~into_last, outcome)
    days = (left.fillna(now) - steps["entered_at"]) / pd.Timedelta(days=1)
    alone = last_stage & of_deal.cumcount().eq(0)
    is_stay = ~last_stage | alone
    following = following.where(~alone, outcome)
    return pd.DataFrame(
        {"deal_id": steps["deal_id"], "stage": steps["stage"], "days": days, "next": following}
    )[is_stay].reset_index(drop=True)


def _chances(stays: pd.DataFrame, open_: pd.DataFrame) -> Numbers:
    """Win chance of each open deal, followed through the stages."""
    names = sorted({*stays["stage"], *(stays["next"].dropna())} - {WON, LOST})
    number = {name: n for n, name in enumerate([*names, WON, LOST])}
    leaves = _leaving(stays, number)  # stages x ages x targets, per day
    worth = np.append(np.full(len(names), 0.5), [1.0, 0.0])
    band = np.searchsorted(AGES, np.arange(LONGEST_DAYS), side="right") - 1
    by_age = np.zeros((len(names), LONGEST_DAYS + 1))
    for _ in range(60):  # stages mostly lead forward; those that lead back settle soon
        for stage in range(len(names)):
            on = leaves[stage]
            goes, brings = on.sum(axis=1), on @ worth
            for day in range(LONGEST_DAYS - 1, -1, -1):
                by_age[stage, day] = brings[band[day]] + (1.0 - goes[band[day]]) * by_age[stage, day + 1]
        if np.abs(by_age[:, 0] - worth[:-2]).max(initial=0.0) < 1e-6:
            break
        worth[:-2] = by_age[:, 0]
    age = open_["days"].clip(0, LONGEST_DAYS - 1)
    return by_age[open_["stage"].map(number).to_numpy(dtype=int), np.floor(age).to_numpy(dtype=int)]


def _leaving(stays: pd.DataFrame, number: dict[str, int]) -> Numbers:
    """Chance per day to go from each stage at each age to each stage or end."""
    size, ages = len(number) - 2, len(AGES)
    bounds = np.append(np.array(AGES, float), np.inf)
    stage, days = stays["stage"].map(number).to_numpy(dtype=int), stays["days"].to_numpy()
    stayed = np.zeros((size, ages))
    for age in range(ages):
        np.add.at(stayed[:, age], stage, np.clip(days, bounds[age], bounds[age + 1]) - bounds[age])
    went = np.zeros((size, ages, len(number)))
    gone = stays["next"].notna().to_numpy()
    band = (np.searchsorted(AGES, days[gone], side="right") - 1).clip(0)
    np.add.at(went, (stage[gone], band, stays.loc[gone, "next"].map(number).to_numpy(dtype=int)), 1.0)
    average = went.sum(axis=1) / np.maximum(stayed.sum(axis=1), 1.0)[:, None]
    prior = average[:, None, :] * _decay(went, stayed)
    rate = (went + POOLED_WEIGHT * prior) / (stayed + POOLED_WEIGHT)[:, :, None]
    whole = rate.sum(axis=2, keepdims=True)
    # Rates per day become chances of a day: what leaves in continuous time cannot leave twice.
    return rate * np.where(whole > 0, -np.expm1(-whole) / np.maximum(whole, 1e-12), 1.0)


def _decay(went: Numbers, stayed: Numbers) -> Numbers:
    """How rates of moving on, and of being lost, change with age over all stages: ages x targets, one on
    average.
    """
    lost = np.zeros(went.shape[2], bool)
    lost[-1] = True
    decay = np.ones((went.shape[1], went.shape[2]))
    for targets in (~lost, lost):
        by_age, exposed = went[:, :, targets].sum(axis=(0, 2)), stayed.sum(axis=0)
        usual = by_age.sum() / max(exposed.sum(), 1.0)
        if usual > 0:
            decay[:, targets] = ((by_age + 1e-3) / (exposed + 1e-3 / usual) / usual)[:, None]
    return decay
