"""From HubSpot's wire to the funnel on a real lake: sums equal the books, claims stay apart, checks hold, nothing raw is written or said."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assets.crm import assets as crm
from assets.crm import checks
from assets.crm.figures_of_day import ALL, PAID, PLATFORMS
from orchestration.access import checked_crms, shown
from resources.crm.login import Crms
from resources.lake import Lake
from resources.settings import load_settings
from resources.tables import core
from resources.tables.crm import CONTACTS
from resources.tables.crm_core import CORE_CRM, CPQL, CREDIT, FUNNEL_DAY, OUTCOMES, PIPELINE, TOUCHPOINTS
from sandbox.fx import rates
from tests.crm.crawl import assert_name_nobody, texts_of
from tests.crm.ground import NOW, Ground
from tests.crm.truth import holdings

LAST = NOW.date() - timedelta(days=1)
FIRST = date(2026, 11, 6)


def kpi(ground: Ground) -> pa.Table:
    """core/kpi_day of the two weeks, from the market, in euro at the day's rate."""
    worth = {(r["currency"], r["day"]): r["eur"] for r in rates(ground.stage.world, start=FIRST, end=LAST)}
    rows: list[dict[str, Any]] = []
    for account in ground.stage.world.accounts:
        for block in ground.stage.market.report(account, "account", FIRST, LAST):
            for n, number in enumerate(block.day):
                day = date(1970, 1, 1) + timedelta(days=int(number))
                rate = worth[account.currency, day.isoformat()] / 1e6
                rows.append(
                    {
                        "platform": account.platform, "day": day, "spend": block.spend_micros[n] * rate, "impressions": int(block.impressions[n]),
                        "clicks": int(block.clicks[n]), "conversions": float(block.purchases[n] + block.leads[n]),
                        "conversion_value": block.purchase_value_micros[n] * rate,
                    }
                )  # fmt: skip
    table = pd.DataFrame(rows)
    sums = pd.concat([table, table.assign(platform="all")]).groupby(["platform", "day"], as_index=False).sum()
    whole = sums.assign(currency="EUR", pulled_at=NOW, read_at=NOW).reindex(columns=core.KPI_DAY.schema.names)
    money = {field.name: pa.float64() for field in core.KPI_DAY.schema if pa.types.is_decimal(field.type)}
    plain = pa.schema([field.with_type(money.get(field.name, field.type)) for field in core.KPI_DAY.schema])
    return pa.Table.from_pandas(whole, plain, preserve_index=False).cast(core.KPI_DAY.schema)


def fx(ground: Ground) -> pa.Table:
    days = rates(ground.stage.world, start=FIRST, end=LAST + timedelta(days=2))
    rows = [
        {"currency": r["currency"], "day": date.fromisoformat(r["day"]), "reporting_currency": "EUR", "rate": r["eur"], "source": "test"}
        for r in days
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=core.FX_RATE.schema)


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
    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    listener, root = Listener(level=logging.DEBUG), logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    hubspot_session.stage.clock.set(NOW)
    lake = Lake(tmp_path_factory.mktemp("crm") / "lake")
    lake.replace(core.KPI_DAY, kpi(hubspot_session))
    lake.replace(core.FX_RATE, fx(hubspot_session))
    try:
        yield lake, run(lake, hubspot_session.crms()), said
    finally:
        root.removeHandler(listener)
        root.setLevel(level)


def test_every_check_holds_and_says_what_it_is_about(
    whole: tuple[Lake, dg.ExecuteInProcessResult, list[str]],
) -> None:
    found = {one.check_name: one for one in whole[1].get_asset_check_evaluations()}
    assert set(found) == {
        "channels_add_up_to_the_crm",
        "refunds_and_tests_are_out",
        "a_lead_is_one_person",
        "claims_do_not_jump",
    }
    # In the first weeks of a CRM claims jump: the clicks before it are claimed, and booked nowhere.
    assert [name for name, one in found.items() if not one.passed and one.blocking] == []
    assert "claims" in str(found["claims_do_not_jump"].description)


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
    kept = (at <= now) & ~f.is_test & ~(f.refunded_at <= now)
    value = np.where(np.isfinite(f.order_at), people.value, f.amount)
    euro = sum(
        value[n] * worth[hubspot.stage.world.accounts[people.account[n]].currency, str(np.datetime64(int(at[n]), "s").astype("datetime64[D]"))]
        for n in np.flatnonzero(kept)
    )  # fmt: skip
    outcomes = lake.read(OUTCOMES)
    orders = outcomes[outcomes["kind"] == "order"]
    assert len(orders) == kept.sum()
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
        assert claims == (["claimed_conversions", "claimed_value"] if table is FUNNEL_DAY else [])


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
    lake, result, said = whole
    held = holdings(hubspot.stage)
    events = [event.event_specific_data for event in result.all_events]
    texts = [
        *said,
        *map(str, events),
        *(json.dumps(event.message or "") for event in result.all_events),
        *texts_of(lake),
    ]
    assert len(said) > 50
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
    (found,) = checked_crms(hubspot.crms())
    assert not found.is_fine
    assert "HUBSPOT_ACCESS_TOKEN" in shown([found])
