"""Words of ads: traits decide click rates where a world says so, novelty wears off, and created ads deliver
by their own words.
"""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from sandbox.ad_language import DESCRIPTIONS, HEADLINES, THINGS, TRAITS
from sandbox.ad_texts import TextEffects, traits_of
from sandbox.catalog import AdText
from sandbox.clock import Clock
from sandbox.market import Market
from sandbox.world import Account, World

BEGINS, NOW = date(2025, 1, 1), datetime(2026, 11, 23, 6, tzinfo=UTC)
START, END = date(2026, 6, 1), date(2026, 10, 20)


def market(
    texts: dict[str, Any] | None, *, platform: str = "meta_ads", ads: int = 4, **more: Any
) -> tuple[Market, Account]:
    behaviour = {
        "daily_budget": 900, "budget_spread": 0.1, "demand": 5, "ctr": 0.05, "conversion_rate": 0.1, "lead_share": 0, "paused_share": 0,
        "noise": 0.05, "appeal_spread": 0.0, "longest_lag_days": 1, "ad_texts": texts,
    }  # fmt: skip
    own = {"meta_ads": "2000000001", "google_ads": "1000000001", "linkedin_ads": "510000001"}[platform]
    account = {
        "platform": platform, "id": own, "name": "A", "currency": "EUR", "time_zone": "UTC", "campaigns": 2,
        "ad_sets_per_campaign": 12, "ads_per_ad_set": ads, "behaviour": behaviour | more,
    }  # fmt: skip
    m = Market(
        World.model_validate({"name": "words", "seed": 8, "begins": BEGINS, "accounts": [account]}),
        Clock(NOW),
    )
    return m, m.world.accounts[0]


def rates(m: Market, account: Account, start: date = START, end: date = END) -> tuple[np.ndarray, np.ndarray]:
    """Per ad its click rate and its conversion rate, against its ad set's; not a number where it did not
    deliver enough.
    """
    catalog = m.catalog(account)
    sums = {name: np.zeros(len(catalog.ads.id)) for name in ("impressions", "clicks", "purchases")}
    for report in m.report(account, "ad", start, end):
        for name, total in sums.items():
            np.add(total, np.bincount(report.ad, getattr(report, name), len(total)), out=total)

    def against_ad_set(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        rate = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 300)
        mean = np.array(
            [np.nanmean(np.log(rate[catalog.ads.ad_set == n])) for n in range(len(catalog.ad_sets.id))]
        )
        return np.log(rate) - mean[catalog.ads.ad_set]

    return against_ad_set(sums["clicks"], sums["impressions"]), against_ad_set(
        sums["purchases"], sums["clicks"]
    )


def traits(m: Market, account: Account) -> np.ndarray:
    return np.array([traits_of(m.ad_text(account, ad)) for ad in range(len(m.catalog(account).ads.id))])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Save 20% on trail jackets", {"number", "benefit"}), ("Still comparing wine club?", {"question"}),
        ("Rated by customers", {"proof"}), ("Nur noch heute", {"urgency"}), ("Für Familien", {"audience_fit"}),
        ("Essayez maintenant", {"call_to_action", "urgency"}), ("今すぐ購入", {"urgency", "call_to_action"}), ("ヨガマットをお探しですか？", {"question"}),
        ("Plain and good", set()),
    ],
)  # fmt: skip
def test_traits_are_recognised_in_any_text(text: str, shown: set[str]) -> None:
    found = dict(zip(TRAITS, traits_of(AdText((text,), (), "")), strict=True))
    assert {name for name, value in found.items() if value and name != "short"} == shown


def test_every_language_has_every_trait_and_every_thing() -> None:
    for language, lines in HEADLINES.items():
        assert len(THINGS[language]) == 18
        texts = [
            traits_of(AdText((line.replace("{T}", ""),), (), ""))
            for line in (*lines, *DESCRIPTIONS[language])
        ]
        assert (np.array(texts).max(axis=0) > 0).all(), language


