"""From HubSpot's wire to the funnel on a real lake: sums equal the books, claims stay apart, checks hold,
nothing raw is written or said.
"""

import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assets.core.crm import assets as crm
from assets.core.crm import checks
from assets.core.crm.funnel_day import ALL, PAID, PLATFORMS
from orchestration.cli.connection_check import checked_crms, shown
from resources.config.settings import load_settings
from resources.crm.registry import Crms
from resources.lake.lake import Lake
from resources.tables.crm import CONTACTS
from resources.tables.crm_core import (
    ACQUISITION,
    CORE_CRM,
    CPQL,
    CREDIT,
    FUNNEL_DAY,
    OUTCOMES,
    PIPELINE,
    TOUCHPOINTS,
)
from sandbox.fx import rates
from tests.crm.crawl import assert_name_nobody, texts_of
from tests.crm.delivered import FIRST, LAST, fill
from tests.crm.ground import NOW, Ground
from tests.crm.truth import holdings


def run(lake: Lake, crms: Crms, *, raise_on_error: bool = True) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [crm.crm_records, crm.crm_people, crm.crm_funnel, *dg.load_asset_checks_from_modules([checks])],
        resources={"lake": lake, "settings": crms.settings(), "crms": crms},
        raise_on_error=raise_on_error,
    )


@pytest.fixture(scope="module")
def whole(
    hubspot_session: Ground, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Lake, dg.ExecuteInProcessResult, list[str]]]:
    """A lake after one run, the run, and everything that was logged meanwhile."""
    log_lines: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            log_lines.append(record.getMessage())

    listener, root = Listener(level=logging.DEBUG), logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    hubspot_session.stage.clock.set(NOW)
    lake = Lake(tmp_path_factory.mktemp("crm") / "lake")
    fill(lake, hubspot_session)
    try:
        yield lake, run(lake, hubspot_session.crms()), log_lines
    finally:
        root.removeHandler(listener)
        root.setLevel(level)


def test_every_check_holds_and_says_what_it_is_about(
    whole: tuple[Lake, dg.ExecuteInProcessResult, list[str]],
) -> None:
    evaluations = {evaluation.check_name: evaluation for evaluation in whole[1].get_asset_check_evaluations()}
    assert set(evaluations) == {
        "channels_add_up_to_the_crm",
        "refunds_and_tests_are_out",
        "a_lead_is_one_person",
        "claims_do_not_jump",
    }
    assert all(evaluation.passed for evaluation in evaluations.values())


