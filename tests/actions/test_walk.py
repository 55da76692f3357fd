"""How many files somebody has to open to follow a finding to its receipt."""

from assets.actions.execution.receipts import receipt
from assets.actions.inputs import propose_findings
from assets.actions.rules.finding import EntityChangeRequest, Finding
from resources.ledger.proposal import Effect
from resources.ledger.states import State
from tests.actions.conftest import NOON, Office
from tests.walks import call_chains

PROPOSED = "resources/ledger/proposals.py:ProposalStore.propose"
JUDGED = "assets/actions/guardrails/registry.py:judge"
RECORDED = "resources/ledger/decisions.py:DecisionStore.record"
REDEEMED = "resources/ledger/decisions.py:DecisionStore.redeem"
INTENDED = "resources/ledger/writes.py:WriteStore.intend"
SENT = "resources/platforms/meta_ads_write.py:MetaAdsWriter.send"
CLOSED = "resources/ledger/proposals.py:ProposalStore.move"
RECEIPT = "assets/actions/execution/receipts.py:receipt"
MOST_FILES = 20


def test_a_finding_reaches_its_receipt_through_few_files(office: Office) -> None:
    finding = Finding(
        kind="pause_ad_set", change_requests=(EntityChangeRequest(office.target("meta_ads"), status="paused"),), reason="because",
        evidence={"spend_a_day": 20.0, "expected_conversions": 99}, effect=Effect(metric="none", words="none"),
        as_of=NOON.date().replace(day=22), proposer="rule:test", weight=1.0,
    )  # fmt: skip
    ends = [PROPOSED, JUDGED, RECORDED, REDEEMED, INTENDED, SENT, CLOSED, RECEIPT]
    with call_chains(ends) as chains:
        _, (made,) = propose_findings([finding], office.services, office.figures)
        key = made.proposal_id
        office.decide(key, code=office.record("alice", {key: "approve"}, office.code("alice")))
        assert office.carry_out(key) == State.VERIFIED
        (entry,) = office.services.ledger.proposals.members(key)
        receipt(office.services.ledger, entry)
    for end, chain in chains.items():
        assert chain, end
    entered = set().union(*chains.values())
    assert len(entered) <= MOST_FILES, sorted(entered)
