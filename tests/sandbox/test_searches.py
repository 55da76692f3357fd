"""Searches: a heavy tail with new ones every day, intents that matter, and negatives that block from the next
day by Google's rules.
"""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from sandbox.clock import Clock
from sandbox.keyword_matching import MATCH_TYPES, MatchType, SearchIndex, negative_blocks
from sandbox.market import Market
from sandbox.negative_keywords import FIRST_LIST, Scope
from sandbox.search_terms import TermDays
from sandbox.world import Account, World

BEGINS, NOW = date(2026, 1, 1), datetime(2026, 11, 23, 6, tzinfo=UTC)
START, END = date(2026, 8, 1), date(2026, 10, 20)
METRICS = ("impressions", "clicks", "spend_micros", "purchases", "purchase_value_micros", "leads")


def world(searches: dict[str, Any] | None, **more: Any) -> World:
    behaviour = {
        "cpm": 38, "ctr": 0.06, "daily_budget": 150, "lead_share": 0, "paused_share": 0, "conversion_rate": 0.08, "noise": 0.05,
        "weekday_swing": 0,
    }  # fmt: skip
    account = {
        "platform": "google_ads", "id": "1000000001", "name": "A", "currency": "EUR", "time_zone": "UTC", "campaigns": 6,
        "ad_sets_per_campaign": 2, "ads_per_ad_set": 1, "performance_max": 1,
        "behaviour": behaviour | {"searches": searches} | more,
    }  # fmt: skip
    return World.model_validate({"name": "searches", "seed": 21, "begins": BEGINS, "accounts": [account]})


def market(searches: dict[str, Any] | None, **more: Any) -> tuple[Market, Account]:
    m = Market(world(searches, **more), Clock(NOW))
    return m, m.world.accounts[0]


def joined(parts: list[TermDays]) -> dict[str, np.ndarray]:
    return {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("day", "ad_set", "term", *METRICS)
    }


def terms(
    m: Market, account: Account, level: str = "ad_set", start: date = START, end: date = END
) -> dict[str, np.ndarray]:
    return joined([m.term_days(account, report) for report in m.report(account, level, start, end)])


def number(day: date) -> int:
    return int(np.datetime64(day, "D").astype(int))


def test_an_ad_groups_day_holds_its_searches_and_the_rare_ones_are_hidden() -> None:
    for hidden in (0.0, 0.4):
        m, account = market({"hidden_share": hidden})
        rows = terms(m, account)
        (report,) = m.report(account, "ad_set", START, END)
        searched = np.array(m.catalog(account).campaigns.channel)[report.campaign] == "SEARCH"
        assert searched.any()
        for metric in METRICS[:-1]:
            whole: dict[tuple[int, int], int] = {}
            for day, ad_set, value in zip(
                rows["day"].tolist(), rows["ad_set"].tolist(), rows[metric].tolist(), strict=True
            ):
                whole[day, ad_set] = whole.get((day, ad_set), 0) + value
            days, ad_sets = report.day.tolist(), report.ad_set.tolist()
            own = {(d, s): v for d, s, v in zip(days, ad_sets, getattr(report, metric).tolist(), strict=True)}
            assert all(value <= own[place] for place, value in whole.items())
            assert sum(whole.values()) / getattr(report, metric)[searched].sum() == pytest.approx(
                1 - hidden, abs=0.05
            )
        assert (rows["clicks"] <= rows["impressions"]).all()
        assert (rows["impressions"] > 0).all()


def test_searches_have_a_heavy_tail_and_every_day_some_are_new() -> None:
    m, account = market({"vocabulary": 20_000})
    rows = terms(m, account)
    clicks = np.sort(np.bincount(rows["term"], rows["clicks"]))[::-1]
    assert clicks[:50].sum() > 0.15 * clicks.sum()
    assert (clicks > 0).sum() > 2_000
    seen = set(rows["term"][rows["day"] <= number(date(2026, 9, 30))].tolist())
    for day in range(number(date(2026, 10, 1)), number(END) + 1):
        today = set(rows["term"][rows["day"] == day].tolist())
        assert len(today - seen) > 0.02 * len(today)
        seen |= today


@pytest.mark.parametrize(("strength", "differ"), [(1.0, True), (0.0, False)])
def test_intents_differ_in_conversion_rate_only_where_they_matter(strength: float, differ: bool) -> None:
    m, account = market({"strength": strength})
    searches = m.searches(account)
    assert searches is not None
    rows = terms(m, account)
    intent = np.array(searches.vocabulary.intent)[rows["term"]]
    by_ad_set = [np.bincount(rows["ad_set"], rows[name]) for name in ("purchases", "clicks")]
    usual = np.divide(*by_ad_set, out=np.zeros(len(by_ad_set[0])), where=by_ad_set[1] > 0)[rows["ad_set"]]
    rates = {
        name: rows["purchases"][intent == name].sum() / (rows["clicks"] * usual)[intent == name].sum()
        for name in ("buy", "plain", "jobs", "info")
    }
    if differ:
        assert rates["buy"] > rates["plain"] > 4 * rates["info"]
        assert rates["jobs"] < 0.1 * rates["buy"]
    else:
        assert list(rates.values()) == pytest.approx([1.0] * 4, abs=0.25)


