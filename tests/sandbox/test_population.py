"""People: reach follows from who is reached, overlapping ad sets press on each other, exclusions take people
out from the next day.
"""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from sandbox import text_catalog
from sandbox.audience_reach import EXCLUSION_FIELDS, LINKEDIN_SEGMENT_SHIFT, POOL_AUDIENCES
from sandbox.clock import Clock
from sandbox.market import Market
from sandbox.population import CUSTOMER_POOLS, DIMENSIONS
from sandbox.report import METRICS
from sandbox.response_truth import ad_set_truth
from sandbox.running_world import set_stage
from sandbox.segment_mix import mix
from sandbox.world import Account, World

BEGINS, NOW = date(2026, 1, 1), datetime(2026, 11, 23, 6, tzinfo=UTC)
START, END = date(2026, 9, 1), date(2026, 9, 28)
IDS = {"meta_ads": "2000000001", "google_ads": "1000000001", "linkedin_ads": "510000001"}


def world(
    population: dict[str, Any] | None, *, platform: str = "meta_ads", segments: bool = False, **more: Any
) -> World:
    behaviour = {
        "daily_budget": 200, "budget_spread": 0.2, "lead_share": 0, "paused_share": 0, "conversion_rate": 0.1, "ctr": 0.03, "demand": 0.7,
        "population": population,
    }  # fmt: skip
    account = {
        "platform": platform, "id": IDS[platform], "name": "A", "currency": "EUR", "time_zone": "UTC", "campaigns": 3,
        "ad_sets_per_campaign": 6, "ads_per_ad_set": 2, "behaviour": behaviour | more,
    }  # fmt: skip
    crm = {"segments": [{"name": "a", "share": 3}, {"name": "b", "share": 1}]} if segments else {}
    return World.model_validate(
        {"name": "people", "seed": 4, "begins": BEGINS, "accounts": [account], "crm": crm}
    )


def market(population: dict[str, Any] | None, **more: Any) -> tuple[Market, Account]:
    m = Market(world(population, **more), Clock(NOW))
    return m, m.world.accounts[0]


def totals(m: Market, account: Account, metric: str, start: date = START, end: date = END) -> np.ndarray:
    sums = np.zeros(len(m.catalog(account).ad_sets.id))
    for report in m.report(account, "ad_set", start, end):
        sums += np.bincount(report.ad_set, getattr(report, metric), len(sums))
    return sums


def test_without_a_population_nobody_is_counted() -> None:
    m, account = market(None)
    (report,) = m.report(account, "ad_set", START, START)
    assert m.people.reach(account, report) is None
    assert m.people.window_reach(account, "ad_set", START, END) is None
    assert m.people.joint_reach(account, [0, 1], START, END) is None
    assert m.people.broken_down(account, report, "age") is None


def test_a_population_moves_no_delivery_by_itself() -> None:
    (with_people, account), (without, other) = market({}), market(None)
    (one,), (two,) = with_people.report(account, "ad", START, END), without.report(other, "ad", START, END)
    for metric in METRICS:
        assert np.array_equal(getattr(one, metric), getattr(two, metric))


@pytest.mark.parametrize("level", ["account", "campaign", "ad_set", "ad"])
def test_reach_lies_below_impressions_and_is_not_added_up(level: str) -> None:
    m, account = market({"people": 60_000})
    (report,) = m.report(account, level, START, END)
    daily = m.people.reach(account, report)
    assert daily is not None
    assert (daily >= 1).all()
    assert (daily <= report.impressions).all()
    window = m.people.window_reach(account, level, START, END)
    assert window is not None
    impressions, reach = window
    rows = np.zeros(len(report), int) if level == "account" else getattr(report, level)
    assert np.array_equal(impressions, np.bincount(rows, report.impressions, len(impressions)).astype(int))
    by_entity = np.bincount(rows, daily, len(reach))
    shown = impressions > 0
    assert (reach[shown] <= by_entity[shown] + 1).all()
    assert reach.sum() < 0.9 * by_entity.sum()
    assert reach.max() <= 60_000


def test_more_people_mean_less_frequency() -> None:
    frequency = []
    for people in (20_000, 2_000_000):
        m, account = market({"people": people})
        window = m.people.window_reach(account, "account", START, END)
        assert window is not None
        frequency.append(window[0][0] / window[1][0])
    assert frequency[0] > 4 * frequency[1] > 4


