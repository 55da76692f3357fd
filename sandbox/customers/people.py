"""People who came: one behind each conversion that clicks led to, whether it is real or not, and those who
came by themselves.

A conversion here is the one the platform claims: same count, same click day, same moment. Which of them are
real is decided in `sandbox.customers.funnel`, by the path that led to it. Draws are addressed by (seed, ad,
day, number of the conversion).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt

from sandbox.catalog import Catalog
from sandbox.customer_settings import CHANNELS, PAID
from sandbox.delivery import Delivered, order_values
from sandbox.market import Market
from sandbox.random_draws import Floats, Keys, Whole, key, lognormal, poisson, uniform
from sandbox.segment_mix import NOBODY
from sandbox.world import Account

DAY = 86_400.0
MOST = 3_000_000
"""More people than this are not kept in memory; a larger world sets `crm.begins` or `crm.kind: none`."""
QUICK_DAYS = 0.05


class TooManyPeople(Exception):
    """The world's CRM would not fit in memory."""


@dataclass(frozen=True)
class AdSets:
    """Every ad set of every account in one numbering.

    `ad_set_id` of a hidden one (Performance Max) is empty.
    """

    account: Whole
    channel: Whole
    campaign_id: npt.NDArray[np.str_]
    ad_set_id: npt.NDArray[np.str_]
    theme: Whole
    clicks: Floats
    """Days x ad sets."""
    first_day: int


@dataclass(frozen=True)
class People:
    """One row per person. Instants are seconds since 1970, `day` is the click's day in the account's
    calendar.
    """

    key: Keys
    channel: Whole
    account: Whole
    ad_set: Whole
    """Row in `AdSets`, NOBODY for people without a paid touch."""
    day: Whole
    click_at: Floats
    converts_at: Floats
    sells: npt.NDArray[np.bool_]
    value: Floats
    """Of the order in the currency of `account`, or the order value that a deal is a multiple of."""

    def __len__(self) -> int:
        return len(self.key)


def came(market: Market, *, start: date, end: date, most: int = MOST) -> tuple[People, AdSets]:
    """Everybody whose click (or first visit) fell on `start` to `end`, both included, also on a day that is
    still running.

    Raises:
        TooManyPeople: They are more than `most`.
    """
    world = market.world
    parts: list[People] = []
    sets: list[AdSets] = []
    size = 0
    first = int(np.datetime64(start, "D").astype(int))
    span = (end - start).days + 1
    for number, account in enumerate(world.accounts):
        catalog = market.catalog(account)
        clicks = np.zeros((span, len(catalog.ad_sets.id)))
        for cells in market.cells(account, start, end):
            if len(cells.day):
                rows = cells.day - first
                clicks[rows] = np.add.reduceat(cells.clicks, catalog.ad_starts, axis=1)
                parts.append(_converted(catalog, cells, number, sum(len(block.account) for block in sets)))
                size += len(parts[-1])
                if size > most:
                    raise TooManyPeople(
                        f"World {world.name} has more than {most:,} people since {start}: set crm.begins"
                        " later."
                    )
        sets.append(_ad_sets(catalog, account, number, clicks, first))
    paid = _stacked(parts)
    everybody = _stacked([paid, _unasked(market, paid, first=first, span=span)])
    return everybody, _joined(sets)