@pytest.mark.parametrize("platform", ["meta_ads", "google_ads", "linkedin_ads"])
def test_click_rates_follow_the_traits_by_the_true_effects(platform: str) -> None:
    m, account = market({"strength": 0.3, "interaction": 0.0}, platform=platform, ads=6)
    effects = m.text_effects(account)
    assert effects is not None
    click, _ = rates(m, account)
    expected = np.array(
        [
            effects.of(m.ad_text(account, ad), int(ad_set))[0]
            for ad, ad_set in enumerate(m.catalog(account).ads.ad_set)
        ]
    )
    delivered = np.isfinite(click)
    slope, _ = np.polyfit(_centred(expected, m, account, delivered)[delivered], click[delivered], 1)
    assert slope == pytest.approx(1, abs=0.12)


def _centred(values: np.ndarray, m: Market, account: Account, kept: np.ndarray) -> np.ndarray:
    ad_set = m.catalog(account).ads.ad_set
    means = np.array(
        [
            values[(ad_set == n) & kept].mean() if ((ad_set == n) & kept).any() else 0.0
            for n in range(ad_set.max() + 1)
        ]
    )
    return values - means[ad_set]


def test_where_words_do_not_matter_they_explain_nothing() -> None:
    m, account = market({"strength": 0.0, "interaction": 0.0}, ads=6)
    click, _ = rates(m, account)
    delivered = np.isfinite(click)
    assert click[delivered].std() < 0.03
    matter, other = market({"strength": 0.3}, ads=6)
    click, _ = rates(matter, other)
    assert click[np.isfinite(click)].std() > 0.12


def test_interactions_differ_between_audiences_only_where_they_are_on() -> None:
    for interaction in (0.0, 0.3):
        m, account = market({"strength": 0.2, "interaction": interaction})
        effects = m.text_effects(account)
        assert effects is not None
        text = AdText(("Save 20% today",), ("Free returns",), "")
        values = {
            round(effects.of(text, ad_set)[0], 6) for ad_set in range(len(m.catalog(account).ad_sets.id))
        }
        assert (len(values) > 1) == (interaction > 0)


@pytest.mark.parametrize(("trade_off", "low", "high"), [(0.0, -0.15, 0.15), (1.0, -1.2, -0.8)])
def test_what_raises_clicks_may_lower_conversion_rates(trade_off: float, low: float, high: float) -> None:
    m, account = market({"strength": 0.3, "interaction": 0.0, "trade_off": trade_off}, ads=6)
    click, conversion = rates(m, account)
    good = np.isfinite(click) & np.isfinite(conversion)
    slope, _ = np.polyfit(click[good], conversion[good], 1)
    assert low < slope < high


@pytest.mark.parametrize(("decay", "falls"), [(0.0, False), (0.4, True)])
def test_a_new_ad_wears_out_only_where_novelty_decays(decay: float, falls: bool) -> None:
    m, account = market({"novelty_decay": decay, "strength": 0.0, "interaction": 0.0}, ads=1)
    m.clock.set(datetime(2026, 6, 30, tzinfo=UTC))
    catalog = m.catalog(account)
    made = [
        m.create_ad(
            account, int(own), AdText(("New",), ("Line",), "https://a.example"), name="New", active=True
        )
        for own in catalog.ad_sets.id
    ]
    m.clock.set(NOW)
    catalog = m.catalog(account)
    rows = [catalog.index["ad"][own] for own in made]

    def rate(start: date, end: date) -> float:
        clicks = impressions = 0
        for report in m.report(account, "ad", start, end):
            mine = np.isin(report.ad, rows)
            clicks += int(report.clicks[mine].sum())
            impressions += int(report.impressions[mine].sum())
        return clicks / impressions

    early, late = rate(date(2026, 7, 1), date(2026, 7, 5)), rate(date(2026, 9, 1), date(2026, 9, 30))
    assert (late < 0.85 * early) if falls else (late == pytest.approx(early, rel=0.03))


