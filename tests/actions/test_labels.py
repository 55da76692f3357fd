"""Labels at the platform as guardrails: what carries a protected one is neither proposed nor written, nor is
what nobody could read.
"""

import json
from decimal import Decimal

import pandas as pd
import pytest

from assets.actions.execution.executor import WriteHeld
from assets.actions.execution.platform_writes import ProposalStale
from assets.actions.rules.finding import EntityChangeRequest
from assets.signals.underperformers.candidates import verdicts
from resources.kinds.daily_budget.change import BudgetChange
from resources.ledger.proposal import Image, Proposal, Target
from resources.ledger.states import State
from resources.policy.policy import Policy
from sandbox.control import edit_by_hand
from tests.actions.conftest import Office
from tests.actions.judged import POLICY, verdict
from tests.actions.made import image, pause, proposal
from tests.actions.test_proposing import SAFE, finding, made, relaxed

BY_LABEL = {"labels": {"protected": {"platform_label": ["Do not touch", "protected"]}}}
PLATFORMS = ("google_ads", "meta_ads")


@pytest.mark.parametrize(
    ("labels", "holds"),
    [
        (("protected",), False),
        (("DO NOT TOUCH",), False),
        (("protected not",), True),
        ((), True),
        (None, None),
    ],
)
def test_a_label_at_the_platform_protects(labels: tuple[str, ...] | None, *, holds: bool | None) -> None:
    assert verdict("never", pause(labels=labels), policy=BY_LABEL) is holds


def test_labels_that_no_policy_asks_for_need_not_be_known() -> None:
    assert verdict("never", pause(labels=None)) is True


def test_what_its_name_protects_is_protected_whatever_it_carries() -> None:
    both = {"labels": {"brand": {"campaign_name": ["brand"], "platform_label": ["brand"]}}}
    assert verdict("never", pause(campaign_name="My Brand", labels=()), policy=both) is False


def test_proposals_from_before_labels_were_read_keep_their_digest() -> None:
    before = proposal(pause())
    assert '"labels"' not in before.body
    assert Proposal.model_validate_json(before.body).digest == before.digest
    after = proposal(pause(labels=("evergreen",)))
    assert after.changes[0].image.labels == Proposal.model_validate_json(after.body).changes[0].image.labels
    assert proposal(pause(labels=())).digest != before.digest


def put(office: Office, target: Target, *names: str) -> None:
    account = office.sandbox.stage.world.account(target.platform, target.account_id)
    assert account is not None
    edit_by_hand(office.sandbox.stage, account, target.level, int(target.entity_id), "labels", names)


def lenient(office: Office, **more: object) -> None:
    relaxed(office, **more)
    office.rewrite(
        labels=office.policy["labels"] | BY_LABEL["labels"],
        guardrails=office.policy["guardrails"] | {"human_edit_hours": 0.0},
    )


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    ("label", "why"),
    [("protected", "carries the label protected"), ("of no name", "labels of .* could not be read")],
)
def test_what_is_protected_or_cannot_be_read_is_not_proposed(
    office: Office, platform: str, label: str, why: str
) -> None:
    target = office.target(platform)
    lenient(office, **SAFE)
    put(office, target, label)
    office.later(minutes=1)
    levels, kept, shadows = made(office, finding(target, status="paused"))
    assert (levels, shadows) == ([], 0)
    assert pd.Series(kept).str.contains(why).all()
    assert office.services.ledger.proposals.entries() == []


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("label", ["protected", "of no name"])
def test_a_label_that_was_put_on_after_the_yes_stops_the_write(
    office: Office, platform: str, label: str
) -> None:
    lenient(office)
    target = office.target(platform)
    put(office, target)
    office.later(minutes=1)
    key = office.propose(EntityChangeRequest(target, status="paused")).proposal_id
    office.decide(key)
    put(office, target, label)
    office.later(minutes=1)
    with pytest.raises(ProposalStale, match=r"labels was \(\) and is"):
        office.carry_out(key)
    assert office.writes() == []
    assert office.state(key) == State.FAILED


