"""How well the conversion lag is learned from daily pulls, and what that does to a 7-day ROAS.

The world is read every morning for `size` days (60). Then the learned curves are held against the true ones,
drawn from the world's own behaviour, and on the last 28 mornings the ROAS of the last 7 days per platform and
in total, as it was read and as it was projected with what had been learned by that morning, is held against
what the market ended at: `as_read_error` and `matured_error` are of the total, `platform_…` the mean over
platforms, of which one with a conversion a day is mostly luck. Peers: the figures as read, and the same
projection by a curve that is stated and never learned.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from assets.core.conversion_lag.assets import keep, learned
from assets.core.conversion_lag.curve import LONGEST_DAYS, curves
from assets.core.conversion_lag.sightings import COLUMNS, EVERY
from assets.core.performance.point_in_time import core_days
from assets.raw.platforms.restatement_window import LONG_WEEKDAY
from assets.reports.pages.outlook import outlooks
from benchmarks.days import MORNING, Days, days_of, tidied
from resources.platforms.registry import PLATFORMS
from sandbox.world import Account, load_world

PULLED_DAYS, JUDGED_MORNINGS, WINDOW = 60, 28, 7
TABLES = frozenset(
    {f"{p}_{level}_day" for p in PLATFORMS for level in ("account", "campaign")}
    | {"google_ads_conversion_action_day"}
)
DRAWS = 400_000


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Gap of the curves, coverage of their intervals, and the error of ROAS as read and as projected."""
    pulled = size or PULLED_DAYS
    with days_of(load_world(world or "kind", seed=seed)) as days:
        first = days.first
        last = first + timedelta(days=pulled - 1)
        judged: list[pd.DataFrame] = []
        for day in (first + timedelta(days=n) for n in range(pulled)):
            refused = [p for p in days.run(day, tables=TABLES) if p.verdict != "accepted"]
            if day.weekday() == LONG_WEEKDAY:
                tidied(days.lake)
            if refused:
                say(f"{day}: {refused[0].reason}")
            if (last - day).days < JUDGED_MORNINGS:
                judged.append(_morning(days, day))
        found = learned(days.lake, until=days.stage.clock.now())
        points = _points(days, found, last)
        errors = pd.concat(judged)
    gaps = points.groupby(["platform", "account_id", "action"])["gap"].max()
    pooled = points[(points["account_id"] == "") & (points["action"] != EVERY)]
    whole = points[(points["account_id"] == "") & (points["action"] == EVERY)]
    by_curve = points.groupby(["platform", "account_id", "action"]).agg(
        gap=("gap", "max"), covered=("inside", "mean")
    )
    say(by_curve.round(4).to_string())
    say(
        errors.groupby("platform")[["as_read", "matured", "stated"]]
        .agg(lambda e: e.abs().mean())
        .round(4)
        .to_string()
    )
    total, single = errors[errors["platform"] == "all"], errors[errors["platform"] != "all"]
    figures = {
        "as_read_error": total["as_read"].abs().mean(),
        "matured_error": total["matured"].abs().mean(),
        "matured_bias": total["matured"].mean(),
        "platform_as_read_error": single["as_read"].abs().mean(),
        "platform_matured_error": single["matured"].abs().mean(),
        "roas_coverage": errors["inside"].mean(),
        "cdf_gap": whole["gap"].max(),
        "cdf_gap_actions": pooled["gap"].max(),
        "cdf_gap_accounts": gaps.median(),
        "coverage": points["inside"].mean(),
        "days": pulled,
    }
    peers = {
        "as_read": {"matured_error": total["as_read"].abs().mean()},
        "stated_curve": {"matured_error": total["stated"].abs().mean()},
    }
    ratios = {f"vs_{name}": figures["matured_error"] / peer["matured_error"] for name, peer in peers.items()}
    return {
        "figures": {name: round(float(value), 5) for name, value in figures.items()},
        "peers": peers,
        "ratios": ratios,
    }


def _morning(days: Days, day: date) -> pd.DataFrame:
    """Errors of the 7-day ROAS on the morning after `day`, as shares of what it ended at."""
    now = days.stage.clock.now()
    read = {
        name: _projected(days, day, curve, now)
        for name, curve in (
            ("stated", curves(pd.DataFrame(columns=list(COLUMNS)), platforms=PLATFORMS)),
            ("matured", learned(days.lake, until=now)),
        )
    }
    ended = _ended(days, day)
    sums = (
        read["matured"]
        .merge(ended, on="platform")
        .merge(read["stated"], on="platform", suffixes=("", "_stated"))
    )
    truth = sums["ended"] / sums["spend_ended"]
    return pd.DataFrame(
        {
            "platform": sums["platform"],
            "as_read": sums["conversion_value"] / sums["spend"] / truth - 1,
            "matured": sums["roas_projected"] / truth - 1,
            "stated": sums["roas_projected_stated"] / truth - 1,
            "inside": sums["ended"].between(sums["conversion_value_low"], sums["conversion_value_high"]),
        }
    ).dropna()


