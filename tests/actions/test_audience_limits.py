"""Limits of audiences: judged when proposed and again before anything is sent; those on money stay as they
were.
"""

import pytest

from assets.actions.execution.executor import WriteHeld
from assets.actions.guardrails.registry import judge, refusals
from resources.kinds.base import AUDIENCE_LIMITS, MONEY_LIMITS
from tests.actions.made import budget, pause, proposal
from tests.audiences.bureau import SMALL, Bureau
from tests.audiences.people_of import write_segments

PAUSE_DIGEST = "0f96f75919803772a7d529a777d72eb5ef38000bec77f331b3ae69ea6d6bf4ff"
BUDGET_DIGEST = "ac61495a415e218050eb67bfca4122d2e7276cc86bbb3ef5faa950d8a6f6795a"


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"least_matched": {"google_ads": 1000, "meta_ads": 1000, "linkedin_ads": 1000}}, "it needs 1000"),
        ({"lines": [], "least_matched": SMALL}, None),
    ],
)
def test_what_a_limit_forbids_is_not_proposed(bureau: Bureau, policy: dict, why: str | None) -> None:
    bureau.ask(**policy)
    asked = bureau.propose()
    assert asked.taken == []
    assert all(str(why) in told for told in asked.kept_back.values())
    assert bool(asked.kept_back) == (why is not None)


def test_taking_out_many_at_once_needs_the_policys_word(bureau: Bureau) -> None:
    bureau.filled("meta_ads")
    write_segments(bureau.lake, {"loyal": range(40)})
    asked = bureau.propose()
    (told,) = (why for name, why in asked.kept_back.items() if "meta_ads" in name)
    assert "33% of it would be taken out at once" in told
    bureau.lines[0]["may_shrink"] = True
    bureau.ask()
    bureau.filled("meta_ads")
    assert bureau.holds("meta_ads", range(40))


def test_limits_are_judged_again_before_anything_is_sent(bureau: Bureau) -> None:
    made = bureau.proposed("meta_ads")
    bureau.approve(made)
    bureau.lines = []
    bureau.ask()
    with pytest.raises(WriteHeld, match=r"approval does not hold any more: policy\.yaml has no audience"):
        bureau.carry_out(made.proposal_id)
    assert bureau.office.writes() == []


def test_special_ad_categories_let_no_rule_choose_people_by_who_they_are(bureau: Bureau) -> None:
    bureau.ask(special_category_accounts=["meta_ads 2000000001"])
    told = bureau.propose().kept_back["sync_audience meta_ads 2000000001 audience loyal.exclude"]
    assert "the segment's rule is not known" in told


def test_a_proposal_expires_after_a_week(bureau: Bureau) -> None:
    made = bureau.proposed("meta_ads")
    assert (made.expires_at - made.created_at).days == 7
    bureau.approve(made)
    bureau.office.later(days=7, minutes=1)
    with pytest.raises(WriteHeld, match="expired"):
        bureau.carry_out(made.proposal_id)
    assert bureau.office.writes() == []


def test_audiences_are_never_changed_by_a_program_alone(bureau: Bureau) -> None:
    made = bureau.proposed("meta_ads")
    for level in ("auto_safe", "auto_neutral"):
        for kind in ("sync_audience", "revert"):
            automatic = made.model_copy(update={"kind": kind, "level": level})
            assert bureau.office.gate.not_automatic(automatic) == f"the level {level} never does that"
    bureau.office.rewrite(permissions=[{"level": "auto_safe", "turned_on_by": ["alice"]}])
    write_segments(bureau.lake, {"loyal": range(50)})
    assert {one.level for one in bureau.propose().taken} == {"propose"}
    bureau.office.rewrite(permissions=[{"level": "observe"}])
    write_segments(bureau.lake, {"loyal": range(49)})
    assert all("only observes" in why for why in bureau.propose().kept_back.values())


def test_digests_of_proposals_about_money_are_what_they_were() -> None:
    """Worked out before audiences came: a proposal that waits keeps its digest over the update."""
    assert proposal(pause()).digest == PAUSE_DIGEST
    assert proposal(budget("100.00", "80.00")).digest == BUDGET_DIGEST


def test_money_and_audiences_have_limits_of_their_own(bureau: Bureau) -> None:
    made = bureau.proposed("meta_ads")
    assert [one.guardrail for one in made.verdicts] == list(AUDIENCE_LIMITS)
    assert all(one.holds for one in made.verdicts)
    assert set(MONEY_LIMITS) - set(AUDIENCE_LIMITS) >= {"amounts", "caps"}
    assert "amounts" not in AUDIENCE_LIMITS
    mixed = made.model_copy(update={"changes": (*made.changes, pause())})
    verdicts = judge(mixed, bureau.services.policy(), bureau.office.figures.around(), automatic=False)
    assert "alone" in {one.guardrail for one in refusals(verdicts)}
