"""The user's budgets: what the file may say, what is carried over, and what platforms can spend at most."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from assets.signals.pacing.plan import carried_over, is_covered, known_factors, own_daily
from assets.signals.pacing.platform_spend_caps import most_left
from resources.config.settings import PROJECT, load_settings
from resources.errors import SettingsWrong
from resources.policy.budgets import Budget, Budgets, BudgetsUnreadable, load_budgets
from tests.pacing.conftest import entities

YAML = """
budgets:
  - {name: Search, covers: [google_ads 11], amount: 3000, currency: EUR, hard_cap: true}
  - {name: Search, covers: [google_ads 11], amount: 5000, currency: EUR, month: 2026-12}
  - {name: Client, covers: [google_ads 11, meta_ads 22 3], amount: 9000, currency: EUR, start: 2026-03-10, end: 2026-11-20}
known:
  - {covers: [all], start: 2026-12-24, end: 2026-12-26, factor: 0.5}
  - {covers: [google_ads 11 1], start: 2026-05-20, daily_budget: 50}
"""


def written(tmp_path: Path, text: str, name: str = "budgets.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_yaml_and_csv_say_the_same(tmp_path: Path) -> None:
    table = (
        "name,covers,amount,currency,month,start,end,hard_cap,factor,daily_budget\n"
        "Search,google_ads 11,3000,EUR,,,,true,,\nSearch,google_ads 11,5000,EUR,2026-12,,,,,\n"
        "Client,google_ads 11; meta_ads 22 3,9000,EUR,,2026-03-10,2026-11-20,,,\n"
        ",all,,,,2026-12-24,2026-12-26,,0.5,\n,google_ads 11 1,,,,2026-05-20,,,,50\n"
    )
    assert load_budgets(written(tmp_path, YAML)) == load_budgets(written(tmp_path, table, "budgets.csv"))


def test_a_budget_that_names_its_month_outranks_one_of_every_month_and_dates_hold(tmp_path: Path) -> None:
    budgets_read = load_budgets(written(tmp_path, YAML))
    assert {(budget.name, budget.amount) for budget in budgets_read.of(date(2026, 12, 1))} == {
        ("Search", 5000)
    }
    assert {(budget.name, budget.amount) for budget in budgets_read.of(date(2026, 3, 1))} == {
        ("Search", 3000),
        ("Client", 9000),
    }
    assert [budget.name for budget in budgets_read.of(date(2026, 2, 1))] == ["Search"]


def test_no_file_is_no_budgets_unless_somebody_named_it(tmp_path: Path) -> None:
    assert load_budgets(tmp_path / "none.yaml") == Budgets()
    with pytest.raises(BudgetsUnreadable, match=r"none\.yaml: it cannot be read"):
        load_budgets(tmp_path / "none.yaml", is_asked_for=True)
    plain = load_settings({"PAID_MEDIA_VAR": str(tmp_path)}, with_platforms=False)
    named = load_settings(
        {"PAID_MEDIA_VAR": str(tmp_path), "PAID_MEDIA_BUDGETS": "mine.csv"}, with_platforms=False
    )
    assert (plain.budgets_file, plain.has_named_budgets) == (PROJECT / "budgets.yaml", False)
    assert (named.budgets_file, named.has_named_budgets) == (PROJECT / "mine.csv", True)
    assert not issubclass(BudgetsUnreadable, SettingsWrong)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{name: A, covers: [tiktok 1], amount: 1, currency: EUR}", "'tiktok 1' is neither all nor PLATFORM"),
        (
            "{name: A, covers: [all], amount: -1, currency: EUR}",
            "budgets.0.amount: Input should be greater than 0",
        ),
        ("{name: A, covers: [all], amount: 1, currency: euro}", "budgets.0.currency"),
        ("{name: A, covers: [all], amount: 1, currency: EUR, month: 2026-13}", "budgets.0.month"),
        (
            "{name: A, covers: [all], amount: 1, currency: EUR, start: 2026-05-02, end: 2026-05-01}",
            "end lies before start",
        ),
        (
            "{name: A, covers: [all], amount: 1, currency: EUR, carry_over: add_unspent}",
            "carry_over needs a start",
        ),
        (
            "{name: A, covers: [all], amount: 1, currency: EUR, cap: 3}",
            "budgets.0.cap: Extra inputs are not permitted",
        ),
        (
            "{name: A, covers: [all], amount: 1, currency: EUR}\n  - {name: A, covers: [all], amount: 2, currency: EUR}",
            "stands there twice",
        ),
        ("{name: A", "is no YAML"),
    ],
)
def test_a_wrong_file_is_one_sentence_with_its_place(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(BudgetsUnreadable) as caught:
        load_budgets(written(tmp_path, f"budgets:\n  - {line}\n"))
    assert sentence in str(caught.value)
    assert "docs/pacing.md" in str(caught.value)


def test_the_sample_that_ships_is_good() -> None:
    assert len(load_budgets(PROJECT / "budgets.yaml").budgets) == 4


@pytest.mark.parametrize(
    ("rule", "spent", "carried"),
    [
        ("none", {"2026-03": 60.0, "2026-04": 60.0}, 0.0),
        ("add_unspent", {"2026-03": 60.0, "2026-04": 150.0}, 0.0),  # 40 were left, then 140 were to be had
        ("add_unspent", {"2026-03": 60.0, "2026-04": 90.0}, 50.0),
        ("add_unspent", {"2026-03": 160.0, "2026-04": 70.0}, 30.0),
        ("add_and_subtract", {"2026-03": 160.0, "2026-04": 70.0}, -30.0),
        ("add_and_subtract", {"2026-04": 70.0}, 30.0),  # March is not known, so nothing of it is carried
        ("add_unspent", {"2026-03": 60.0}, 0.0),  # April is not known
    ],
)
def test_carrying_over_follows_its_rule_and_never_what_is_not_known(
    rule: str, spent: dict[str, float], carried: float
) -> None:
    budget = Budget(
        name="A", covers=("all",), amount=100, currency="EUR", start=date(2026, 3, 1), carry_over=rule
    )
    assert carried_over(budget, date(2026, 5, 1), spent)[0] == pytest.approx(carried)


def test_what_is_covered_goes_by_whole_words() -> None:
    assert is_covered("google_ads 11 1", ["google_ads 11"])
    assert not is_covered("google_ads 111 1", ["google_ads 11"])
    assert is_covered("meta_ads 22 3", ["all"])


def test_known_daily_budgets_become_factors_that_bind_only_where_they_are_below_what_is_spent(
    tmp_path: Path,
) -> None:
    budgets = load_budgets(written(tmp_path, YAML))
    daily, usual = pd.Series({"google_ads 11 1": 100.0}), pd.Series({"google_ads 11 1": 80.0})
    budgets_read = known_factors(budgets, ["google_ads 11 1", "meta_ads 22 3"], daily, usual)
    assert budgets_read["series_id"].tolist() == ["google_ads 11 1", "meta_ads 22 3", "google_ads 11 1"]
    assert budgets_read["factor"].tolist() == pytest.approx([0.5, 0.5, 50 / 80])


def test_daily_budgets_are_counted_once_where_they_are_shared_or_kept_below() -> None:
    rows = entities()
    shared = rows["entity_id"].isin(["1", "2"]) & (rows["level"] == "campaign")
    rows.loc[shared, ["budget_owner", "budget_id", "daily_budget"]] = ["shared_budget", "b9", 120.0]
    below = (rows["level"] == "ad_set") & (rows["campaign_id"] == "3")
    rows.loc[below, ["budget_owner", "daily_budget"]] = ["ad_set", 15.0]
    rows.loc[(rows["level"] == "campaign") & (rows["entity_id"] == "3"), "daily_budget"] = None
    budgets_read = own_daily(rows)
    assert budgets_read["google_ads 11 1"] + budgets_read["google_ads 11 2"] == 120.0
    assert budgets_read["meta_ads 22 3"] == 45.0


DAYS = pd.date_range("2026-05-21", "2026-05-31")


@pytest.mark.parametrize(
    ("platform", "spent", "week", "most"),
    [
        ("google_ads", 2_000.0, 0.0, 1_040.0),  # 30.4 budgets a month
        ("google_ads", 0.0, 0.0, 2_200.0),  # twice a day
        ("linkedin_ads", 0.0, 0.0, 1_650.0),  # half more
        (
            "meta_ads",
            0.0,
            400.0,
            300.0 + 700.0 + 175.0,
        ),  # Thursday to Saturday of a week with 400 gone, a whole week, a Sunday
        ("other", 0.0, 0.0, float("inf")),
    ],
)
def test_no_platform_may_spend_more_than_its_rules_say(
    platform: str, spent: float, week: float, most: float
) -> None:
    assert most_left(platform, 100.0, days=DAYS, spent=spent, spent_this_week=week) == pytest.approx(most)
    assert most_left(platform, None, days=DAYS, spent=spent, spent_this_week=week) == float("inf")