@pytest.mark.parametrize("label", ["protected", "of no name"])
def test_what_was_approved_all_the_same_is_held_at_the_write(office: Office, label: str) -> None:
    lenient(office)
    target = office.target("google_ads")
    put(office, target, label)
    office.later(minutes=1)
    key = office.propose(EntityChangeRequest(target, status="paused")).proposal_id
    office.decide(key)
    with pytest.raises(WriteHeld, match="never: "):
        office.carry_out(key)
    assert office.writes() == []
    assert office.state(key) == State.APPROVED


def test_a_permission_by_label_holds_for_what_carries_it_and_never_for_what_is_unknown(
    office: Office,
) -> None:
    relaxed(office)
    office.rewrite(
        labels=office.policy["labels"] | {"playground": {"platform_label": ["evergreen"]}},
        permissions=[{"level": "propose"}, SAFE | {"label": "playground"}],
        guardrails=office.policy["guardrails"] | {"human_edit_hours": 0.0},
    )
    target = office.target("meta_ads")
    put(office, target, "evergreen")
    office.later(minutes=1)
    assert made(office, finding(target, status="paused"))[0] == ["auto_safe"]
    other = office.target("meta_ads", nth=1)
    put(office, other, "evergreen", "of no name")
    office.later(minutes=1)
    assert made(office, finding(other, status="paused"))[0] == []


def test_an_automatic_level_needs_labels_that_were_read(office: Office) -> None:
    lenient(office, **SAFE)
    change = BudgetChange(
        target=office.target("meta_ads"), before="60.00", after="50.00",
        image=Image(**image(daily_budget=Decimal(60)).model_dump() | {"labels": None}),
    )  # fmt: skip
    why = office.gate.not_automatic(proposal(change, level="auto_safe"), level="auto_safe")
    assert why is not None
    assert "could not be read" in why


def test_a_labelled_ad_set_gets_no_verdict_that_would_stop_it() -> None:
    days = pd.date_range("2026-10-26", "2026-11-22")
    row = {
        "platform": "meta_ads",
        "account_id": "a",
        "campaign_id": "c",
        "impressions": 9e4,
        "clicks": 900.0,
        "spend": 100.0,
    }
    rows = [
        row
        | {"ad_set_id": own, "day": day, "conversions": found, "conversion_value": found * 50, "matured": 1.0}
        for own, found in (("bad", 0.2), ("labelled", 0.2), ("above", 0.2), ("beside", 0.2), ("good", 9.0))
        for day in days
    ]
    sets = pd.DataFrame(rows).assign(
        campaign_id=lambda frame: frame["ad_set_id"].map({"above": "d", "beside": "d"}).fillna("c")
    )
    entities = pd.DataFrame(
        [
            {"platform": "meta_ads", "account_id": "a", "level": level, "entity_id": own, "campaign_id": above, "name": own,
             "status": "active", "learning_state": None, "labels": labels}
            for level, own, above, labels in (
                ("campaign", "c", "c", "[]"), ("campaign", "d", "d", json.dumps(["protected"])), ("ad_set", "bad", "c", "[]"),
                ("ad_set", "labelled", "c", json.dumps(["other", "Protected"])), ("ad_set", "above", "d", None),
                ("ad_set", "beside", "d", "[]"), ("ad_set", "good", "c", None),
            )
        ]
    )  # fmt: skip
    policy = Policy.model_validate(POLICY | BY_LABEL | {"target_roas": {"meta_ads": 3.0}})
    found = verdicts(sets, sets, entities, as_of=days[-1].date(), policy=policy).set_index("ad_set_id")[
        "verdict"
    ]
    assert found.to_dict() == {
        "bad": "pause",
        "labelled": "protected",
        "above": "protected",
        "beside": "protected",
        "good": "fine",
    }
