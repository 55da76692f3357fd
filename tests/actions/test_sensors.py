"""What happens to a proposal by itself: it is registered, announced until that worked, remembered, ended,
read back, retired.
"""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import pytest

from assets.actions.rules.finding import EntityChangeRequest
from assets.partitions import proposals
from resources.ledger.states import State
from sensors.proposals import automatic_runs, tick
from sensors.unknown_outcomes import read_back_outcomes, unknown_outcomes
from tests.actions.conftest import Office


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def keys(instance: dg.DagsterInstance) -> list[str]:
    return list(instance.get_dynamic_partitions(str(proposals.name)))


def pause(office: Office, platform: str = "meta_ads", **more: object) -> str:
    return office.propose(EntityChangeRequest(office.target(platform), status="paused"), **more).proposal_id


def test_a_new_proposal_becomes_a_partition_with_its_sheet(
    office: Office, instance: dg.DagsterInstance
) -> None:
    key = pause(office)
    tick(instance, office.services)
    assert keys(instance) == [key]
    event = instance.get_latest_materialization_event(dg.AssetKey(["actions", "proposal"]))
    assert event is not None
    shown = event.asset_materialization.metadata  # type: ignore[union-attr]
    assert {
        "change",
        "reason",
        "expected effect",
        "limits",
        "expires",
        "evidence",
        "digest",
        "decide here",
    } <= set(shown)
    assert "0 registered, 0 announced" in tick(instance, office.services)


def test_an_announcement_that_failed_is_made_again(office: Office, instance: dg.DagsterInstance) -> None:
    pause(office)
    deaf = office.services.settings.model_copy(update={"notify": "json://127.0.0.1:9/"})

    class Deaf(type(office.services)):  # type: ignore[misc]
        @property
        def notifier(self) -> object:
            class Nobody:
                def tell(self, *_: str) -> bool:
                    return False

            return Nobody()

    services = Deaf(deaf, office.services.platforms)
    assert "1 registered, 0 announced" in tick(instance, services)
    assert "0 registered, 0 announced" in tick(instance, services)
    assert "0 registered, 1 announced" in tick(instance, office.services)
    assert "0 registered, 0 announced" in tick(instance, office.services)


def test_it_is_remembered_twice_and_then_expires(office: Office, instance: dg.DagsterInstance) -> None:
    key = pause(office)
    tick(instance, office.services)
    office.later(hours=12.5)
    assert "1 reminded" in tick(instance, office.services)
    office.later(hours=10)
    assert "1 reminded" in tick(instance, office.services)
    office.later(hours=2)
    assert "1 expired" in tick(instance, office.services)
    assert office.state(key) == State.EXPIRED


def test_what_has_ended_leaves_the_ui_and_stays_in_the_ledger(
    office: Office, instance: dg.DagsterInstance
) -> None:
    key = pause(office)
    tick(instance, office.services)
    office.decide(key, decision="reject")
    office.later(days=91)
    assert "1 retired" in tick(instance, office.services)
    assert keys(instance) == []
    assert office.state(key) == State.REJECTED


def test_an_unknown_outcome_is_read_back_and_never_sent_again(
    office: Office, instance: dg.DagsterInstance
) -> None:
    key = pause(office)
    office.decide(key)
    office.sandbox.stage.faults.arm("meta_ads", "lost_request")
    assert office.carry_out(key) == State.UNKNOWN
    office.later(minutes=16)
    given = {"lake": office.lake, "services": office.services}
    requested = unknown_outcomes(
        dg.build_sensor_context(instance=instance, resources={"services": office.services})
    )
    assert isinstance(requested, dg.SensorResult)
    assert len(requested.run_requests or []) == 1
    assert read_back_outcomes.execute_in_process(instance=instance, resources=given).success
    assert office.state(key) == State.FAILED
    assert len(office.writes()) == 1


AUTOMATIC = [{"level": "propose"}, {"level": "auto_safe", "platform": "meta_ads", "turned_on_by": ["alice"]}]


def test_an_automatic_level_acts_only_once_its_shadow_earned_it(
    office: Office, instance: dg.DagsterInstance
) -> None:
    office.rewrite(
        permissions=AUTOMATIC,
        guardrails={"untouched_share": 0.0, "shadow_decisions": 2, "account_share_a_day_automatic": 1.0},
    )
    waiting = pause(office)
    entry = office.services.ledger.proposals.members(waiting)[0].proposal
    office.decide(waiting, decision="reject")
    made = entry.model_copy(update={"proposal_id": "an.automatic.proposal", "level": "auto_safe"})
    assert office.services.ledger.proposals.propose(made)
    assert [run.partition_key for run in automatic_runs(office.services)] == [made.proposal_id]
    with pytest.raises(Exception, match="in the shadow 0 of 0 were right"):
        office.decide(made.proposal_id, decision="automatic", code="")
    assert office.state(made.proposal_id) == State.PROPOSED
    for number, verdict in enumerate(("approve", "approve")):
        office.services.ledger.shadows.record(
            f"s{number}", scope="meta_ads", level="auto_safe", body={}, proposal_id=other(office, verdict)
        )
    office.decide(made.proposal_id, decision="automatic", code="")
    assert office.carry_out(made.proposal_id) == State.VERIFIED
    assert len(office.writes()) == 1


def other(office: Office, verdict: str) -> str:
    """Another proposal that a person decided on."""
    office.later(seconds=60)
    nth = int((office.now - office.now.replace(minute=0, second=0)) / timedelta(minutes=1)) % 2
    key = office.propose(
        EntityChangeRequest(office.target("linkedin_ads", nth=nth), status="paused")
    ).proposal_id
    office.decide(key, decision=verdict)
    return key
