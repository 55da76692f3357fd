"""The control API tells what is truly so: responses, creatives, searches, overlap and segments, of a world in
which all of them matter.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
import requests

from sandbox.clock import Clock
from sandbox.negative_keywords import Scope
from sandbox.running_world import set_stage
from sandbox.serve import Sandbox, running
from sandbox.world import World

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
OCTOBER = {"start": "2026-10-01", "end": "2026-10-31"}
GOOGLE, META = "1000000001", "2000000001"


def full_world() -> World:
    behaviour: dict[str, Any] = {
        "daily_budget": 120, "demand": 3, "paused_share": 0, "campaign_budget_share": 0, "response": {"half_saturation_spread": 0.8},
        "searches": {"vocabulary": 800}, "ad_texts": {}, "population": {"people": 90_000},
    }  # fmt: skip
    shared = {
        "currency": "EUR",
        "time_zone": "UTC",
        "campaigns": 3,
        "ad_sets_per_campaign": 3,
        "behaviour": behaviour,
    }
    accounts = [
        shared | {"platform": "google_ads", "id": GOOGLE, "name": "G"}, shared | {"platform": "meta_ads", "id": META, "name": "M"},
    ]  # fmt: skip
    segments = [{"name": "a", "share": 3, "order_value": 1}, {"name": "b", "share": 1, "order_value": 10}]
    return World.model_validate(
        {
            "name": "full",
            "seed": 6,
            "begins": date(2026, 1, 1),
            "accounts": accounts,
            "crm": {"kind": "hubspot", "segments": segments},
        }
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(set_stage(full_world(), Clock(NOW)), folder=tmp_path_factory.mktemp("truths")) as sandbox:
        yield sandbox


def truth(sandbox: Sandbox, name: str, **parameters: Any) -> Any:
    answer = requests.get(f"{sandbox.url}/control/truth/{name}", params=parameters, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_responses_and_the_best_split_within_boxes(served: Sandbox) -> None:
    told = truth(served, "response", **OCTOBER, low=0.7, high=1.5)
    assert len(told["ad_sets"]["ad_set_id"]) == 18
    assert all(value is None or value >= 0 for value in told["ad_sets"]["marginal_value"])
    split = told["best_split"]
    assert split["best_value_eur"] > split["value_eur"]
    assert sum(split["owners"]["best_spend_eur"]) <= 1.000001 * split["spend_eur"]
    assert all(0.7 - 1e-9 <= multiple <= 1.5 + 1e-9 for multiple in split["owners"]["multiple"])
    assert {"campaign", "ad_set"} == set(split["owners"]["level"])
    fixed = truth(served, "response", **OCTOBER, low=1, high=1)["best_split"]
    assert fixed["best_value_eur"] == pytest.approx(fixed["value_eur"])
    alone = truth(served, "response", **OCTOBER, platform="meta_ads")
    assert set(alone["ad_sets"]["platform"]) == {"meta_ads"}


def test_creatives_with_their_traits_and_effects(served: Sandbox) -> None:
    told = truth(served, "creatives", account_id=META)
    ads, traits = told["ads"], told["traits"]
    assert len(ads["ad_id"]) == 18
    assert len(traits["trait"]) == 8
    assert np.std(ads["log_click_effect"]) > 0.05
    assert all(len(lines) == 1 for lines in ads["headlines"])


def test_terms_with_what_is_expected_of_them_and_what_is_blocked(served: Sandbox) -> None:
    m = served.stage.market
    account = m.world.of("google_ads")[0]
    before = truth(served, "terms", **OCTOBER)
    assert before["term"]
    blocked = [term for term, clicks in zip(before["term"], before["clicks"], strict=True) if clicks == 0]
    assert 0 < len(blocked) < len(before["term"])
    try:
        m.clock.set(datetime(2026, 9, 1, tzinfo=UTC))
        m.negatives.add(account, Scope("account", int(account.id)), "buy", "BROAD")
        m.clock.set(NOW)
        after = truth(served, "terms", **OCTOBER)
        clicks = dict(zip(after["term"], after["clicks"], strict=True))
        assert all(clicks[term] == 0 for term in clicks if "buy" in term.split())
        conversions = (sum(before["conversions"]), sum(after["conversions"]))
        assert 0 < conversions[1] != conversions[0]
        ad_set = str(m.catalog(account).ad_sets.id[int(np.flatnonzero(m.searches(account).searched)[0])])  # type: ignore[union-attr]
        alone = truth(served, "terms", **OCTOBER, ad_set_id=ad_set)
        assert sum(alone["open_clicks"]) < sum(after["open_clicks"])
    finally:
        m.reset()
        m.clock.set(NOW)


def test_what_is_expected_of_searches_is_what_they_bring(served: Sandbox) -> None:
    m = served.stage.market
    account = m.world.of("google_ads")[0]
    told = truth(served, "terms", start="2026-03-01", end="2026-10-31")
    days, counted = 245, {"clicks": 0, "spend": 0.0}
    for report in m.report(account, "ad_set", date(2026, 3, 1), date(2026, 10, 31)):
        searched = m.searches(account).searched[report.ad_set]  # type: ignore[union-attr, index]
        counted["clicks"] += int(report.clicks[searched].sum())
        counted["spend"] += float(report.spend_micros[searched].sum()) / 1e6
    assert sum(told["clicks"]) * days == pytest.approx(counted["clicks"], rel=0.03)
    assert sum(told["spend"]) * days == pytest.approx(counted["spend"], rel=0.02)


def test_overlap_of_ad_sets_is_the_markets_own(served: Sandbox) -> None:
    told, m = truth(served, "overlap", **OCTOBER, platform="meta_ads"), served.stage.market
    account = m.world.of("meta_ads")[0]
    assert len(told["pairs"]["ad_set_id"]) == 9 * 8 / 2
    index = m.catalog(account).index["ad_set"]
    reach = dict(zip(told["ad_sets"]["ad_set_id"], told["ad_sets"]["reach"], strict=True))
    one, other = told["pairs"]["ad_set_id"][0], told["pairs"]["other_ad_set_id"][0]
    both = m.people.joint_reach(
        account, [index[int(one)], index[int(other)]], date(2026, 10, 1), date(2026, 10, 31)
    )
    assert both is not None
    assert told["pairs"]["reached_by_both"][0] == pytest.approx(reach[one] + reach[other] - both, abs=1)
    assert min(told["pairs"]["reached_by_both"]) >= 0


def test_segments_by_contact_and_by_ad_set(served: Sandbox) -> None:
    by_contact, by_ad_set = truth(served, "segments"), truth(served, "segments", by="ad_set")
    assert set(by_contact["segment"]) == set(by_ad_set["segment"]) == {"a", "b"}
    shares: dict[str, float] = {}
    for own, share in zip(by_ad_set["ad_set_id"], by_ad_set["share"], strict=True):
        shares[own] = shares.get(own, 0.0) + share
    assert list(shares.values()) == pytest.approx([1.0] * 18)


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("weather", {}, "there is no truth of 'weather': name one of creatives, overlap"), ("response", {}, "needs start"),
        ("response", OCTOBER | {"low": "2"}, "low is from 0 to 1"), ("terms", OCTOBER | {"start": "2027-01-01"}, "start is after end"),
        ("overlap", {"start": "x", "end": "y"}, "the truth of overlap"),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_says_what_is_missing(
    served: Sandbox, name: str, parameters: dict[str, str], said: str
) -> None:
    answer = requests.get(f"{served.url}/control/truth/{name}", params=parameters, timeout=60)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
