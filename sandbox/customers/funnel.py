"""What becomes of people: who is real, which leads qualify and when, how deals run, who sends the goods back.

Instants that never come are infinite. Whether a lead qualifies depends on its path as well as on its channel,
so that what convinces also shows in who buys. A deal goes from stage to stage while it is alive; in each it
may stall, and then it only waits to be called lost: that is why old deals are won less often.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sandbox.customer_settings import CHANNELS, STAGES, Crm
from sandbox.customers.latent import multiplier
from sandbox.customers.people import DAY, People
from sandbox.customers.touch_paths import Touches
from sandbox.random_draws import Floats, Keys, Whole, lognormal, uniform
from sandbox.world import World

Flags = npt.NDArray[np.bool_]
NEVER = np.inf


@dataclass(frozen=True)
class Funnel:
    """One row per person, in the order of `People`."""

    is_real: Flags
    is_contact: Flags
    is_test: Flags
    is_lost: Flags
    created_at: Floats
    lead_at: Floats
    qualified_at: Floats
    deal_at: Floats
    stage_at: Floats
    """People x (open stages, won, lost): when the deal entered each."""
    amount: Floats
    order_at: Floats
    refunded_at: Floats
    merged_at: Floats
    """When the second record of the same person was merged into the first."""
    deal_deleted_at: Floats
    """Somebody cleans up: half of the orders that were entered as a test are deleted."""
    deleted_at: Floats

    @property
    def won_at(self) -> Floats:
        return self.stage_at[:, len(STAGES)]

    @property
    def closed_at(self) -> Floats:
        return self.stage_at[:, len(STAGES) :].min(axis=1)


def funnel(world: World, people: People, touches: Touches, rate: float, segment: Whole) -> Funnel:
    """What becomes of each of these people."""
    seed, crm, who = world.seed, world.crm, people.key
    ease = rate * multiplier(crm, "conversion", segment)
    convinced = -np.expm1(-ease * np.bincount(touches.person, touches.pull, len(people)))
    real = uniform(seed, 240, who) < convinced
    subscribes = ~real & people.sells & (uniform(seed, 241, who) < crm.subscriber_share)
    leads = real & ~people.sells
    # So that a channel's share is about its quality, whatever its people's paths are worth.
    likely = _by_channel(crm.quality, people) * convinced * (1.0 + crm.claim_excess)
    chance = np.minimum(likely * multiplier(crm, "qualification", segment), 0.97)
    test = real & (uniform(seed, 242, who) < crm.test_share)
    qualifies = leads & (uniform(seed, 243, who) < chance) & ~test
    wait = lognormal(_by_channel(crm.qualify_days, people), crm.qualify_spread, seed, 244, who) * DAY
    qualified = np.where(qualifies, people.converts_at + wait, NEVER)
    opens = qualifies & (uniform(seed, 245, who) < crm.deal_share * multiplier(crm, "deal", segment))
    deal = np.where(opens, qualified + lognormal(2.0, 0.6, seed, 246, who) * DAY, NEVER)
    order = np.where(real & people.sells, people.converts_at, NEVER)
    sent_back = (real & people.sells) & (uniform(seed, 247, who) < crm.refund_share)
    refund = np.where(sent_back, order - np.log(uniform(seed, 248, who)) * crm.refund_days * DAY, NEVER)
    if crm.chargeback_share:
        charged_back = (real & people.sells) & (uniform(seed, 255, who) < crm.chargeback_share)
        after = -np.log(uniform(seed, 256, who)) * crm.chargeback_days * DAY
        refund = np.where(charged_back, np.minimum(refund, order + after), refund)
    contact = real | subscribes
    twice = contact & (uniform(seed, 249, who) < crm.merge_share)
    gone = contact & (uniform(seed, 250, who) < crm.delete_share)
    return Funnel(
        is_real=real,
        is_contact=contact,
        is_test=test,
        is_lost=uniform(seed, 229, who) < crm.lost_share,
        created_at=people.converts_at,
        lead_at=np.where(leads, people.converts_at, NEVER),
        qualified_at=qualified,
        deal_at=deal,
        stage_at=_stages(seed, crm, who, deal),
        amount=np.round(people.value * crm.deal_multiple * lognormal(1.0, 0.6, seed, 251, who), 2),
        order_at=order,
        refunded_at=refund,
        merged_at=np.where(twice, people.converts_at + (1.0 + 6.0 * uniform(seed, 252, who)) * DAY, NEVER),
        deal_deleted_at=np.where(
            test & people.sells & (uniform(seed, 254, who) < 0.5), people.converts_at + 3.0 * DAY, NEVER
        ),
        deleted_at=np.where(gone, people.converts_at + (20.0 + 60.0 * uniform(seed, 253, who)) * DAY, NEVER),
    )


def _by_channel(values: dict[str, float], people: People) -> Floats:
    return np.array([values.get(name, float(np.mean(list(values.values())))) for name in CHANNELS])[
        people.channel
    ]


def _stages(seed: int, crm: Crm, who: Keys, opened: Floats) -> Floats:
    entered = np.full((len(who), len(STAGES) + 2), NEVER)
    at, alive = opened.copy(), np.isfinite(opened)
    for n in range(len(STAGES)):
        entered[alive, n] = at[alive]
        stalls = uniform(seed, 260 + n, who) < crm.stalled_share
        stay = (
            -np.log(uniform(seed, 270 + n, who)) * np.where(stalls, crm.stalled_days, crm.stage_days[n]) * DAY
        )
        goes_on = ~stalls & (uniform(seed, 280 + n, who) < crm.stage_on[n])
        left = at + stay
        lost = alive & ~goes_on
        entered[lost, -1] = left[lost]
        alive = alive & goes_on
        at = np.where(alive, left, at)
    entered[alive, len(STAGES)] = at[alive]
    return entered


def win_chance(crm: Crm, stage: Whole, age_days: Floats) -> Floats:
    """What a deal's chance to be won truly is, by the stage it is in and how long it has been there."""
    alive = 1.0 - crm.stalled_share
    onward = np.array([*(alive * np.array(crm.stage_on)), 1.0])
    after = np.cumprod(onward[::-1])[::-1]  # from entering a stage to the end
    still = alive * np.exp(-age_days / np.array(crm.stage_days)[stage])
    stalled = crm.stalled_share * np.exp(-age_days / crm.stalled_days)
    return still / np.maximum(still + stalled, 1e-300) * np.array(crm.stage_on)[stage] * after[stage + 1]
