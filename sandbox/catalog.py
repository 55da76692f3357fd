"""What exists in one account: campaigns, ad sets and ads, with the hidden traits that drive the market.

Everything here follows from (world seed, account) and never changes; what people change later is in
`sandbox.changes`. Ads are sorted by ad set, ad sets by campaign, so a level is summed by slicing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sandbox import text_catalog
from sandbox.behaviour import Behaviour
from sandbox.random_draws import Floats, Whole, key, lognormal, uniform
from sandbox.world import Account, World

_ID_BASE = {"google_ads": 20_000_000_000, "meta_ads": 120_200_000_000_000_000, "linkedin_ads": 300_000_000}
CHANNELS = ("SEARCH", "DISPLAY", "PERFORMANCE_MAX")


@dataclass(frozen=True)
class Campaigns:
    """One row per campaign. `holds_budget`: the campaign's own budget binds; its ad sets have none.

    `budget_owner` is the row whose budget a campaign spends from, mostly its own, and `budget_part` its share
    of that budget.
    """

    id: Whole
    name: list[str]
    sells: npt.NDArray[np.bool_]
    channel: list[str]
    holds_budget: npt.NDArray[np.bool_]
    budget_micros: Whole
    """Of a shared budget, the whole of it, in its owner's row."""
    budget_owner: Whole
    budget_part: Floats
    paused: npt.NDArray[np.bool_]
    start_day: Whole

    @property
    def objective(self) -> list[str]:
        """`sales` or `leads`, per campaign."""
        return ["sales" if sells else "leads" for sells in self.sells]


@dataclass(frozen=True)
class AdSets:
    """One row per ad set. Hidden ones (Performance Max) deliver but are reported at campaign level alone."""

    id: Whole
    name: list[str]
    campaign: Whole
    theme: Whole
    hidden: npt.NDArray[np.bool_]
    budget_micros: Whole
    paused: npt.NDArray[np.bool_]
    demand: Floats
    cpm: Floats
    ctr: Floats
    conversion_rate: Floats
    order_value: Floats
    noise: Floats
    """Spread of its wanted spend from day to day (log scale)."""
    first_day: Whole


@dataclass(frozen=True)
class AdText:
    """The words of an ad and where it leads; several headlines and descriptions where the platform combines
    them.
    """

    headlines: tuple[str, ...]
    descriptions: tuple[str, ...]
    landing_page: str


@dataclass(frozen=True)
class CreatedAd:
    """An ad that somebody created through a platform's interface. It may deliver from `first_day` on."""

    id: int
    ad_set: int
    """Row of its ad set."""
    name: str
    text: AdText
    first_day: int
    paused: bool


@dataclass(frozen=True)
class Ads:
    """One row per ad. `weight` is its share of the ad set's spend, `appeal` what multiplies the click rate."""

    id: Whole
    ad_set: Whole
    weight: Floats
    appeal: Floats
    paused: npt.NDArray[np.bool_]
    name: list[str]
    first_day: Whole | None = None
    """First day each may deliver; None where all began with their ad sets."""


