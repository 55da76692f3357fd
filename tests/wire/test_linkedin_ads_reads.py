"""LinkedIn Ads, read and written over its REST wire: what our reader returns is what the market knows."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.config.settings import Settings
from resources.platforms.linkedin_restli import query_string
from resources.tables.linkedin_ads import DAYS, ENTITIES
from sandbox.linkedin.restli import decode_query
from sandbox.serve import Sandbox
from tests.wire.delivery import LAST, micros, rows, truth
from tests.wire.linkedin_plain import B2B, START, account, asked, reader


@pytest.mark.parametrize("level", ["campaign", "ad_set", "ad"])
def test_every_day_of_every_entity_is_the_markets_truth(
    settings: Settings, sandbox: Sandbox, level: str
) -> None:
    linkedin = reader(settings)
    day_rows = rows(linkedin.days(level, account(linkedin), start=START, end=LAST))
    wanted = truth(sandbox.stage.market, "linkedin_ads", B2B, level, start=START, end=LAST)
    assert len(day_rows) == len(wanted) >= 120
    for row in day_rows:
        true = wanted[row["day"], row[f"{level}_id"]]
        assert (row["impressions"], row["clicks"]) == (true["impressions"], true["clicks"])
        assert row["external_website_conversions"] == true["purchases"]
        assert row["one_click_leads"] == true["leads"]
        assert row["post_click_conversions"] + row["post_view_conversions"] == true["purchases"]
        assert micros(row["spend"]) == true["cost_micros"]
        assert micros(row["conversion_value"]) == true["value_micros"]


def test_rows_have_the_tables_columns_and_one_instant(settings: Settings, sandbox: Sandbox) -> None:
    linkedin = reader(settings)
    ad_account = account(linkedin)
    for level, table in DAYS.items():
        batches = list(linkedin.days(level, ad_account, start=START, end=LAST))
        assert all(batch.schema == table.schema for batch in batches)
        assert len({row["pulled_at"] for row in rows(iter(batches))}) == 1
    assert linkedin.entities(ad_account).schema == ENTITIES.schema


def test_a_month_of_an_account_is_one_call_and_its_lists_are_read_once(
    settings: Settings, sandbox: Sandbox
) -> None:
    linkedin = reader(settings)
    ad_account = account(linkedin)
    sandbox.stage.audit.clear()
    for level in DAYS:
        list(linkedin.days(level, ad_account, start=LAST - timedelta(days=30), end=LAST))
    assert asked(sandbox).count("GET adAnalytics") == 4
    assert len(asked(sandbox)) == 7


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)
NAMES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)


@given(st.dictionaries(NAMES, st.lists(TEXT, min_size=1, max_size=3), min_size=1))
def test_any_text_survives_the_query_syntax(lists: dict[str, list[str]]) -> None:
    assert decode_query(query_string(lists)) == lists
