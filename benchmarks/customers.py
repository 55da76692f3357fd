"""CRM frames of a sandbox world on a morning: observed touches, leads, orders and deals."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from benchmarks.days import MORNING
from benchmarks.traits import traits
from sandbox.clock import Clock
from sandbox.customer_settings import CHANNELS, STAGES
from sandbox.customers.contact_cards import Cards
from sandbox.customers.customer_records import Bookkeeper
from sandbox.market import Market
from sandbox.report import Report
from sandbox.segment_mix import NOBODY
from sandbox.world import Account, World

HISTORY_DAYS, LATER_DAYS = 200, 120
"""Age of the CRM, and days after the morning until all outcomes are known."""


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
    traits: pd.DataFrame
    """Known traits of each customer (who bought or became a lead): customer_id and the traits of
    segments/customer_features.
    """
    transactions: pd.DataFrame
    """Orders and won deals, repeat orders included: customer_id, day, value."""
    latent: pd.DataFrame
    """The truth: customer_id, segment. Empty in a world without segments."""


def customers(world: World, *, morning: date | None = None, history_days: int = HISTORY_DAYS) -> Shown:
    """The world on the morning of `morning`, whose CRM holds `history_days`; money in euro at the world's
    level.
    """
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
            "person_id": person[t.person[rows]],
            "touch_at": _instants(t.at[rows]),  # noqa: PD008 — an array
            "channel": np.array(CHANNELS)[t.channel[rows]],
            "funnel": funnel[t.person[rows]],
            "campaign_id": pd.Series(b.sets.campaign_id[sets]).where(tagged),
            "ad_set_id": pd.Series(b.sets.ad_set_id[sets]).where(tagged),
        }
    )
    is_lead = is_seen & (f.lead_at <= now)
    leads = pd.DataFrame(
        {
            "person_id": person[is_lead],
            "lead_at": _instants(f.lead_at[is_lead]),
            "qualified_at": _instants(
                np.where(f.qualified_at[is_lead] <= now, f.qualified_at[is_lead], np.nan)
            ),
        }
    )
    booked = np.minimum(f.order_at, f.won_at)
    value = np.where(np.isfinite(f.order_at), p.value, f.amount) * euro
    is_order = is_seen & (booked <= now) & ~(f.refunded_at <= now)
    again = np.flatnonzero((b.repeats.at <= now) & is_seen[b.repeats.person])
    whose = b.repeats.person[again]
    orders = pd.DataFrame(
        {
            "outcome_id": [
                *person[is_order],
                *(f"{order_person} again {n}" for order_person, n in zip(person[whose], again, strict=True)),
            ],
            "person_id": np.concatenate([person[is_order], person[whose]]),
            "at": _instants(np.concatenate([booked[is_order], b.repeats.at[again]])),  # noqa: PD008 — an array
            "value": np.concatenate([value[is_order], b.repeats.value[again] * euro[whose]]),
        }
    )
    is_deal = is_seen & (f.deal_at <= now)
    is_open = f.closed_at[is_deal] > now
    deals = pd.DataFrame(
        {
            "deal_id": person[is_deal],
            "person_id": person[is_deal],
            "amount": (f.amount * euro)[is_deal],
            "is_closed": ~is_open,
            "is_won": f.won_at[is_deal] <= now,
            "created_at": _instants(f.deal_at[is_deal]),
        }
    )
    who, stage = np.nonzero((f.stage_at <= now) & is_deal[:, None])
    stages = pd.DataFrame(
        {
            "deal_id": person[who],
            "stage": np.array([*STAGES, "closedwon", "closedlost"])[stage],
            "entered_at": _instants(f.stage_at[who, stage]),
        }
    )
    spend, claims = _delivered(market, world, at)
    rows = np.flatnonzero(is_seen & ((f.order_at <= now) | (f.lead_at <= now)))
    traits_of_customers = traits(Cards(world, b), b, touches, rows, now=now)
    transactions = orders.assign(day=orders["at"].dt.tz_localize(None).dt.normalize())
    transactions = transactions.rename(columns={"person_id": "customer_id"})[["customer_id", "day", "value"]]
    names = np.array([segment.name for segment in world.crm.segments])
    latent = (
        pd.DataFrame({"customer_id": person[rows], "segment": names[b.segment[rows]]})
        if len(names)
        else pd.DataFrame({"customer_id": [], "segment": []}, dtype=object)
    )
    return Shown(
        at,
        keeper,
        touches,
        leads,
        orders,
        deals,
        stages,
        spend,
        claims,
        traits_of_customers,
        transactions,
        latent,
    )


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
            "channel": account.platform,
            "day": block.day.astype("datetime64[D]"),
            "spend": block.spend_micros / 1e6 * euro,
            "conversions": block.purchases + block.leads,
            "value": block.purchase_value_micros / 1e6 * euro,
        }
    )
