"""What a run under a backfill's tag may decide: what Dagster's own record of that backfill says, and nothing
else.
"""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from assets.actions.assets import APPROVED, ApprovalForm, Decision, launch_of
from assets.actions.execution.executor import WriteHeld
from assets.actions.rendering import ASSET

KEYS = ("one", "two")
GIVEN = {
    "proposal": "2 proposals #abc",
    "decision": "approve",
    "approver": "alice",
    "code": "ABCDEFGHIJ",
    "note": "both",
}


def launch(*, status: str = "REQUESTED", minutes: float = 1, key: str = "one", **brought: str) -> Any:
    """The launch of a run that brings the backfill's form, but for what a test says."""
    subset = SimpleNamespace(get_partition_keys=lambda: KEYS)
    backfill = SimpleNamespace(
        backfill_id="b1", status=SimpleNamespace(value=status), run_config={"ops": {ASSET: {"config": GIVEN}}},
        backfill_timestamp=(datetime.now(UTC) - timedelta(minutes=minutes)).timestamp(),
        asset_backfill_data=SimpleNamespace(target_subset=SimpleNamespace(partitions_subsets_by_asset_key={APPROVED: subset})),
    )  # fmt: skip
    created = SimpleNamespace(create_timestamp=datetime.now(UTC))
    instance = SimpleNamespace(get_backfill=lambda _: backfill, get_run_record_by_id=lambda _: created)
    run = SimpleNamespace(tags={"dagster/backfill": "b1"})
    context = SimpleNamespace(instance=instance, run=run, run_id="r", partition_key=key)
    fields: dict[str, Any] = GIVEN | brought
    form = ApprovalForm(**fields | {"decision": Decision(fields["decision"])})
    return launch_of(context, key, form)  # type: ignore[arg-type]


def test_a_run_of_a_backfill_decides_for_all_of_its_keys() -> None:
    assert launch()[1] == KEYS


def test_a_key_that_the_backfill_does_not_target_stands_alone() -> None:
    assert launch(key="three")[1] == ("three",)


@pytest.mark.parametrize("status", ["CANCELING", "CANCELED", "FAILED", "COMPLETED_FAILED", "FAILING"])
def test_a_backfill_that_was_cancelled_or_failed_decides_nothing(status: str) -> None:
    with pytest.raises(WriteHeld, match="decides nothing"):
        launch(status=status)


def test_a_backfill_that_is_old_decides_nothing() -> None:
    with pytest.raises(WriteHeld, match="more than 15 minutes ago"):
        launch(minutes=16)


@pytest.mark.parametrize("name", ["proposal", "approver", "code", "note"])
def test_a_form_that_is_not_the_backfills_own_decides_nothing(name: str) -> None:
    with pytest.raises(WriteHeld, match="not the one that backfill b1 was given"):
        launch(**{name: "something else"})
    with pytest.raises(WriteHeld, match="not the one that backfill b1 was given"):
        launch(decision="reject")


def test_the_statuses_are_dagsters_own() -> None:
    from dagster._core.execution.backfill import BulkActionStatus

    assert {"REQUESTED", "COMPLETED_SUCCESS", "CANCELED", "CANCELING"} <= {
        status.value for status in BulkActionStatus
    }
    assert dg.AssetKey(["actions", "approved"]) == APPROVED