def _projected(days: Days, day: date, curve: pd.DataFrame, now: datetime) -> pd.DataFrame:
    at = now + timedelta(milliseconds=1 if curve["source"].eq("prior").all() else 2)
    keep(days.lake, curve, at=at)
    found = core_days(days.lake, "campaign", start=day - timedelta(days=WINDOW - 1), end=day)
    euro = found["currency"].map(days.stage.world.fx_to_eur)
    money = [name for name in found if name.startswith("conversion_value")]
    found = found.assign(**found[["spend", *money]].mul(euro, axis=0))
    found = pd.concat([found, found.assign(platform="all")])
    sums = found.groupby("platform")[["spend", "conversion_value"]].sum()
    return sums.join(outlooks(found, ["platform"])).reset_index()


def _ended(days: Days, day: date) -> pd.DataFrame:
    """What the market says of the same days half a year later."""
    at = datetime.combine(day + timedelta(days=190), MORNING)
    rows = []
    for account in days.stage.world.accounts:
        euro = days.stage.world.fx_to_eur[account.currency] / 1e6
        for report in days.stage.market.report(
            account, "account", day - timedelta(days=WINDOW - 1), day, at=at
        ):
            spend, value = (
                int(report.spend_micros.sum()) * euro,
                int(report.purchase_value_micros.sum()) * euro,
            )
            rows.append({"platform": account.platform, "spend_ended": spend, "ended": value})
    return _with_total(pd.DataFrame(rows))


def _with_total(rows: pd.DataFrame) -> pd.DataFrame:
    sums = rows.groupby("platform", as_index=False).sum()
    total = sums.drop(columns="platform").sum().to_frame().T.assign(platform="all")
    return pd.concat([sums, total], ignore_index=True)


def _points(days: Days, found: pd.DataFrame, last: date) -> pd.DataFrame:
    """Every point of every curve that is still moving, beside the truth: the mixture of its accounts by their
    conversions.
    """
    weights = _conversions(days, last)
    true: dict[tuple[str, str], np.ndarray] = {
        (a.platform, a.id): _true_curve(a, last) for a in days.stage.world.accounts
    }
    parts = []
    for (where, account, action), rows in found.groupby(["platform", "account_id", "action"]):
        platform = str(where)
        accounts = [a.id for a in days.stage.world.of(platform) if account in {"", a.id}]
        if not accounts:
            continue
        shares = np.array([weights[platform, one] for one in accounts])
        truth = np.average([true[platform, one] for one in accounts], axis=0, weights=shares)
        own = rows.sort_values("age_days")
        # A day is first read the next morning, which is still the same day in the far west: younger ages are
        # never seen.
        youngest = max(_youngest(a, last) for a in days.stage.world.of(platform) if a.id in accounts)
        moving = (truth < 0.999) & (np.arange(len(truth)) >= youngest)
        parts.append(
            pd.DataFrame(
                {
                    "platform": platform,
                    "account_id": account,
                    "action": action,
                    "gap": np.abs(own["share"].to_numpy() - truth)[moving],
                    "inside": (
                        (own["share_low"].to_numpy() <= truth) & (truth <= own["share_high"].to_numpy())
                    )[moving],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _youngest(account: Account, last: date) -> int:
    at = datetime.combine(last + timedelta(days=1), MORNING)
    return (at.astimezone(account.zone).date() - last).days


def _conversions(days: Days, last: date) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for account in days.stage.world.accounts:
        blocks = list(days.stage.market.report(account, "account", last - timedelta(days=59), last))
        found[account.platform, account.id] = 1.0 + sum(float((b.purchases + b.leads).sum()) for b in blocks)
    return found


def _true_curve(account: Account, last: date) -> np.ndarray:
    """Share visible at ages 0 .. longest for pulls at five in the morning UTC, by drawing from the world's
    own behaviour.
    """
    b, rng = account.behaviour, np.random.default_rng(1)
    wait = rng.exponential(size=DRAWS)
    lag = np.where(rng.random(DRAWS) < b.same_day_share, wait * 0.05, wait * b.lag_days)
    happens = np.minimum(lag, b.longest_lag_days) + rng.random(DRAWS)
    undone = np.where(
        rng.random(DRAWS) < b.retracted_share, happens + rng.exponential(b.retraction_days, DRAWS), np.inf
    )
    # Daylight saving moves the morning within the account's day: the curve is that of all mornings together.
    mornings = [
        datetime.combine(last - timedelta(days=n), MORNING).astimezone(account.zone)
        for n in range(PULLED_DAYS)
    ]
    hours, counts = np.unique([at.hour + at.minute / 60 for at in mornings], return_counts=True)
    curves_ = []
    for hour in hours:
        ages = np.arange(LONGEST_DAYS + 1) + hour / 24
        curves_.append([np.mean((happens <= age) & (undone > age)) for age in ages])
    seen = np.average(curves_, axis=0, weights=counts)
    return seen / seen[-1]