def test_languages_bring_compounds_scripts_and_misspellings() -> None:
    m, account = market({"languages": ["de", "ja", "en"], "vocabulary": 3_000, "misspelled_share": 0.3})
    searches = m.searches(account)
    assert searches is not None
    vocabulary = searches.vocabulary
    assert set(vocabulary.language) == {"de", "ja", "en"}
    assert len(set(vocabulary.text)) == len(vocabulary.text)
    misspelled = [text != right for text, right in zip(vocabulary.text, vocabulary.corrected, strict=True)]
    assert 0.1 < np.mean(misspelled) < 0.3
    assert any(" " not in text and not text.isascii() for text in vocabulary.text)
    plain = [
        text != right
        for text, right in zip(
            *(getattr(_without_misspellings(), n) for n in ("text", "corrected")), strict=True
        )
    ]
    assert not any(plain)


def _without_misspellings() -> Any:
    m, account = market({"misspelled_share": 0.0})
    searches = m.searches(account)
    assert searches is not None
    return searches.vocabulary


@pytest.mark.parametrize(
    ("keyword", "match_type", "search", "corrected", "blocks"),
    [
        ("free", "BROAD", "running shoes free shipping", None, True),
        ("free", "EXACT", "free shoes", None, False),
        ("free shoes", "EXACT", "Free  Shoes!", None, True),
        ("shoes free", "PHRASE", "free shoes", None, False),
        ("shoes free", "BROAD", "free running shoes", None, True),
        ("running shoe", "PHRASE", "buy running shoes", None, False),
        ("running shoes", "PHRASE", "buy runinng shoes", "buy running shoes", True),
        ("car", "BROAD", "green card", None, False),
        ("men's shoes", "PHRASE", "mens shoes black", None, True),
        ("c++ course", "PHRASE", "best c++ course online", None, True),
        ("c course", "PHRASE", "best c++ course online", None, False),
        ("+free", "BROAD", "free shoes", None, True),
        ("r&d", "EXACT", "r&d", None, True),
        ("bürostuhl", "PHRASE", "BÜROSTUHL test", None, True),
        ("burostuhl", "PHRASE", "bürostuhl test", None, False),
        ("無料", "BROAD", "ヨガマット 無料", None, True),
        ("無料", "BROAD", "ヨガマット無料", None, False),
        ("q", "BROAD", " ".join("abcdefghijklmnop") + " q", None, False),
        ("p", "BROAD", " ".join("abcdefghijklmnop") + " q", None, True),
        ("shoes shoes", "BROAD", "red shoes", None, True),
        ("...", "BROAD", "red shoes", None, False),
    ],
)  # fmt: skip
def test_negatives_match_as_google_matches_them(
    keyword: str, match_type: MatchType, search: str, corrected: str | None, blocks: bool
) -> None:
    assert negative_blocks(keyword, match_type, search, corrected) is blocks


def test_the_index_of_searches_finds_what_matching_one_by_one_finds() -> None:
    vocabulary = _without_misspellings()
    index = SearchIndex(vocabulary.text, vocabulary.corrected)
    for keyword in (
        "free",
        "for free",
        "cheap",
        "best",
        "for men",
        vocabulary.text[40],
        "nothing like this",
        "free jobs",
    ):
        for match_type in MATCH_TYPES:
            one_by_one = [
                n for n, text in enumerate(vocabulary.text) if negative_blocks(keyword, match_type, text)
            ]
            assert index.blocked(keyword, match_type).tolist() == one_by_one


def test_negatives_that_stand_from_the_beginning_leave_no_click_on_what_they_match() -> None:
    m, account = market({})
    rows = terms(m, account)
    catalog, checked = m.catalog(account), 0
    for one in m.negatives.of(account):
        if one.scope.level != "campaign":
            continue
        inside = catalog.campaigns.id[catalog.ad_sets.campaign[rows["ad_set"]]] == one.scope.entity_id
        for ad_set, term in {
            *zip(rows["ad_set"][inside].tolist(), rows["term"][inside].tolist(), strict=True)
        }:
            assert not negative_blocks(one.text, one.match_type, m.search(account, ad_set, term).text)
            checked += 1
    assert checked > 100


def _scope(m: Market, account: Account, level: str) -> tuple[Scope, np.ndarray]:
    """A scope of that level, and which ad sets it concerns."""
    catalog = m.catalog(account)
    searched = np.array(catalog.campaigns.channel)[catalog.ad_sets.campaign] == "SEARCH"
    row = int(np.flatnonzero(searched)[0])
    campaign = int(catalog.ad_sets.campaign[row])
    if level == "ad_group":
        return Scope("ad_group", int(catalog.ad_sets.id[row])), np.arange(len(searched)) == row
    if level == "account":
        return Scope("account", int(account.id)), searched
    scope = (
        Scope("campaign", int(catalog.campaigns.id[campaign]))
        if level == "campaign"
        else Scope("list", FIRST_LIST)
    )
    return scope, catalog.ad_sets.campaign == campaign


