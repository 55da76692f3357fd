"""Cost per qualified lead of a click cohort: leads that have qualified, and those expected to.

The cost of clicks is known at once and their leads qualify for months, so spend over qualified leads so
far makes every young cohort look expensive. Open leads, and leads still to arrive, are projected
(`assets.core.crm.survival`).
"""

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.core.crm.input_cleaning import named
from assets.core.crm.survival import LONGEST_ARRIVAL, QualificationModel, fit_qualification, still_to_qualify
from assets.frame_contract import day_stamps, figures, id_texts, once_per_key, utc_instants

LEAD = {
    "channel": ("channel", "platform"),
    "click_at": ("click_at", "clicked_at", "touch_at", "day", "click_day"),
    "lead_at": ("lead_at", "created_at"),
    "qualified_at": ("qualified_at", "became_qualified_at"),
}
SPEND = {
    "channel": ("channel", "platform"),
    "day": ("day", "date"),
    "spend": ("spend", "spend_reporting", "cost"),
    "account_id": ("account_id",),
    "campaign_id": ("campaign_id",),
    "ad_set_id": ("ad_set_id",),
    "ad_id": ("ad_id",),
}
TOTAL = "all"
COLUMNS = [
    "channel",
    "spend",
    "leads",
    "qualified",
    "projected",
    "projected_low",
    "projected_high",
    "matured",
    "cpql_so_far",
    "cpql",
    "cpql_low",
    "cpql_high",
]
DRAWS = 1_000
Numbers = npt.NDArray[np.float64]


def cost_per_qualified_lead(
    leads: pd.DataFrame,
    spend: pd.DataFrame,
    *,
    as_of: date | pd.Timestamp,
    start: date,
    end: date,
    within_days: int = 90,
    seed: int = 0,
) -> pd.DataFrame:
    """A row per channel with spend or leads, and `all` for those with spend, of the clicks of `start` to
    `end` (inclusive).

    Args:
        leads: A row per lead of any time: channel, click_at, lead_at, qualified_at (empty where not yet). Old
            ones teach.
        spend: channel, day, spend, one row per channel and day; or per account_id, campaign_id, ad_set_id or
            ad_id where the frame has them: those add up.
        as_of: Morning on which this was known; nothing later is used.
        start: First click day of the cohort.
        end: Last click day of the cohort.
        within_days: An older lead will not qualify any more.
        seed: Same seed and frames, same answer.

    Returns:
        leads and qualified so far, projected with its 80 % range, matured (qualified / projected), and spend
        over each. 0/0
        is empty.
    """
    leads_so_far = _leads(leads)
    now = pd.Timestamp(as_of)
    now = now.tz_localize("UTC") if now.tzinfo is None else now.tz_convert("UTC")
    leads_so_far = leads_so_far[leads_so_far["lead_at"] <= now]
    leads_so_far["qualified_at"] = leads_so_far["qualified_at"].where(leads_so_far["qualified_at"] <= now)
    first, last = pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC") + pd.Timedelta(days=1)
    cohort = leads_so_far[(leads_so_far["click_at"] >= first) & (leads_so_far["click_at"] < last)]
    cost = _spend(spend, start, end)
    channels = sorted({*cohort["channel"], *cost})
    if not channels:
        return pd.DataFrame(columns=COLUMNS)
    model = fit_qualification(leads_so_far, now=now, within_days=within_days)
    rng = np.random.default_rng(seed)
    draws = {
        name: _draws(cohort[cohort["channel"] == name], model, model.row(name), now, (first, last), rng)
        for name in channels
    }
    rows = [_row(name, cost.get(name), cohort[cohort["channel"] == name], draws[name]) for name in channels]
    paid = [name for name in channels if cost.get(name)]
    whole = np.sum([draws[name] for name in paid], axis=0) if paid else np.zeros(DRAWS)
    rows.append(
        _row(
            TOTAL,
            sum(cost[name] for name in paid) if paid else None,
            cohort[cohort["channel"].isin(paid)],
            whole,
        )
    )
    return pd.DataFrame(rows, columns=COLUMNS)


def with_unseen(costs: pd.DataFrame, *, total: str, seen: float) -> pd.DataFrame:
    """The rows of `total` as if leads without an observed click were paid as often as the others; channels
    are unchanged.

    `seen` is the share of leads with an observed click or visit.
    """
    whole, share = costs["channel"] == total, seen if seen > 0 else 1.0
    scaled = costs.copy()
    for names, factor in (
        (("projected", "projected_low", "projected_high"), 1.0 / share),
        (("cpql_so_far", "cpql", "cpql_low", "cpql_high"), share),
    ):
        for name in names:
            values = pd.to_numeric(scaled[name])
            scaled[name] = values.where(~whole, values * factor)
    return scaled