def test_a_created_ad_delivers_from_the_next_day_by_its_own_words_and_changes_no_day_before() -> None:
    m, account = market({"strength": 0.6, "interaction": 0.0})
    (before,) = m.report(account, "ad_set", START, END)
    effects = m.text_effects(account)
    assert effects is not None
    catalog = m.catalog(account)
    m.clock.set(datetime(2026, 9, 1, 12, tzinfo=UTC))
    good, bad = _best_and_worst(effects)
    made = {
        name: [m.create_ad(account, int(own), text, name=name, active=True) for own in catalog.ad_sets.id]
        for name, text in (("good", good), ("bad", bad))
    }
    paused = m.create_ad(account, int(catalog.ad_sets.id[0]), good, name="waits")
    m.clock.set(NOW)
    catalog = m.catalog(account)
    assert catalog.ads.name[catalog.index["ad"][paused]] == "waits"
    (after,) = m.report(account, "ad", START, END)
    assert catalog.index["ad"][paused] not in after.ad
    rate = {}
    for name, ids in made.items():
        mine = np.isin(after.ad, [catalog.index["ad"][own] for own in ids])
        assert after.day[mine].min() == int(np.datetime64("2026-09-02", "D").astype(int))
        rate[name] = after.clicks[mine].sum() / after.impressions[mine].sum()
    wanted = np.exp(effects.of(good, 0)[0] - effects.of(bad, 0)[0])
    assert rate["good"] / rate["bad"] == pytest.approx(wanted, rel=0.06)
    (sets_after,) = m.report(account, "ad_set", START, date(2026, 9, 1))
    earlier = before.day <= int(np.datetime64("2026-09-01", "D").astype(int))
    assert np.array_equal(before.clicks[earlier], sets_after.clicks)
    m.reset()
    assert paused not in m.catalog(account).index["ad"]


def _best_and_worst(effects: TextEffects) -> tuple[AdText, AdText]:
    lines = [AdText((line.replace("{T}", "shoes"),), (), "https://a.example") for line in HEADLINES["en"]]
    ranked = sorted(lines, key=lambda text: effects.of(text, 0)[0])
    return ranked[-1], ranked[0]


def test_edited_words_count_from_the_next_day() -> None:
    m, account = market({"strength": 0.6, "interaction": 0.0}, ads=1)
    effects = m.text_effects(account)
    assert effects is not None
    m.clock.set(datetime(2026, 9, 1, 12, tzinfo=UTC))
    good, bad = _best_and_worst(effects)
    catalog = m.catalog(account)
    first = m.ad_text(account, 0)
    for own in catalog.ads.id.tolist():
        m.edit_ad_text(account, own, bad)
    assert m.ad_text(account, 0) == bad
    m.clock.set(NOW)
    (report,) = m.report(account, "ad", START, END)
    cut = int(np.datetime64("2026-09-01", "D").astype(int))
    mine = report.ad == 0
    rate = [
        report.clicks[mine & days].sum() / report.impressions[mine & days].sum()
        for days in (report.day <= cut, report.day > cut)
    ]
    assert rate[1] / rate[0] == pytest.approx(
        np.exp(effects.of(bad, 0)[0] - effects.of(first, 0)[0]), rel=0.12
    )
    assert good != bad


def test_texts_of_a_combined_ad_have_rows_of_their_own() -> None:
    m, account = market({"strength": 0.3}, platform="google_ads", ads=2)
    m.clock.set(datetime(2026, 9, 1, 12, tzinfo=UTC))
    many = AdText(
        tuple(f"{line}".replace("{T}", "shoes") for line in HEADLINES["en"][:8]),
        ("One line here.", "Free returns."),
        "https://a.example",
    )
    own = m.create_ad(account, int(m.catalog(account).ad_sets.id[0]), many, name="RSA", active=True)
    m.clock.set(NOW)
    (report,) = m.report(account, "ad", date(2026, 9, 2), date(2026, 9, 8))
    rows = m.asset_days(account, report)
    assert rows is not None
    ad = m.catalog(account).index["ad"][own]
    mine, whole = rows.ad == ad, report.impressions[report.ad == ad].sum()
    assert set(rows.asset[mine].tolist()) == set(range(10))
    headlines = rows.impressions[mine & rows.is_headline].sum()
    assert 2.5 * whole < headlines <= 3 * whole
    assert (rows.clicks <= rows.impressions).all()
    plain, other = market(None, platform="google_ads")
    (report,) = plain.report(other, "ad", date(2026, 9, 2), date(2026, 9, 8))
    assert plain.asset_days(other, report) is None
