"""What happens to a proposal by itself: it is registered, announced until that worked, remembered, ended, read back, retired."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import pytest

from assets.actions.rules.finding import Wish
from assets.partitions import proposals
from resources.ledger.states import State
from sensors.proposals import automatic_runs, tick
from sensors.unknown_outcomes import unknown_outcomes
from tests.actions.conftest import Office


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def keys(instance: dg.DagsterInstance) -> list[str]:
    return list(instance.get_dynamic_partitions(str(proposals.name)))


def pause(office: Office, platform: str = "meta_ads", **more: object) -> str:
    return office.propose(Wish(office.target(platform), status="paused"), **more).proposal_id


def test_a_new_proposal_becomes_a_partition_with_its_sheet(
    office: Office, instance: dg.DagsterInstance
) -> None:
    key = pause(office)
    tick(instance, office.desk)
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
    assert "0 registered, 0 announced" in tick(instance, office.desk)


def test_an_announcement_that_failed_is_made_again(office: Office, instance: dg.DagsterInstance) -> None:
    pause(office)
    deaf = office.desk.settings.model_copy(update={"notify": "json://127.0.0.1:9/"})

    class Deaf(type(office.desk)):  # type: ignore[misc]
        @property
        def notifier(self) -> object:
            class Nobody:
                def tell(self, *_: str) -> bool:
                    return False

            return Nobody()

    desk = Deaf(deaf, office.desk.platforms)
    assert "1 registered, 0 announced" in tick(instance, desk)
    assert "0 registered, 0 announced" in tick(instance, desk)
    assert "0 registered, 1 announced" in tick(instance, office.desk)
    assert "0 registered, 0 announced" in tick(instance, office.desk)


def test_it_is_remembered_twice_and_then_expires(office: Office, instance: dg.DagsterInstance) -> None:
    key = pause(office)
    tick(instance, office.desk)
    office.later(hours=12.5)
    assert "1 reminded" in tick(instance, office.desk)
    office.later(hours=10)
    assert "1 reminded" in tick(instance, office.desk)
    office.later(hours=2)
    assert "1 expired" in tick(instance, office.desk)
    assert office.state(key) == State.EXPIRED


def test_what_has_ended_leaves_the_ui_and_stays_in_the_ledger(
    office: Office, instance: dg.DagsterInstance
) -> None:
    key = pause(office)
    tick(instance, office.desk)
    office.decide(key, decision="reject")
    office.later(days=91)
    assert "1 retired" in tick(instance, office.desk)
    assert keys(instance) == []
    assert office.state(key) == State.REJECTED


def test_an_unknown_outcome_is_read_back_and_never_sent_again(
    office: Office, instance: dg.DagsterInstance
) -> None:
    key = pause(office)
    office.decide(key)
    office.sandbox.stage.faults.arm("meta_ads", "lost_request")
    assert office.carry_out(key) == State.UNKNOWN
    office.later(seconds=70)
    context = dg.build_sensor_context(instance=instance, resources={"lake": office.lake, "desk": office.desk})
    found = unknown_outcomes(context)
    assert "failed" in str(getattr(found, "skip_message", found))
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
    entry = office.desk.ledger.members(waiting)[0].proposal
    office.decide(waiting, decision="reject")
    made = entry.model_copy(update={"proposal_id": "an.automatic.proposal", "level": "auto_safe"})
    assert office.desk.ledger.propose(made)
    assert [run.partition_key for run in automatic_runs(office.desk)] == [made.proposal_id]
    with pytest.raises(Exception, match="in the shadow 0 of 0 were right"):
        office.decide(made.proposal_id, decision="automatic", code="")
    assert office.state(made.proposal_id) == State.PROPOSED
    for number, verdict in enumerate(("approve", "approve")):
        office.desk.ledger.overshadow(
            f"s{number}", scope="meta_ads", level="auto_safe", body={}, proposal_id=other(office, verdict)
        )
    office.decide(made.proposal_id, decision="automatic", code="")
    assert office.carry_out(made.proposal_id) == State.VERIFIED
    assert len(office.writes()) == 1


def other(office: Office, verdict: str) -> str:
    """Another proposal that a person decided on."""
    office.later(seconds=60)
    nth = int((office.now - office.now.replace(minute=0, second=0)) / timedelta(minutes=1)) % 2
    key = office.propose(Wish(office.target("linkedin_ads", nth=nth), status="paused")).proposal_id
    office.decide(key, decision=verdict)
    return key