def test_a_platform_whose_claims_jump_is_named_but_not_in_a_crms_first_weeks(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    for began, passes in ((60, False), (40, True)):
        rows = [
            {
                "channel": channel,
                "day": LAST - timedelta(days=back),
                "currency": "EUR",
                "leads": booked,
                "orders": 0.0,
                "shop_orders": 0.0,
                "claimed_conversions": (24.0 if back < 7 else 12.0) if channel == "meta_ads" else None,
                "pulled_at": NOW,
            }
            for back in range(90)
            for channel in ("meta_ads", ALL)
            for booked in [10.0 if back < began else 0.0]
        ]
        lake.replace(FUNNEL_DAY, pa.Table.from_pylist(rows, schema=FUNNEL_DAY.schema))
        result = checks.claims_do_not_jump(lake)
        assert isinstance(result, dg.AssetCheckResult)
        assert result.passed is passes
        assert (
            "meta_ads claims 2.40 conversions for each booked, 1.20 before" in str(result.description)
        ) is not passes


def test_orders_leads_and_revenue_are_those_of_the_books(
    whole: tuple[Lake, Any, Any], hubspot: Ground
) -> None:
    lake, held = whole[0], holdings(hubspot.stage)
    f, people, now = held.books.funnel, held.books.people, held.now
    worth = {
        (r["currency"], r["day"]): r["eur"]
        for r in rates(hubspot.stage.world, start=FIRST, end=LAST + timedelta(days=2))
    }
    at = np.minimum(f.order_at, f.won_at)
    counted = (at <= now) & ~f.is_test & ~(f.refunded_at <= now)
    value = np.where(np.isfinite(f.order_at), people.value, f.amount)
    euro = sum(
        value[n]
        * worth[
            hubspot.stage.world.accounts[people.account[n]].currency,
            str(np.datetime64(int(at[n]), "s").astype("datetime64[D]")),
        ]
        for n in np.flatnonzero(counted)
    )
    outcomes = lake.read(OUTCOMES)
    orders = outcomes[outcomes["kind"] == "order"]
    assert len(orders) == counted.sum()
    assert orders["value_reporting"].sum() == pytest.approx(euro, rel=1e-6)
    alive = f.is_contact & (f.created_at <= now) & (f.deleted_at > now) & ~f.is_test
    assert (outcomes["kind"] == "qualified").sum() == (alive & (f.qualified_at <= now)).sum()
    second = (
        np.isfinite(f.merged_at)
        & (f.merged_at > now)
        & (f.created_at + 43_200 <= now)
        & np.isfinite(f.lead_at)
        & ~f.is_test
    ).sum()
    assert (outcomes["kind"] == "lead").sum() == (alive & (f.lead_at <= now)).sum() + second
    days = lake.read(FUNNEL_DAY)
    inside = orders["day"] <= pd.Timestamp(LAST)
    assert days.loc[days["channel"] == ALL, "revenue"].sum() == pytest.approx(
        orders.loc[inside, "value_reporting"].sum()
    )


def test_channels_never_exceed_the_crm_and_unattributed_is_shown(whole: tuple[Lake, Any, Any]) -> None:
    days = whole[0].read(FUNNEL_DAY).groupby("channel")[["revenue", "orders", "leads"]].sum()
    parts = days.drop([PAID, ALL])
    assert parts.sum().to_numpy() == pytest.approx(days.loc[ALL].to_numpy())
    assert days.loc["unattributed", "orders"] > 0
    paid = days.loc[list(PLATFORMS)].sum()
    assert (paid <= days.loc[PAID] + 1e-9).all()
    assert (days.loc[PAID] <= days.loc[ALL]).all()


def test_what_platforms_claim_is_added_nowhere(whole: tuple[Lake, Any, Any]) -> None:
    """The hard rule: beside the books, claims belong to one platform or to none."""
    days = whole[0].read(FUNNEL_DAY)
    together = days[~days["channel"].isin(PLATFORMS)]
    assert together[["claimed_conversions", "claimed_value"]].isna().all().all()
    apart = days[days["channel"].isin(PLATFORMS)]
    assert apart["claimed_conversions"].notna().all()
    for table in CORE_CRM:
        claims = [column.name for column in table.columns if "claim" in column.name]
        assert bool(claims) is (table in {FUNNEL_DAY, ACQUISITION})
    rows = whole[0].read(ACQUISITION)
    claims = ["claimed_conversions", "claimed_value", "claimed_roas", "claim_inflation"]
    assert rows.loc[rows["level"] == PAID, claims].isna().all().all()
    assert set(rows.loc[rows["level"] != PAID, "channel"]) <= set(PLATFORMS)


def test_campaigns_and_ad_sets_add_up_to_no_more_than_their_platform(whole: tuple[Lake, Any, Any]) -> None:
    rows, days = whole[0].read(ACQUISITION), whole[0].read(FUNNEL_DAY)
    lately = rows[rows["window_days"] == 28]
    sums = days.groupby("channel")[["leads", "qualified", "orders", "revenue"]].sum()
    by_level = {
        level: rows_of_level.groupby("channel")[
            ["leads", "qualified", "orders", "revenue", "spend", "pipeline"]
        ].sum()
        for level, rows_of_level in lately.groupby("level")
    }
    pd.testing.assert_frame_equal(
        by_level["platform"][sums.columns], sums.loc[list(by_level["platform"].index)], check_dtype=False
    )
    assert by_level[PAID].loc[PAID, "revenue"] == pytest.approx(sums.loc[PAID, "revenue"])
    assert by_level["campaign"]["spend"].to_numpy() == pytest.approx(by_level["platform"]["spend"].to_numpy())
    for below, above in (("ad_set", "campaign"), ("campaign", "platform")):
        assert (by_level[below] <= by_level[above] * (1 + 1e-9) + 1e-9).all().all()
    # Untagged clicks are their platform's and no campaign's.
    assert by_level["campaign"]["leads"].sum() < by_level["platform"]["leads"].sum()
    assert by_level["ad_set"]["leads"].sum() > 0.7 * by_level["platform"]["leads"].sum()


def test_every_place_has_ranges_around_its_figures(whole: tuple[Lake, Any, Any]) -> None:
    rows = whole[0].read(ACQUISITION)
    for name in ("qualified", "roas", "cpql", "pipeline", "payback"):
        middle = rows["payback_days" if name == "payback" else name]
        low, high = rows[f"{name}_low"], rows[f"{name}_high"]
        assert middle.notna().any(), name
        assert not (low > middle + 1e-9).any(), name
        assert not (high < middle - 1e-9).any(), name
    assert set(rows["payback_of"]) == {"revenue"}
    with_range = {
        name
        for event in whole[1].get_asset_materialization_events()
        for name in event.step_materialization_data.materialization.metadata
    }
    assert {
        f"{name}, 28 days"
        for name in ("blended paid ROAS", "CPQL", "CPQL, low", "paid pipeline, high", "qualified leads")
    } <= with_range


def test_money_is_the_same_whatever_the_order_of_conversion_and_credit(whole: tuple[Lake, Any, Any]) -> None:
    credit, outcomes = whole[0].read(CREDIT), whole[0].read(OUTCOMES)
    booked = outcomes.loc[outcomes["kind"] == "order", "value_reporting"].sum()
    by_model = credit[credit["kind"] == "order"].groupby("model")["value"].sum()
    assert len(by_model) == 8
    assert by_model.to_numpy() == pytest.approx(np.full(8, booked))


def test_cohorts_and_open_deals_are_there(whole: tuple[Lake, Any, Any]) -> None:
    cpql, pipeline = whole[0].read(CPQL), whole[0].read(PIPELINE)
    assert PAID in set(cpql["channel"])
    assert (cpql["projected"] >= cpql["qualified"]).all()
    assert pipeline["amount"].sum() > 0
    assert whole[0].read(TOUCHPOINTS)["funnel"].isin(["shop", "lead"]).all()


def test_no_address_number_or_name_is_written_or_said(
    whole: tuple[Lake, Any, list[str]], hubspot: Ground
) -> None:
    lake, result, log_lines = whole
    held = holdings(hubspot.stage)
    events = [event.event_specific_data for event in result.all_events]
    texts = [
        *log_lines,
        *map(str, events),
        *(json.dumps(event.message or "") for event in result.all_events),
        *texts_of(lake),
    ]
    assert len(log_lines) > 50
    assert lake.count(CONTACTS) > 500
    assert_name_nobody(texts, held)


def test_an_error_of_the_crm_names_nobody(hubspot: Ground, lake: Lake) -> None:
    hubspot.stage.faults.arm("hubspot", "token_expired", after=9)
    result = run(lake, hubspot.crms(), raise_on_error=False)
    assert not result.success
    failed = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    text = str(failed)
    assert "HubSpot" in text
    assert "HUBSPOT_ACCESS_TOKEN" in text
    assert not re.search(r"[\w.+-]+@[\w-]+\.\w+", text)


def test_without_a_crm_every_table_is_empty_and_nothing_fails(
    hubspot: Ground, lake: Lake, tmp_path: Path
) -> None:
    none = load_settings({"PAID_MEDIA_VAR": str(tmp_path), "PAID_MEDIA_PROFILE": "live"})
    result = run(lake, Crms(lambda: none, now=hubspot.stage.clock.now))
    assert result.success
    assert all(lake.read(table).empty for table in CORE_CRM)
    assert (
        shown(checked_crms(Crms(lambda: none)))
        == "skipped  CRM: not configured; docs/crm.md says what it is for"
    )


def test_a_check_of_access_says_what_the_crm_lets_us_read(hubspot: Ground) -> None:
    assert (
        shown(checked_crms(hubspot.crms()))
        == "works    HubSpot: account 4711 (EUR): contacts and deals can be read"
    )
    hubspot.stage.faults.arm("hubspot", "token_expired")
    (access,) = checked_crms(hubspot.crms())
    assert not access.is_fine
    assert "HUBSPOT_ACCESS_TOKEN" in shown([access])
