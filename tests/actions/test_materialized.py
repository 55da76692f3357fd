"""The ops of `actions/approved` as a run executes them, with the resources they ask for and nothing else."""

import dagster as dg
import pytest

from assets.actions.assets import approved, form_for
from assets.actions.assets import proposal as proposal_spec
from assets.actions.inputs import ActionPath
from assets.actions.rendering import ASSET
from assets.actions.rules.finding import EntityChangeRequest
from assets.partitions import proposals
from resources.ledger.states import State
from tests.actions.conftest import Office


def materialized(office: Office, key: str, **fields: str) -> dg.ExecuteInProcessResult:
    """A run of the approval for one key: the job's form, with these fields filled in."""
    config = form_for(key, office.services)
    config["ops"][ASSET]["config"] |= fields
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(proposals.name), [key])
        return dg.materialize(
            [approved, proposal_spec], selection=[approved], partition_key=key, run_config=config, instance=instance, raise_on_error=False,
            resources={"ledger": office.services.ledger, "action_path": ActionPath(office.services, office.lake)},
        )  # fmt: skip


def failure(result: dg.ExecuteInProcessResult) -> str:
    (event,) = result.get_step_failure_events()
    return str(event.step_failure_data.user_failure_data.description)  # type: ignore[union-attr]


@pytest.fixture
def key(office: Office) -> str:
    return office.propose(EntityChangeRequest(office.target("meta_ads"), status="paused")).proposal_id


def test_a_reference_in_the_form_approves_and_the_run_carries_it_out(office: Office, key: str) -> None:
    reference = office.record("alice", {key: "approve"}, office.code("alice"))
    result = materialized(office, key, decision="approve", approver="alice", code=reference)
    assert result.success
    assert office.state(key) == State.VERIFIED
    assert len(office.writes()) == 1
    again = materialized(office, key, decision="approve", approver="alice", code=reference)
    assert again.success
    assert len(office.writes()) == 1


def test_six_digits_in_the_form_are_refused_in_one_sentence(office: Office, key: str) -> None:
    result = materialized(office, key, decision="approve", approver="alice", code=office.code("alice"))
    assert not result.success
    assert failure(result).startswith("Six digits prove a person and not a decision")
    assert (office.state(key), office.writes()) == (State.PROPOSED, [])


def test_an_undecided_form_changes_nothing(office: Office, key: str) -> None:
    result = materialized(office, key)
    assert failure(result).startswith("decision is undecided, so nothing happened")
    assert office.state(key) == State.PROPOSED


def test_what_a_person_rejected_is_recorded_and_not_carried_out(office: Office, key: str) -> None:
    reference = office.record("alice", {key: "reject"}, office.code("alice"))
    result = materialized(office, key, decision="reject", approver="alice", code=reference)
    assert result.success
    assert (office.state(key), office.writes()) == (State.REJECTED, [])
    again = materialized(office, key, decision="approve", approver="alice", code=reference)
    assert again.success  # it is decided already, so the run changes nothing
    assert (office.state(key), office.writes()) == (State.REJECTED, [])