@pytest.mark.parametrize("level", ["ad_group", "campaign", "list", "account"])
def test_a_negative_blocks_from_the_next_day_where_it_stands_and_nowhere_else_until_it_is_removed(
    level: str,
) -> None:
    m, account = market({})
    scope, concerned = _scope(m, account, level)
    m.clock.set(datetime(2026, 9, 1, 12, tzinfo=UTC))
    if level == "list":
        own = m.negatives.create_list(account, "Mine")
        scope = Scope("list", own)
        campaign = int(
            m.catalog(account).campaigns.id[m.catalog(account).ad_sets.campaign[np.flatnonzero(concerned)[0]]]
        )
        assert m.negatives.attach(account, own, campaign)
        assert not m.negatives.attach(account, own, campaign)
    criterion = m.negatives.add(account, scope, "buy", "BROAD")
    m.clock.set(datetime(2026, 10, 1, 12, tzinfo=UTC))
    assert m.negatives.remove(account, scope, criterion)
    assert not m.negatives.remove(account, scope, criterion)
    m.clock.set(NOW)
    rows = terms(m, account)
    texts = {term: m.searches(account).vocabulary.text[term] for term in set(rows["term"].tolist())}  # type: ignore[union-attr]
    is_buy = np.array(["buy" in texts[term].split() for term in rows["term"].tolist()])
    here = concerned[rows["ad_set"]]
    on = (rows["day"] > number(date(2026, 9, 1))) & (rows["day"] <= number(date(2026, 10, 1)))
    assert not (is_buy & here & on).any()
    assert (is_buy & here & (rows["day"] == number(date(2026, 9, 1)))).any()
    assert (is_buy & here & (rows["day"] > number(date(2026, 10, 1)))).any()
    if not concerned.all() and level != "account":
        assert (is_buy & ~here & on).any()


@pytest.mark.parametrize(("demand", "saved"), [(6.0, False), (0.3, True)])
def test_what_a_negative_frees_goes_to_other_searches_or_is_saved_as_the_budget_binds(
    demand: float, saved: bool
) -> None:
    plain, account = market({}, demand=demand, demand_spread=0.1)
    blocked, _ = market({}, demand=demand, demand_spread=0.1)
    blocked.clock.set(datetime(2026, 7, 30, tzinfo=UTC))
    for text in ("wikipedia", "jobs", "salary", "free", "what", "repair", "used", "diy", "login"):
        blocked.negatives.add(account, Scope("account", int(account.id)), text, "BROAD")
    blocked.clock.set(NOW)
    before, after = (next(m.report(account, "ad_set", START, END)) for m in (plain, blocked))
    searched = np.array(plain.catalog(account).campaigns.channel) == "SEARCH"
    spend, rate = [], []
    for report in (before, after):
        mine = searched[report.campaign]
        spend.append(report.spend_micros[mine].sum())
        rate.append(report.purchases[mine].sum() / report.clicks[mine].sum())
    assert rate[1] > 1.05 * rate[0]
    assert (spend[1] < 0.95 * spend[0]) if saved else (spend[1] > 0.99 * spend[0])


def test_without_searches_in_the_world_negatives_change_nothing() -> None:
    (before,), account = market(None)[0].report(market(None)[1], "ad_set", START, END), market(None)[1]
    m = Market(world(None), Clock(datetime(2026, 7, 30, tzinfo=UTC)))
    m.negatives.add(account, Scope("account", int(account.id)), "shoes", "BROAD")
    m.clock.set(NOW)
    (after,) = m.report(m.world.accounts[0], "ad_set", START, END)
    assert np.array_equal(before.clicks, after.clicks)


def test_performance_max_has_searches_at_campaign_level() -> None:
    m, account = market({})
    rows, catalog = terms(m, account, level="campaign"), m.catalog(account)
    assert rows["clicks"].sum() > 0
    assert catalog.ad_sets.hidden[rows["ad_set"]].all()
    assert m.search(account, int(rows["ad_set"][0]), int(rows["term"][0])).keyword is None


def test_a_search_is_taken_by_a_keyword_that_matches_it() -> None:
    m, account = market({})
    rows = terms(m, account)
    places = sorted({*zip(rows["ad_set"].tolist(), rows["term"].tolist(), strict=True)})[::5]
    kinds = set()
    for ad_set, term in places:
        found = m.search(account, ad_set, term)
        assert (found.keyword, found.match_type) in m.keywords(account, ad_set)
        kinds.add(found.match_type)
    assert {"PHRASE", "BROAD"} <= kinds


def test_a_days_searches_are_the_same_alone_and_among_other_days() -> None:
    m, account = market({})
    day = date(2026, 9, 3)
    among, alone = terms(m, account), terms(m, account, start=day, end=day)
    kept = among["day"] == number(day)
    for name in ("ad_set", "term", *METRICS):
        assert np.array_equal(among[name][kept], alone[name])
