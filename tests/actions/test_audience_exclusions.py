"""Keeping an audience out of a campaign or ad set: behind the gate, at a known cost, sent once, and undone by
another approval.
"""

import pytest

from assets.actions.audiences.inputs import propose_revert
from assets.actions.execution.executor import ProposalStale
from resources.ledger.proposal import Target
from tests.audiences.at_the_office import KeptOut
from tests.audiences.people_of import write_conversions
from tests.wire.audiences_at import PLATFORMS


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_an_audience_is_kept_out_after_an_approval_and_let_in_again_by_another(
    kept_out: KeptOut, platform: str
) -> None:
    bureau, target = kept_out(platform)
    write_conversions(bureau.lake, target, of_customers=1, of_strangers=9)
    client = bureau.services.platforms.audiences(platform)
    made = bureau.proposed(platform)
    assert made.kind == "exclude_audience"
    assert made.evidence["conversions_kept"] == pytest.approx(0.9)
    assert "60 people" in made.reason
    bureau.carry_out(made.proposal_id)
    assert client.excluded(target) == ()
    bureau.approve(made)
    assert bureau.carry_out(made.proposal_id) == "verified"
    kept = bureau.services.ledger.audiences.audience(
        Target(platform=platform, account_id=target.account_id, level="audience", entity_id="loyal.exclude")
    )
    assert kept is not None
    own = client.targeted_as(target.account_id, kept.audience_id or "")
    assert client.excluded(target) == (own,)
    assert [one for one in bureau.propose().taken if one.changes[0].target.platform == platform] == []
    entry = bureau.services.ledger.proposals.entry(made.proposal_id)
    assert entry is not None
    asked = propose_revert(
        entry,
        bureau.lake,
        bureau.services,
        bureau.office.gate,
        bureau.office.figures.around,
        reason="no use",
        name="bob",
    )
    (back,) = asked.taken
    bureau.approve(back)
    assert bureau.carry_out(back.proposal_id) == "verified"
    assert client.excluded(target) == ()


@pytest.mark.parametrize(
    ("customers", "strangers", "why"),
    [(4, 6, "60% of its conversions would be left"), (0, 0, "is not known")],
)
def test_an_exclusion_that_costs_too_much_or_nobody_knows_what_is_not_proposed(
    kept_out: KeptOut, customers: int, strangers: int, why: str
) -> None:
    bureau, target = kept_out("meta_ads")
    write_conversions(bureau.lake, target, of_customers=customers, of_strangers=strangers)
    told = bureau.propose().kept_back[f"exclude_audience {target.words}"]
    assert why in told


def test_nobody_is_kept_out_of_a_special_ad_category(
    kept_out: KeptOut,
) -> None:
    bureau, target = kept_out("meta_ads")
    write_conversions(bureau.lake, target, of_customers=0, of_strangers=9)
    stage = bureau.office.sandbox.stage
    account = stage.world.account("meta_ads", target.account_id)
    assert account is not None
    catalog = stage.market.catalog(account)
    row = catalog.index["ad_set"][int(target.entity_id)]
    campaign = int(catalog.campaigns.id[int(catalog.ad_sets.campaign[row])])
    stage.market.change(account, "campaign", campaign, "special_ad_categories", ["EMPLOYMENT"])
    assert (
        "EMPLOYMENT is a special ad category"
        in bureau.propose().kept_back[f"exclude_audience {target.words}"]
    )


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request", "ignored_write"])
def test_an_exclusion_without_an_answer_is_read_back_and_never_sent_again(
    kept_out: KeptOut, fault: str
) -> None:
    bureau, target = kept_out("meta_ads")
    write_conversions(bureau.lake, target, of_customers=0, of_strangers=9)
    made = bureau.proposed("meta_ads")
    bureau.approve(made)
    bureau.office.sandbox.stage.audit.clear()
    bureau.office.sandbox.stage.faults.arm("meta_ads", fault)
    bureau.carry_out(made.proposal_id)
    bureau.office.later(minutes=16)
    bureau.executor().read_back(made.proposal_id)
    assert bureau.office.state(made.proposal_id) == ("verified" if fault == "lost_answer" else "failed")
    assert len(bureau.office.writes()) == 1


def test_what_changed_at_the_platform_meanwhile_is_stale(
    kept_out: KeptOut,
) -> None:
    bureau, target = kept_out("meta_ads")
    write_conversions(bureau.lake, target, of_customers=0, of_strangers=9)
    made = bureau.proposed("meta_ads")
    bureau.approve(made)
    client = bureau.services.platforms.audiences("meta_ads")
    other = client.create(target.account_id, "Somebody's own")
    now = bureau.executor().writes.writers.image(made.changes[0])
    by_hand = made.changes[0].model_copy(update={"after": other, "image": now})
    client.exclude(by_hand, rehearse=False)
    with pytest.raises(ProposalStale):
        bureau.carry_out(made.proposal_id)
    assert client.excluded(target) == (other,)