@dataclass(frozen=True)
class Catalog:
    """One account's entities."""

    account: Account
    seed: int
    campaigns: Campaigns
    ad_sets: AdSets
    ads: Ads
    world_seed: int = 0
    created: tuple[CreatedAd, ...] = ()

    @cached_property
    def created_by_id(self) -> dict[int, CreatedAd]:
        """Ads that somebody created through a platform's interface, by id."""
        return {ad.id: ad for ad in self.created}

    @cached_property
    def audience(self) -> Whole:
        """Per ad set the number in `text_catalog.AUDIENCES` of whom it is for, as its name says."""
        return (key(self.seed, 21, self.ad_sets.id) % np.uint64(len(text_catalog.AUDIENCES))).astype(int)

    @cached_property
    def ad_starts(self) -> Whole:
        """Index of the first ad of every ad set."""
        return np.searchsorted(self.ads.ad_set, np.arange(len(self.ad_sets.id)))

    @cached_property
    def ad_set_starts(self) -> Whole:
        """Index of the first ad set of every campaign."""
        return np.searchsorted(self.ad_sets.campaign, np.arange(len(self.campaigns.id)))

    @cached_property
    def index(self) -> dict[str, dict[int, int]]:
        """Row number by id, per level."""
        levels = {"campaign": self.campaigns.id, "ad_set": self.ad_sets.id, "ad": self.ads.id}
        return {level: {i: n for n, i in enumerate(ids.tolist())} for level, ids in levels.items()}

    @cached_property
    def label_flags(self) -> dict[str, npt.NDArray[np.bool_]]:
        """Per level, entities x labels of `text_catalog.LABELS`: which carry which from the beginning."""
        numbers, shares = (
            np.arange(len(text_catalog.LABELS)),
            np.array([share for _, share in text_catalog.LABELS]),
        )
        levels = {"campaign": self.campaigns.id, "ad_set": self.ad_sets.id, "ad": self.ads.id}
        return {
            level: uniform(self.seed, 74, ids[:, None], numbers) < shares for level, ids in levels.items()
        }

    @cached_property
    def _text_picks(self) -> list[int]:
        """Per ad the number that its texts are picked by."""
        return (key(self.seed, 71, self.ads.id) % np.uint64(2**31)).astype(int).tolist()

    @cached_property
    def _targeting_picks(self) -> list[int]:
        """Per ad set the number that its targeting is picked by."""
        return (key(self.seed, 72, self.ad_sets.id) % np.uint64(2**31)).astype(int).tolist()

    def texts(self, ad: int) -> dict[str, list[str] | str]:
        """Headlines, descriptions and landing page of the ad in that row."""
        ad_set = int(self.ads.ad_set[ad])
        theme = text_catalog.THEMES[int(self.ad_sets.theme[ad_set])]
        pick = self._text_picks[ad]
        headlines = [
            text_catalog.HEADLINES[(pick + 3 * n) % len(text_catalog.HEADLINES)].format(T=theme.capitalize())
            for n in range(3)
        ]
        descriptions = [
            text_catalog.DESCRIPTIONS[(pick // 7 + n) % len(text_catalog.DESCRIPTIONS)] for n in range(2)
        ]
        return {
            "headlines": headlines,
            "descriptions": descriptions,
            "landing_page": f"https://shop.example/{theme.replace(' ', '-')}",
        }

    def targeting(self, ad_set: int) -> dict[str, int | str]:
        """Country, lowest and highest age, and audience of the ad set in that row."""
        pick = self._targeting_picks[ad_set]
        youngest = (18, 25, 35)[pick % 3]
        return {
            "country": text_catalog.REGIONS[pick // 3 % len(text_catalog.REGIONS)],
            "age_min": youngest,
            "age_max": (44, 54, 65)[pick // 5 % 3],
            "audience": text_catalog.AUDIENCES[pick // 11 % len(text_catalog.AUDIENCES)],
        }

    def searches(self, ad_set: int) -> list[str]:
        """What people type before they see this ad set, in the order of `text_catalog.SEARCHES`."""
        theme = text_catalog.THEMES[int(self.ad_sets.theme[ad_set])]
        return [pattern.format(t=theme) for pattern, _ in text_catalog.SEARCHES]


def build_catalog(world: World, account: Account) -> Catalog:
    """The entities of one account, from (seed, account) alone."""
    seed = int(key(world.seed, int(account.id), sum(map(ord, account.platform))) >> np.uint64(32))
    base = _ID_BASE[account.platform] + int(account.id) % 9_000 * 1_000_000
    campaigns = _campaigns(account, seed, base, int(np.datetime64(world.begins, "D").astype(int)))
    ad_sets = _ad_sets(account, seed, base, campaigns)
    ads = _ads(account, seed, base, ad_sets)
    return Catalog(account, seed, campaigns, ad_sets, ads, world_seed=world.seed)


def with_created(catalog: Catalog, created: Sequence[CreatedAd]) -> Catalog:
    """The catalog with these ads too, each behind the other ads of its ad set."""
    ads, seed = catalog.ads, catalog.seed
    ids = np.array([ad.id for ad in created], np.int64)
    ad_set = np.array([ad.ad_set for ad in created], np.int64)
    size = np.bincount(ads.ad_set, minlength=len(catalog.ad_sets.id))[ad_set]
    order = np.argsort(np.concatenate([ads.ad_set, ad_set]), kind="stable")
    names = [*ads.name, *(ad.name for ad in created)]
    begun = catalog.ad_sets.first_day[ads.ad_set] if ads.first_day is None else ads.first_day

    def joined(before: npt.NDArray, more: npt.NDArray) -> npt.NDArray:
        return np.concatenate([before, more])[order]

    return replace(
        catalog,
        created=(*catalog.created, *created),
        ads=Ads(
            id=joined(ads.id, ids),
            ad_set=joined(ads.ad_set, ad_set),
            weight=joined(ads.weight, lognormal(1.0, 0.5, seed, 31, ids) / np.maximum(size, 1)),
            appeal=joined(ads.appeal, lognormal(1.0, catalog.account.behaviour.appeal_spread, seed, 32, ids)),
            paused=joined(ads.paused, np.array([ad.paused for ad in created], bool)),
            name=[names[row] for row in order.tolist()],
            first_day=joined(begun, np.array([ad.first_day for ad in created], np.int64)),
        ),
    )


def _campaigns(account: Account, seed: int, base: int, begins: int) -> Campaigns:
    b, ordinary = account.behaviour, account.campaigns
    n = ordinary + account.performance_max
    rows = np.arange(n)
    ids = base + 1 + rows
    sells = uniform(seed, 11, ids) >= b.lead_share
    pmax = rows >= ordinary
    channel = [
        "PERFORMANCE_MAX" if p else CHANNELS[int(d)]
        for p, d in zip(pmax, uniform(seed, 12, ids) > 0.7, strict=True)
    ]
    holds = (uniform(seed, 13, ids) < b.campaign_budget_share) | pmax
    if account.platform == "google_ads":
        holds = np.ones(n, bool)  # Google keeps every budget at the campaign
    sets = np.where(pmax, 3, account.ad_sets_per_campaign)
    budget = lognormal(b.daily_budget, b.budget_spread / 2, seed, 14, ids) * sets
    themes = (key(seed, 15, ids) % np.uint64(len(text_catalog.THEMES))).astype(int)
    name = [
        f"{text_catalog.THEMES[t].title()} | {text_catalog.GOALS['sales' if s else 'leads']} |"
        f" {channel[i][:6].title()} {i + 1}"
        for i, (t, s) in enumerate(zip(themes, sells, strict=True))
    ]
    paused = (uniform(seed, 16, ids) < b.paused_share / 2) & (rows > 0)
    start = begins + np.where(rows == 0, 0, uniform(seed, 17, ids) * 60).astype(int)
    budgets, owner = _whole_units(budget, account), rows.copy()
    for pair in range(account.shared_budgets):
        owner[2 * pair + 1] = 2 * pair  # the first campaigns share, two by two
    whole = np.bincount(owner, budgets, n).astype(np.int64)
    return Campaigns(ids, name, sells, channel, holds, whole, owner, budgets / whole[owner], paused, start)


def _ad_sets(account: Account, seed: int, base: int, campaigns: Campaigns) -> AdSets:
    b = account.behaviour
    per = np.where([c == "PERFORMANCE_MAX" for c in campaigns.channel], 1, account.ad_sets_per_campaign)
    campaign = np.repeat(np.arange(len(per)), per)
    hidden = np.array([campaigns.channel[c] == "PERFORMANCE_MAX" for c in campaign])
    ids = base + 100_000 + np.arange(len(campaign))
    theme_of_campaign = (key(seed, 15, campaigns.id) % np.uint64(len(text_catalog.THEMES))).astype(int)
    audience = (key(seed, 21, ids) % np.uint64(len(text_catalog.AUDIENCES))).astype(int)
    name = [f"{text_catalog.AUDIENCES[a].capitalize()} #{i + 1}" for i, a in enumerate(audience)]
    size = np.where(hidden, 3.0, 1.0)
    return AdSets(
        id=ids,
        name=name,
        campaign=campaign,
        theme=theme_of_campaign[campaign],
        hidden=hidden,
        budget_micros=_whole_units(lognormal(b.daily_budget, b.budget_spread, seed, 22, ids) * size, account),
        paused=(uniform(seed, 23, ids) < b.paused_share) & ~hidden,
        demand=lognormal(b.demand * size, b.demand_spread, seed, 24, ids),
        cpm=lognormal(b.cpm, 0.3, seed, 25, ids),
        ctr=np.minimum(lognormal(b.ctr, 0.35, seed, 26, ids), 0.4),
        conversion_rate=np.minimum(lognormal(b.conversion_rate, 0.5, seed, 27, ids), 0.5),
        order_value=lognormal(b.order_value, 0.25, seed, 28, ids),
        noise=_noise(b, seed, ids),
        first_day=campaigns.start_day[campaign],
    )


def _noise(b: Behaviour, seed: int, ids: Whole) -> Floats:
    if b.noise_most is None:
        return np.full(len(ids), b.noise)
    least = max(b.noise, 1e-3)
    return least * (max(b.noise_most, least) / least) ** uniform(seed, 29, ids)


def _ads(account: Account, seed: int, base: int, ad_sets: AdSets) -> Ads:
    per = np.where(ad_sets.hidden, 1, account.ads_per_ad_set)
    ad_set = np.repeat(np.arange(len(per)), per)
    ids = base + 400_000 + np.arange(len(ad_set))
    raw = lognormal(1.0, 0.5, seed, 31, ids)
    weight = raw / np.bincount(ad_set, raw)[ad_set]
    paused = (uniform(seed, 33, ids) < account.behaviour.paused_share / 2) & (ids > ids[0])
    appeal = lognormal(1.0, account.behaviour.appeal_spread, seed, 32, ids)
    first_day = None
    if (texts := account.behaviour.ad_texts) is not None:
        is_first = np.concatenate([[True], ad_set[1:] != ad_set[:-1]])
        later = (uniform(seed, 155, ids) * texts.renewal_days).astype(int)
        first_day = ad_sets.first_day[ad_set] + np.where(is_first, 0, later)
        paused &= ~is_first
    names = [f"Ad {row + 1}" for row in range(len(ids))]
    return Ads(ids, ad_set, weight, appeal, paused, names, first_day)


def _whole_units(amount: Floats, account: Account) -> Whole:
    """Major units of money as micros, rounded to what the currency is billed in and at least ten of them."""
    unit = account.unit_micros
    return np.maximum(np.rint(amount * 1_000_000 / unit), 10).astype(np.int64) * unit