@pytest.mark.parametrize(("overlap", "low", "high"), [(0.0, 0.0, 0.0), (0.9, 0.05, 0.9)])
def test_ad_sets_share_people_as_far_as_the_world_says(overlap: float, low: float, high: float) -> None:
    m, account = market({"people": 60_000, "overlap": overlap})
    catalog = m.catalog(account)
    special = [
        int(np.flatnonzero(catalog.audience == pool)[0])
        for pool in np.unique(catalog.audience)
        if text_catalog.AUDIENCES[pool] != "prospecting"
    ]
    pair = special[:2]
    alone = [m.people.joint_reach(account, [row], START, END) or 0 for row in pair]
    together = m.people.joint_reach(account, pair, START, END) or 0
    duplicated = (sum(alone) - together) / min(alone)
    assert low - 1e-3 <= duplicated <= high + 1e-3
    window = m.people.window_reach(account, "ad_set", START, END)
    assert window is not None
    assert [int(window[1][row]) for row in pair] == alone


def test_the_reach_formula_is_that_of_people_who_differ_in_how_much_they_see() -> None:
    m, account = market({"people": 50_000})
    parts = m.people.parts(account)
    assert parts is not None
    size, shown, rng = 20_000, 30_000, np.random.default_rng(1)
    active = rng.gamma(1.5, 1 / 1.5, size)
    seen = rng.poisson(shown / size * active)
    atom = int(np.argmax(parts.size))
    scaled = np.zeros(len(parts.size))
    scaled[atom] = shown * parts.size[atom] / size
    assert parts.reached(scaled) / parts.size[atom] == pytest.approx((seen > 0).mean(), abs=0.01)


@pytest.mark.parametrize("dimension", list(DIMENSIONS))
@pytest.mark.parametrize("level", ["ad_set", "ad"])
def test_breakdowns_add_up_to_the_report_and_reach_only_over_people(dimension: str, level: str) -> None:
    m, account = market({"people": 60_000})
    (report,) = m.report(account, level, START, END)
    reach, parts = m.people.reach(account, report), m.people.broken_down(account, report, dimension)
    assert reach is not None
    assert parts is not None
    for metric in METRICS:
        assert np.array_equal(
            np.bincount(parts.row, getattr(parts, metric), len(report)), getattr(report, metric)
        )
    assert (parts.clicks <= parts.impressions).all()
    assert (parts.reach <= parts.impressions).all()
    summed = np.bincount(parts.row, parts.reach, len(report)).sum()
    if dimension in ("age", "gender"):
        assert summed == pytest.approx(reach.sum(), rel=0.02)
    else:
        assert summed > 1.03 * reach.sum()
    assert set(parts.names()) <= set(DIMENSIONS[dimension])
    with pytest.raises(ValueError, match="region is none of"):
        m.people.broken_down(account, report, "region")


def test_ages_outside_the_targeting_see_nothing() -> None:
    m, account = market({})
    (report,) = m.report(account, "ad_set", START, START)
    parts, catalog = m.people.broken_down(account, report, "age"), m.catalog(account)
    assert parts is not None
    for row, name in zip(report.ad_set[parts.row].tolist(), parts.names(), strict=True):
        target = catalog.targeting(row)
        assert int(target["age_min"]) <= int(name[:2]) + 9
        assert int(name[:2]) <= int(target["age_max"])


def exclude(m: Market, account: Account, ad_set: int, audience_ids: list[int]) -> None:
    """Written as each platform's wire writes it."""
    level, field = EXCLUSION_FIELDS[account.platform]
    catalog = m.catalog(account)
    value: Any = {
        "google_ads": tuple(audience_ids),
        "meta_ads": {"excluded_custom_audiences": [{"id": str(own)} for own in audience_ids]},
        "linkedin_ads": {"exclude": {"or": {"urn:li:adTargetingFacet:audienceMatchingSegments": [f"urn:li:adSegment:{own + LINKEDIN_SEGMENT_SHIFT}" for own in audience_ids]}}},
    }[account.platform]  # fmt: skip
    row = int(catalog.ad_sets.campaign[ad_set]) if level == "campaign" else ad_set
    m.change(account, level, int(getattr(catalog, level + "s").id[row]), field, value)


@pytest.mark.parametrize("platform", ["meta_ads", "google_ads", "linkedin_ads"])
def test_an_exclusion_takes_people_out_from_the_next_day_until_it_is_lifted(platform: str) -> None:
    m, account = market({"overlap": 1.0, "people": 100_000}, platform=platform)
    catalog = m.catalog(account)
    pool = int(catalog.audience[0])
    before = totals(m, account, "spend_micros")
    m.clock.set(datetime(2026, 8, 31, 12, tzinfo=UTC))
    exclude(m, account, 0, [POOL_AUDIENCES[platform] + pool])
    m.clock.set(datetime(2026, 9, 28, 12, tzinfo=UTC))
    exclude(m, account, 0, [])
    m.clock.set(NOW)
    after = totals(m, account, "spend_micros")
    concerned = catalog.ad_sets.campaign == 0 if platform == "google_ads" else np.arange(len(after)) == 0
    assert after[0] < 0.9 * before[0]
    if platform == "meta_ads":
        assert np.array_equal(after[1:], before[1:]) or catalog.campaigns.holds_budget[0]
    parts = m.people.parts(account)
    assert parts is not None
    day = int(np.datetime64("2026-09-10", "D").astype(int))
    weight, atom = parts.weights(day), parts._cuts[0]
    in_pool = parts.people.pool[atom] == pool
    assert weight[0, in_pool].sum() == 0
    assert (weight[~concerned][:, in_pool].sum(axis=1) > 0).all()
    later = (date(2026, 9, 29), date(2026, 10, 10))
    assert (
        totals(m, account, "spend_micros", *later)[0]
        == totals(
            market({"overlap": 1.0, "people": 100_000}, platform=platform)[0], account, "spend_micros", *later
        )[0]
    )


