"""Audiences in Dagster: the table, what is proposed for it, who leaves; and that no event, log or error holds
a hash or an address.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.actions.audiences.assets import NOBODY_STAYS, audience_proposals, audience_removals, audiences
from resources.lake.lake import Lake
from resources.tables.segments import AUDIENCES
from tests.actions.conftest import Office
from tests.audiences.bureau import LINES, Bureau
from tests.audiences.people_of import (
    READ_AT,
    SUNDAY,
    expected,
    later,
    mail,
    record,
    write_people,
    write_segments,
)

WEEK = "2026-11-16"
PEOPLE = range(60)


@pytest.fixture
def bureau(office: Office, figures_at_noon: Lake, tmp_path: Path) -> Bureau:
    """A lake with the office's figures and a CRM of its own."""
    shutil.copytree(figures_at_noon.root, tmp_path / "lake")
    lake = Lake(tmp_path / "lake")
    shutil.rmtree(tmp_path / "lake" / "raw" / "crm_contacts", ignore_errors=True)
    write_people(lake, [record(n, agrees=n < 58 or None) for n in PEOPLE])
    write_segments(lake, {"loyal": PEOPLE})
    return Bureau(office, lake, [dict(line) for line in LINES if line["platform"] != "google_ads"])


def run(
    bureau: Bureau, instance: dg.DagsterInstance, *assets: Any, week: str | None = WEEK
) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        assets, resources={"lake": bureau.lake, "services": bureau.services}, partition_key=week, instance=instance, raise_on_error=False
    )  # fmt: skip


def told(result: dg.ExecuteInProcessResult, instance: dg.DagsterInstance) -> Sequence[str]:
    """Everything a run left in Dagster: events, logs, metadata, errors."""
    return [str(record.event_log_entry) for record in instance.get_records_for_run(result.run_id).records]


def states(bureau: Bureau) -> dict[str, tuple[Any, ...]]:
    rows = bureau.lake.read(AUDIENCES, where={"day": (SUNDAY, SUNDAY)})
    columns = ["members", "to_add", "to_remove", "without_consent", "state"]
    return {row["platform"]: tuple(row[name] for name in columns) for row in rows.to_dict("records")}


def test_a_week_from_the_table_to_the_audience_and_a_withdrawal_the_same_day(bureau: Bureau) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        runs = [run(bureau, instance, audiences)]
        assert states(bureau) == {
            "meta_ads": (58, 58, 0, 2, "new"), "linkedin_ads": (58, 58, 0, 2, "new"),
        }  # fmt: skip
        runs += [run(bureau, instance, audience_proposals)]
        assert bureau.office.writes() == []
        waiting = bureau.services.ledger.proposals.entries()
        assert sorted(one.proposal.changes[0].target.platform for one in waiting) == [
            "linkedin_ads",
            "meta_ads",
        ]
        for entry in waiting:
            bureau.approve(entry.proposal)
            assert bureau.carry_out(entry.proposal_id) == "verified"
        runs += [run(bureau, instance, audiences), run(bureau, instance, audience_proposals)]
        assert {own[-1] for own in states(bureau).values()} == {"in step"}
        assert len(bureau.services.ledger.proposals.entries()) == 2
        write_people(
            bureau.lake,
            [record(n, agrees=n < 56 or (False if n > 56 else None)) for n in PEOPLE],
            at=later(2),
        )
        leaving = run(bureau, instance, audience_removals, week=None)
        assert all(one.passed for one in leaving.get_asset_check_evaluations())
        assert bureau.holds("meta_ads", range(56))
        assert bureau.holds("linkedin_ads", range(56))
        assert all(one.success for one in (*runs, leaving))
        texts = [text for one in (*runs, leaving) for text in told(one, instance)]
    hashes = {own.split(":")[1] for name in ("google_ads", "meta_ads") for own in expected(name, PEOPLE)}
    secret = hashes | {mail(n) for n in PEOPLE}
    assert len(texts) > 20
    assert not any(own in text for own in secret for text in texts)


def test_somebody_who_said_no_and_stays_fails_the_check_loudly(bureau: Bureau) -> None:
    bureau.filled("meta_ads")
    write_people(bureau.lake, [record(n, agrees=n > 3) for n in PEOPLE], at=later(1))
    impatient = bureau.impatient()
    impatient.office.sandbox.stage.faults.arm("meta_ads", "unavailable", times=50)
    with dg.DagsterInstance.ephemeral() as instance:
        late = run(impatient, instance, audience_removals, week=None)
        (check,) = late.get_asset_check_evaluations()
        assert (check.check_name, check.passed) == (NOBODY_STAYS, False)
        impatient.office.sandbox.stage.faults.clear()
        (check,) = run(impatient, instance, audience_removals, week=None).get_asset_check_evaluations()
        assert check.passed
    assert bureau.holds("meta_ads", range(4, 58))


def test_a_past_week_proposes_nothing(bureau: Bureau) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert run(bureau, instance, audience_proposals, week="2026-11-02").success
    assert bureau.services.ledger.proposals.entries() == []


def test_without_segments_or_a_crm_nothing_is_claimed(bureau: Bureau, tmp_path: Path) -> None:
    empty = Bureau(bureau.office, Lake(tmp_path / "empty"), bureau.lines)
    with dg.DagsterInstance.ephemeral() as instance:
        assert run(empty, instance, audiences).success
        assert {own[-1] for own in states(empty).values()} == {"held"}
        (check,) = run(empty, instance, audience_removals, week=None).get_asset_check_evaluations()
        assert check.passed  # no audience is in use
        bureau.filled("meta_ads")
        (check,) = run(empty, instance, audience_removals, week=None).get_asset_check_evaluations()
        assert not check.passed
    assert READ_AT.date() == SUNDAY.replace(day=23)