def _draws(
    leads: pd.DataFrame,
    model: QualificationModel,
    row: int,
    now: pd.Timestamp,
    days: tuple[pd.Timestamp, pd.Timestamp],
    rng: np.random.Generator,
) -> Numbers:
    """Simulated final numbers of qualified leads of a cohort."""
    hazard = model.hazards(row, rng, DRAWS)
    chance = still_to_qualify(hazard)
    open_ = leads[leads["qualified_at"].isna()]
    age = (
        np.floor((now - open_["lead_at"]) / pd.Timedelta(days=1)).to_numpy(dtype=int).clip(0, hazard.shape[1])
    )
    counts = np.bincount(age, minlength=chance.shape[1])
    some = np.flatnonzero(counts)
    later = (
        rng.binomial(counts[some], chance[:, some].clip(0, 1)).sum(axis=1) if len(some) else np.zeros(DRAWS)
    )
    unseen = np.zeros(DRAWS)
    per_day = leads.groupby(leads["click_at"].dt.normalize()).size()
    for day in pd.date_range(days[0], days[1], inclusive="left"):
        old = min(max(int((now.normalize() - day) / pd.Timedelta(days=1)) - 1, 0), LONGEST_ARRIVAL)
        share = model.arrived[row, old]
        if share < 1.0 and day < now:
            so_far = float(per_day.get(day, 0.0))
            unseen += rng.poisson(rng.gamma(so_far + 0.1, 1.0, DRAWS) * (1.0 - share) / share)
    return (
        leads["qualified_at"].notna().sum()
        + later
        + rng.binomial(unseen.astype(int), chance[:, 0].clip(0, 1))
    )


def _row(name: str, spend: float | None, leads: pd.DataFrame, draws: Numbers) -> list[object]:
    qualified = int(leads["qualified_at"].notna().sum())
    mean = float(draws.mean())
    # Spread over the whole numbers, or a range of few leads would hold more often than it says.
    spread = draws + np.random.default_rng(len(draws)).uniform(-0.5, 0.5, len(draws))
    low, high = np.maximum(np.quantile(spread, [0.1, 0.9]), qualified).tolist()
    costs = [_over(spend, count) for count in (qualified, mean, high, low)]
    return [name, spend, len(leads), qualified, mean, low, high, qualified / mean if mean else None, *costs]


def _over(spend: float | None, count: float) -> float | None:
    return spend / count if spend is not None and count > 0 else None


def _leads(frame: pd.DataFrame) -> pd.DataFrame:
    cleaned = named(frame, LEAD, needed=("channel", "click_at", "lead_at", "qualified_at"), what="leads")
    cleaned["channel"] = id_texts(cleaned["channel"]).fillna("unknown")
    for column in ("click_at", "lead_at", "qualified_at"):
        cleaned[column] = utc_instants(cleaned[column], name=f"leads.{column}")
    cleaned["click_at"] = cleaned["click_at"].fillna(cleaned["lead_at"])
    cleaned = cleaned.dropna(subset=["lead_at"])
    # A click after its lead is an entry by hand; it cannot have brought it.
    cleaned["click_at"] = cleaned["click_at"].where(
        cleaned["click_at"] <= cleaned["lead_at"], cleaned["lead_at"]
    )
    return cleaned.reset_index(drop=True)


def _spend(frame: pd.DataFrame, start: date, end: date) -> dict[str, float]:
    """Spend of each channel on these days."""
    cleaned = named(frame, SPEND, needed=("channel", "day", "spend"), what="spend")
    cleaned = figures(cleaned, ("spend",), what="spend")
    cleaned["channel"] = id_texts(cleaned["channel"])
    cleaned["day"] = day_stamps(cleaned["day"], name="spend.day").dt.normalize()
    cleaned = cleaned[cleaned["channel"].notna() & cleaned["day"].notna()]
    entities = [name for name in SPEND if name not in ("day", "spend") and cleaned[name].notna().any()]
    cleaned = once_per_key(cleaned, (*entities, "day"), what="spend")
    inside = (cleaned["day"] >= pd.Timestamp(start)) & (cleaned["day"] <= pd.Timestamp(end))
    cost = cleaned["spend"].where(inside).groupby(cleaned["channel"]).sum(min_count=1)
    return {str(name): float(value) for name, value in cost.items() if value > 0}