def test_an_uploaded_list_takes_out_as_many_customers_as_the_platform_knows() -> None:
    stage = set_stage(
        world({"overlap": 1.0, "people": 100_000, "pool_contrast": 1.0}),
        Clock(datetime(2026, 8, 31, 12, tzinfo=UTC)),
    )
    m = stage.market
    account = m.world.accounts[0]
    audience = stage.audiences.make("meta_ads", account.id, "customers", at=0)
    audience.put(
        [("email", f"{n:08x}" + f"{n * 2_654_435_761 % 2**32:08x}" + "0" * 48) for n in range(6_000)]
    )
    before = totals(
        market({"overlap": 1.0, "people": 100_000, "pool_contrast": 1.0})[0], account, "purchases"
    )
    exclude(m, account, 0, [audience.audience_id])
    m.clock.set(NOW)
    after, parts = totals(m, account, "purchases"), m.people.parts(account)
    assert parts is not None
    people = parts.people
    customers = people.size[np.isin(people.pool, CUSTOMER_POOLS)].sum()
    share, _ = parts.left(int(np.datetime64("2026-09-10", "D").astype(int)))
    assert 0 < 1 - share[0] < 1
    newest = parts.exclusions[-1].share_of_pool
    assert newest[CUSTOMER_POOLS[0]] == pytest.approx(min(1.0, audience.matched / customers))
    assert after[0] < before[0]


@pytest.mark.parametrize(("competition", "pressed"), [(0.0, False), (0.8, True)])
def test_ad_sets_press_on_each_other_through_the_people_they_share(competition: float, pressed: bool) -> None:
    response = {"competition": competition, "half_saturation": 0.7}
    kept = []
    for overlap in (0.0, 1.0):
        m, account = market({"overlap": overlap}, response=response)
        kept.append(totals(m, account, "clicks"))
        truth = ad_set_truth(m, account, START, END)
        if pressed and overlap:
            assert (truth.spillover < 0).all()
        elif not pressed:
            assert (truth.spillover == 0).all()
    if pressed:
        assert (kept[1] < 0.9 * kept[0]).mean() > 0.9
    else:
        assert np.array_equal(kept[0], kept[1])


def test_a_lifted_overlap_raises_what_the_others_get() -> None:
    response = {"competition": 0.8, "half_saturation": 0.7}
    m, account = market({"overlap": 1.0}, response=response)
    before = totals(m, account, "clicks")
    m.clock.set(datetime(2026, 8, 31, 12, tzinfo=UTC))
    for pool in range(len(text_catalog.AUDIENCES) - 1):
        exclude(m, account, 0, [POOL_AUDIENCES["meta_ads"] + n for n in range(pool + 1)])
    m.clock.set(NOW)
    after = totals(m, account, "clicks")
    assert after[0] < before[0]
    assert (after[1:] >= before[1:]).all()
    assert after[1:].sum() > before[1:].sum()


def test_people_are_of_the_segments_that_the_crm_says_their_ad_sets_bring() -> None:
    m, account = market({}, segments=True)
    parts = m.people.parts(account)
    assert parts is not None
    size = len(m.catalog(account).ad_sets.id)
    (share_a, _) = mix(m.world, np.full(size, 1), np.arange(size))
    weight = parts.weights(20_000)
    atom = parts._cuts[0]
    of_a = weight[:, parts.people.segment[atom] == 0].sum(axis=1)
    assert np.corrcoef(of_a, share_a)[0, 1] > 0.95


def test_days_are_the_same_alone_and_among_others_with_people_and_exclusions() -> None:
    m, account = market({"overlap": 0.5}, response={"competition": 0.5})
    m.clock.set(datetime(2026, 9, 9, 12, tzinfo=UTC))
    exclude(m, account, 2, [POOL_AUDIENCES["meta_ads"] + 3])
    m.clock.set(NOW)
    (among,) = m.report(account, "ad", START, END)
    for day in (date(2026, 9, 8), date(2026, 9, 10)):
        (alone,) = m.report(account, "ad", day, day)
        same_day = among.day == np.datetime64(day, "D").astype(int)
        for metric in METRICS:
            assert np.array_equal(getattr(among, metric)[same_day], getattr(alone, metric))
