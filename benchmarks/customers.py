"""What a CRM would show of a world's customers, as frames: touches that somebody saw, leads, orders and deals, on a morning."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from benchmarks.days import MORNING
from sandbox.clock import Clock
from sandbox.customers.books import Bookkeeper
from sandbox.customers.people import NOBODY
from sandbox.customers.settings import CHANNELS, STAGES
from sandbox.market import Market, Report
from sandbox.world import Account, World

HISTORY_DAYS, LATER_DAYS = 200, 120
"""How long the CRM has been there, and how long after the morning everything has come out."""


@dataclass(frozen=True)
class Shown:
    """What is known on a morning."""

    at: datetime
    keeper: Bookkeeper
    touches: pd.DataFrame
    leads: pd.DataFrame
    orders: pd.DataFrame
    deals: pd.DataFrame
    stages: pd.DataFrame
    spend: pd.DataFrame
    claims: pd.DataFrame


def customers(world: World, *, morning: date | None = None, history_days: int = HISTORY_DAYS) -> Shown:
    """The world on the morning of `morning`, whose CRM holds `history_days`; money in euro at the world's level."""
    begins = max(world.begins, world.crm.begins or world.begins)
    morning = morning or begins + timedelta(days=HISTORY_DAYS)
    world = world.model_copy(
        update={
            "crm": world.crm.model_copy(
                update={"begins": max(begins, morning - timedelta(days=history_days))}
            )
        }
    )
    at = datetime.combine(morning, MORNING)
    market = Market(world, Clock(at + timedelta(days=LATER_DAYS)))
    keeper = Bookkeeper(market)
    b = keeper.books()
    f, p, t = b.funnel, b.people, b.touches
    now, person = at.timestamp(), np.arange(len(b.people)).astype(str)
    euro = np.array([world.fx_to_eur[account.currency] for account in world.accounts])[p.account]
    is_seen = f.is_contact & (f.created_at <= now) & ~f.is_test
    funnel = np.where(p.sells, "shop", "lead")
    rows = np.flatnonzero(is_seen[t.person] & ~t.is_lost & (t.at <= now))
    tagged = t.is_tagged[rows] & (t.ad_set[rows] != NOBODY)
    sets = np.where(tagged, t.ad_set[rows], 0)
    touches = pd.DataFrame(
        {
            "person_id": person[t.person[rows]], "touch_at": _instants(t.at[rows]),  # noqa: PD008 — an array
            "channel": np.array(CHANNELS)[t.channel[rows]], "funnel": funnel[t.person[rows]],
            "campaign_id": pd.Series(b.sets.campaign_id[sets]).where(tagged), "ad_set_id": pd.Series(b.sets.ad_set_id[sets]).where(tagged),
        }
    )  # fmt: skip
    is_lead = is_seen & (f.lead_at <= now)
    leads = pd.DataFrame(
        {
            "person_id": person[is_lead], "lead_at": _instants(f.lead_at[is_lead]),
            "qualified_at": _instants(np.where(f.qualified_at[is_lead] <= now, f.qualified_at[is_lead], np.nan)),
        }
    )  # fmt: skip
    booked = np.minimum(f.order_at, f.won_at)
    value = np.where(np.isfinite(f.order_at), p.value, f.amount) * euro
    is_order = is_seen & (booked <= now) & ~(f.refunded_at <= now)
    orders = pd.DataFrame(
        {
            "outcome_id": person[is_order],
            "person_id": person[is_order],
            "at": _instants(booked[is_order]),
            "value": value[is_order],
        }
    )
    is_deal = is_seen & (f.deal_at <= now)
    is_open = f.closed_at[is_deal] > now
    deals = pd.DataFrame(
        {
            "deal_id": person[is_deal], "person_id": person[is_deal], "amount": (f.amount * euro)[is_deal], "is_closed": ~is_open,
            "is_won": f.won_at[is_deal] <= now, "created_at": _instants(f.deal_at[is_deal]),
        }
    )  # fmt: skip
    who, stage = np.nonzero((f.stage_at <= now) & is_deal[:, None])
    stages = pd.DataFrame(
        {
            "deal_id": person[who],
            "stage": np.array([*STAGES, "closedwon", "closedlost"])[stage],
            "entered_at": _instants(f.stage_at[who, stage]),
        }
    )
    spend, claims = _delivered(market, world, at)
    return Shown(at, keeper, touches, leads, orders, deals, stages, spend, claims)


def _instants(seconds: np.ndarray) -> pd.Series:
    return pd.Series(pd.to_datetime(seconds, unit="s", utc=True))


def _delivered(market: Market, world: World, at: datetime) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Spend and claims per platform and day, in euro, as the platforms report them on that morning."""
    start = world.crm.begins or world.begins
    rows = [
        _block(account, world.fx_to_eur[account.currency], block)
        for account in world.accounts
        for block in market.report(account, "account", start, at.date() - timedelta(days=1), at=at)
    ]
    sums = pd.concat(rows).groupby(["channel", "day"], as_index=False).sum()
    return sums[["channel", "day", "spend"]], sums[["channel", "day", "conversions", "value"]]


def _block(account: Account, euro: float, block: Report) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "channel": account.platform, "day": block.day.astype("datetime64[D]"), "spend": block.spend_micros / 1e6 * euro,
            "conversions": block.purchases + block.leads, "value": block.purchase_value_micros / 1e6 * euro,
        }
    )  # fmt: skip