def _converted(catalog: Catalog, cells: Delivered, account: int, before: int) -> People:
    """A person per conversion of the account's ads, drawn as the platform draws its claims."""
    ads, sets, seed = catalog.ads, catalog.ad_sets, catalog.seed
    d, who = cells.day[:, None], ads.id[None, :]
    times = np.minimum(poisson(cells.clicks * cells.converting, seed, 61, who, d), cells.clicks)
    at_day, at_ad = np.nonzero(times)
    count = times[at_day, at_ad]
    cell = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(cell)) - np.repeat(np.cumsum(count) - count, count)
    row = ads.ad_set[at_ad][cell]
    whose = (ads.id[at_ad][cell], cells.day[at_day][cell], nth)
    b = catalog.account.behaviour
    wait = -np.log(uniform(seed, 66, *whose))
    lag = np.where(uniform(seed, 65, *whose) < b.same_day_share, wait * QUICK_DAYS, wait * b.lag_days)
    midnight = _midnights(catalog.account, cells.day)[at_day][cell]
    click_at = midnight + uniform(seed, 62, *whose) * DAY
    return People(
        key=key(seed, 200, *whose),
        channel=np.full(len(cell), PAID.index(catalog.account.platform)),
        account=np.full(len(cell), account),
        ad_set=before + row,
        day=whose[1],
        click_at=click_at,
        converts_at=click_at + np.minimum(lag, b.longest_lag_days) * DAY,
        sells=catalog.campaigns.sells[sets.campaign[row]],
        value=np.round(order_values(catalog, row, whose), 2),
    )


def _unasked(market: Market, paid: People, *, first: int, span: int) -> People:
    """People who came without an ad: as many as `organic_share` says of the day's others, buying what those
    buy.
    """
    world, seed = market.world, market.world.seed
    days = first + np.arange(span)
    of_day = np.bincount(paid.day - first, minlength=span).astype(float)
    count = poisson(of_day * world.crm.organic_share, seed, 210, days)
    day = np.repeat(days, count)
    nth = np.arange(len(day)) - np.repeat(np.cumsum(count) - count, count)
    account = (uniform(seed, 212, day, nth) * len(world.accounts)).astype(int)
    orders = np.array([account_of_world.behaviour.order_value for account_of_world in world.accounts])
    sells = np.array([1.0 - account_of_world.behaviour.lead_share for account_of_world in world.accounts])
    visit = day * DAY + uniform(seed, 213, day, nth) * DAY
    unpaid = uniform(seed, 216, day, nth)
    return People(
        key=key(seed, 211, day, nth),
        channel=np.select(
            [unpaid < 0.5, unpaid < 0.85],
            [CHANNELS.index("organic"), CHANNELS.index("direct")],
            CHANNELS.index("email"),
        ),
        account=account,
        ad_set=np.full(len(day), NOBODY),
        day=day,
        click_at=visit,
        converts_at=visit - np.log(uniform(seed, 214, day, nth)) * 1.5 * DAY,
        sells=uniform(seed, 215, day, nth) < sells[account],
        value=np.round(lognormal(orders[account], 0.5, seed, 217, day, nth), 2),
    )


def _midnights(account: Account, days: Whole) -> Floats:
    """When each of these days began at the account, in seconds since 1970."""
    epoch = date(1970, 1, 1)
    local = [datetime.combine(epoch + timedelta(days=int(day)), time(), account.zone) for day in days]
    return np.array([midnight.astimezone(UTC).timestamp() for midnight in local])


def _ad_sets(catalog: Catalog, account: Account, number: int, clicks: Floats, first_day: int) -> AdSets:
    sets = catalog.ad_sets
    campaign = catalog.campaigns.id[sets.campaign].astype(str)
    reported_id = np.where(sets.hidden, "", sets.id.astype(str))
    size = len(sets.id)
    channel = np.full(size, PAID.index(account.platform))
    return AdSets(np.full(size, number), channel, campaign, reported_id, sets.theme, clicks, first_day)


def _stacked(parts: list[People]) -> People:
    return People(
        **{
            f.name: np.concatenate([getattr(part, f.name) for part in parts] or [np.zeros(0)])
            for f in fields(People)
        }
    )


def _joined(parts: list[AdSets]) -> AdSets:
    def along(name: str) -> Iterator[npt.NDArray]:
        return (getattr(part, name) for part in parts)

    flat = {
        name: np.concatenate(list(along(name)))
        for name in ("account", "channel", "campaign_id", "ad_set_id", "theme")
    }
    return AdSets(**flat, clicks=np.concatenate(list(along("clicks")), axis=1), first_day=parts[0].first_day)
