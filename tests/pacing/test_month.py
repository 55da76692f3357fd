"""A month as the signal keeps it: plans, words, drivers, scenarios, advice and accuracy, on frames made to
known rules."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from assets.signals.pacing.month import month
from assets.signals.pacing.verdicts import pacing_rows, wanted_daily
from resources.errors import DataUnusable
from resources.policy.budgets import Budgets
from resources.policy.pacing import Pacing
from tests.pacing.conftest import LEVELS, campaign_days, entities

END, AS_OF = date(2026, 5, 31), date(2026, 5, 14)
WHOLE = campaign_days(end=END, days=240)


def rows_of(
    budgets: list[dict] | None = None,
    *,
    as_of: date = AS_OF,
    events: list[dict] | None = None,
    days: pd.DataFrame = WHOLE,
) -> pd.DataFrame:
    budget_file = Budgets.model_validate({"budgets": budgets or [], "known": events or []})
    month_state = month(days, entities(), budget_file, as_of=as_of, policy=Pacing(), reporting_currency="EUR")
    return pacing_rows(month_state, as_of=as_of, policy=Pacing()).set_index("series_id")


def came(campaign: str, column: str = "spend_reporting") -> float:
    inside = WHOLE[WHOLE["day"] >= pd.Timestamp(2026, 5, 1)]
    if campaign != "all":
        inside = inside[
            (inside["platform"] + " " + inside["account_id"] + " " + inside["campaign_id"]).str.startswith(
                campaign
            )
        ]
    return float(inside[column].sum())


def test_every_level_is_there_in_its_own_currency_and_ends_near_the_truth() -> None:
    rows = rows_of()
    assert rows["level"].value_counts().to_dict() == {"campaign": 4, "account": 3, "platform": 3, "total": 1}
    assert rows.loc["meta_ads 22 3", "currency"] == "USD"
    assert rows.loc["meta_ads", "currency"] == "EUR"
    assert rows.loc["all", "p50"] == pytest.approx(came("all"), rel=0.03)
    assert rows.loc["meta_ads 22", "p50"] == pytest.approx(came("meta_ads 22", "spend"), rel=0.04)
    assert rows.loc["google_ads 11", "name"] == "Account 11"


def test_spent_adds_up_from_campaigns_to_the_total() -> None:
    rows = rows_of()
    google = rows.loc[["google_ads 11 1", "google_ads 11 2"], "spent"].sum()
    assert rows.loc["google_ads 11", "spent"] == pytest.approx(google)
    assert rows.loc["all", "spent"] == pytest.approx(
        rows.loc[["google_ads", "meta_ads", "linkedin_ads"], "spent"].sum()
    )


def test_without_a_file_the_platforms_daily_budgets_are_the_plan_and_it_says_so() -> None:
    rows = rows_of()
    assert rows.loc["google_ads 11 1", "budget"] == pytest.approx(100 * 30.4)
    assert rows.loc["google_ads 11", "budget"] == pytest.approx(140 * 30.4)
    assert rows.loc["google_ads 11", "budget_source"] == "platforms' daily budgets"
    assert rows.loc["all", "budget"] == pytest.approx(140 * 30.4 + (60 * 0.5 + 30) * 31, rel=1e-6)
    assert rows.loc["all", "budget_source"] == "sum of its parts"


@pytest.mark.parametrize(
    ("amount", "status", "word"),
    [(3_000, "red", "will overspend"), (4_050, "on plan", "on plan"), (6_000, "red", "will underspend")],
)
def test_words_follow_the_probabilities(amount: float, status: str, word: str) -> None:
    row = rows_of([{"name": "Search", "covers": ["google_ads 11"], "amount": amount, "currency": "EUR"}]).loc[
        "budget: Search"
    ]
    assert (row["status"], row["verdict"]) == (status, word)
    assert (
        rows_of([{"name": "Search", "covers": ["google_ads 11"], "amount": amount, "currency": "EUR"}]).loc[
            "google_ads 11", "budget"
        ]
        == amount
    )


def test_the_first_two_days_are_too_early_and_the_last_is_still_judged() -> None:
    budget = [{"name": "Search", "covers": ["google_ads 11"], "amount": 3_000, "currency": "EUR"}]
    assert rows_of(budget, as_of=date(2026, 5, 2)).loc["budget: Search", "verdict"] == "too early"
    assert rows_of(budget, as_of=date(2026, 5, 3)).loc["budget: Search", "status"] != "early"
    last = rows_of(budget, as_of=END).loc["budget: Search"]
    assert (last["verdict"], last["days_left"]) == ("will overspend", 0)
    assert last["p10"] == last["p90"] == pytest.approx(came("google_ads 11"))


def test_a_budget_may_cover_accounts_of_several_currencies_in_the_reporting_currency_only() -> None:
    budget = {"name": "Client", "covers": ["google_ads 11", "meta_ads"], "amount": 5_000, "currency": "EUR"}
    row = rows_of([budget]).loc["budget: Client"]
    assert row["p50"] == pytest.approx(came("google_ads 11") + came("meta_ads"), rel=0.03)
    with pytest.raises(DataUnusable, match="The budget 'Client' is in GBP"):
        rows_of([budget | {"currency": "GBP"}])


def test_carried_money_is_in_the_budget_and_in_words() -> None:
    budget = {
        "name": "Search",
        "covers": ["google_ads 11"],
        "amount": 4_500,
        "currency": "EUR",
        "start": "2026-04-01",
        "carry_over": "add_unspent",
    }
    row = rows_of([budget]).loc["budget: Search"]
    april = WHOLE[(WHOLE["account_id"] == "11") & (WHOLE["day"].dt.month == 4)]["spend"].sum()
    assert row["carried"] == pytest.approx(4_500 - april)
    assert row["budget"] == pytest.approx(9_000 - april)
    assert "carried over" in row["note"]


def test_what_is_known_of_a_campaign_moves_all_sums_it_is_in() -> None:
    plain = rows_of()
    with_event = rows_of(
        events=[{"covers": ["google_ads 11 1"], "start": "2026-05-20", "factor": 0.0, "note": "pause"}]
    )
    lost = plain["p50"] - with_event["p50"]
    assert lost["google_ads 11 1"] > 800
    for above in ("google_ads 11", "google_ads", "all"):
        assert lost[above] == pytest.approx(lost["google_ads 11 1"], rel=0.1)
    assert lost["google_ads 11 2"] == pytest.approx(0, abs=0.02 * plain.loc["google_ads 11 2", "p50"])


def test_a_day_that_one_campaign_does_not_know_is_not_known_above_it() -> None:
    gap = (WHOLE["campaign_id"] == "2") & (WHOLE["day"] == pd.Timestamp(2026, 5, 9))
    rows = rows_of(
        days=WHOLE.assign(spend=WHOLE["spend"].mask(gap), spend_reporting=WHOLE["spend_reporting"].mask(gap))
    )
    assert rows["unknown_days"].to_dict() | {"google_ads 11 1": 0} == rows["unknown_days"].to_dict()
    assert rows.loc[["google_ads 11 2", "google_ads 11", "google_ads", "all"], "unknown_days"].eq(1).all()


def test_a_month_beyond_what_the_platform_may_spend_is_not_feasible() -> None:
    rows = rows_of([{"name": "Search", "covers": ["google_ads 11"], "amount": 9_000, "currency": "EUR"}])
    assert (
        rows.loc["google_ads 11", "feasible"] is False or rows.loc["google_ads 11", "feasible"] == np.False_
    )
    assert rows.loc["google_ads 11 1", "feasible"] is None, "it has no plan of its own to meet"


def test_plans_of_one_page_add_up_and_what_shares_a_budget_has_none_of_its_own() -> None:
    """LEVELS: accounts 11 and 33 in EUR, 22 in USD at half a EUR."""
    search = {"name": "Search", "covers": ["google_ads 11"], "amount": 4_000, "currency": "EUR"}
    social = {"name": "Social", "covers": ["meta_ads 22"], "amount": 2_000, "currency": "USD"}
    b2b = {"name": "B2B", "covers": ["linkedin_ads 33"], "amount": 900, "currency": "EUR"}
    whole, partly = rows_of([search, social, b2b]), rows_of([search])
    assert whole.loc["all", "budget"] == pytest.approx(4_000 + 2_000 * 0.5 + 900)
    assert whole.loc["google_ads", "budget"] == pytest.approx(4_000)
    shared = whole.loc["google_ads 11 1"]
    assert (shared["status"], shared["verdict"], shared["note"]) == ("no plan", "no plan", "shared in Search")
    assert partly.loc["all", "status"] == "no plan", "file and platform budgets are not added"
    assert partly.loc["meta_ads", "budget_source"] != "budgets file"
    assert partly.loc["meta_ads", "budget"] > 0
    beyond = rows_of([search | {"covers": ["google_ads 11 1", "meta_ads 22"], "currency": "EUR"}])
    assert np.isnan(beyond.loc["google_ads", "budget"])
    assert beyond.loc["google_ads", "note"] == "shared in Search"
    assert beyond.loc["google_ads 11 2", "budget_source"] == "platforms' daily budgets"


def test_scenarios_bend_the_month_and_more_is_not_all_spent() -> None:
    row = rows_of().loc["google_ads 11 1"]
    ahead = row["p50"] - row["spent"]
    assert row["p50_minus_20"] < row["p50_minus_10"] < row["p50"] < row["p50_plus_10"] < row["p50_plus_20"]
    assert row["p50_plus_20"] - row["spent"] < 1.2 * ahead


@pytest.mark.parametrize(
    ("budget", "usual", "factor", "wanted"),
    [
        (100, 98, 0.9, 90),
        (100, 98, 0.5, 80),
        (100, 98, 3.0, 120),
        (100, 60, 0.9, 80),
        (100, 60, 1.5, 90),
        (100, 84, 0.99, 83.16),
    ],
)
def test_daily_budgets_are_advised_a_fifth_apart_at_most(
    budget: float, usual: float, factor: float, wanted: float
) -> None:
    assert wanted_daily(budget, usual, factor) == pytest.approx(wanted)


def test_advice_brings_the_month_to_its_plan() -> None:
    rows = rows_of([{"name": "Search", "covers": ["google_ads 11"], "amount": 3_900, "currency": "EUR"}])
    advised = rows.loc[["google_ads 11 1", "google_ads 11 2"], "advised_daily"].sum()
    assert rows.loc["google_ads 11", "advised_daily"] == pytest.approx(advised, abs=0.01)
    assert advised < 140
    assert rows.loc["meta_ads 22 3", "advised_daily"] != rows.loc["meta_ads 22 3", "advised_daily"]


def test_drivers_are_the_campaigns_beyond_their_share_of_the_plan() -> None:
    rows = rows_of([{"name": "Search", "covers": ["google_ads 11"], "amount": 3_000, "currency": "EUR"}])
    first, second = rows.loc["budget: Search", "drivers"].split("; ")
    beyond = rows.loc["google_ads 11 1", "p50"] - 3_000 * 100 / 140
    assert first == f"Campaign 1 {beyond:+,.0f}"
    assert second.startswith("Campaign 2 +")


def test_accuracy_is_that_of_the_months_before_on_the_same_day() -> None:
    budget_file = Budgets()
    month_state = month(
        WHOLE, entities(), budget_file, as_of=AS_OF, policy=Pacing(), reporting_currency="EUR"
    )
    past_totals = month_state.accuracy[month_state.accuracy["series_id"] == "all"]
    assert past_totals["month"].dt.month.tolist() == [4, 3, 2, 1, 12, 11]
    april = WHOLE[WHOLE["day"].dt.to_period("M") == pd.Period("2026-04")]["spend_reporting"].sum()
    assert past_totals["came"].iloc[0] == pytest.approx(april)
    assert past_totals["error"].iloc[0] == pytest.approx(abs(past_totals["projected"].iloc[0] / april - 1))
    row = pacing_rows(month_state, as_of=AS_OF, policy=Pacing()).set_index("series_id").loc["all"]
    assert (row["accuracy_months"], row["accuracy"]) == (6, pytest.approx(past_totals["error"].median()))
    assert row["accuracy"] < 0.03
    assert len(LEVELS) == 4
