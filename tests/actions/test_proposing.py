"""Findings become proposals as far as limits and levels let them, each judged as if those before it had been
carried out.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from assets.actions.inputs import propose_findings
from assets.actions.rules.finding import EntityChangeRequest, Finding, prioritised
from resources.ledger.proposal import Effect, Target
from tests.actions.conftest import NOON, Office

SAFE = {"level": "auto_safe", "turned_on_by": ["alice"]}


def finding(target: Target, **wish: Any) -> Finding:
    kind = "pause_ad_set" if "status" in wish else "set_daily_budget"
    return Finding(
        kind=kind, change_requests=(EntityChangeRequest(target, **wish),), reason="because", evidence={"spend_a_day": 10.0, "expected_conversions": 40},
        effect=Effect(metric="none", words="none"), as_of=NOON.date() - timedelta(days=1), proposer="rule:test", weight=1.0,
    )  # fmt: skip


def made(office: Office, *found: Finding) -> tuple[list[str], list[str], int]:
    """Levels of what was proposed, reasons of what was kept back, and how many shadows there are."""
    drafts, taken = propose_findings(list(found), office.services, office.figures)
    return [one.level for one in taken], list(drafts.kept_back.values()), len(drafts.shadows)


def relaxed(office: Office, **permissions: Any) -> None:
    office.rewrite(
        permissions=[{"level": "propose"} | permissions], guardrails={"untouched_share": 0.0, "account_share_a_day_automatic": 1.0, "shadow_decisions": 0},
    )  # fmt: skip


def test_a_person_is_asked_and_the_shadow_remembers_what_would_have_been_done(office: Office) -> None:
    relaxed(office)
    assert made(office, finding(office.target("meta_ads"), status="paused")) == (["propose"], [], 1)


def test_observing_proposes_nothing(office: Office) -> None:
    relaxed(office, level="observe")
    levels, kept, shadows = made(office, finding(office.target("meta_ads"), status="paused"))
    assert (levels, shadows) == ([], 1)
    assert "only observes" in kept[0]
    assert office.services.ledger.proposals.entries() == []


def test_a_level_that_earned_it_acts_and_one_that_did_not_asks(office: Office) -> None:
    relaxed(office, **SAFE)
    assert made(office, finding(office.target("meta_ads"), status="paused"))[0] == ["auto_safe"]
    office.rewrite(guardrails=office.policy["guardrails"] | {"shadow_decisions": 20})
    assert made(office, finding(office.target("linkedin_ads"), status="paused"))[0] == ["propose"]


def test_a_rise_is_never_unasked(office: Office) -> None:
    relaxed(office, **SAFE)
    office.rewrite(guardrails=office.policy["guardrails"] | {"ceiling_share": 50})
    target = office.target("linkedin_ads", "campaign")
    assert made(office, finding(target, factor=Decimal("1.1")))[0] == ["propose"]


def test_together_they_keep_within_the_limits_of_a_day(office: Office) -> None:
    office.rewrite(guardrails={"untouched_share": 0.0, "pauses_a_day": 1})
    first, second = office.target("google_ads"), office.target("google_ads", nth=1)
    levels, kept, _ = made(office, finding(first, status="paused"), finding(second, status="paused"))
    assert levels == ["propose"]
    assert "2 pauses in account" in kept[0]


def test_people_are_asked_no_more_than_they_would_read_and_platforms_neither(office: Office) -> None:
    relaxed(office)
    office.rewrite(
        approval={"proposals_a_day": 2},
        guardrails={"untouched_share": 0.0, "pauses_share_a_day": 1.0, "account_share_a_day": 1.0},
    )
    found = [finding(office.target("meta_ads", nth=n), factor=Decimal("3.0")) for n in range(6)]
    found += [finding(office.target("meta_ads", nth=n), status="paused") for n in range(6)]
    drafts, taken = propose_findings(found, office.services, office.figures)
    assert (len(taken), len(drafts.kept_back), drafts.left) == (2, 6, 4)
    drafts, taken = propose_findings(found[:1] * 20, office.services, office.figures)
    assert (len(taken), drafts.left) == (0, 12)


def test_what_cannot_be_changed_is_kept_back_with_its_reason(office: Office) -> None:
    ad_set = office.target("google_ads")
    gone = ad_set.model_copy(update={"entity_id": "4242"})
    found = [
        finding(ad_set, factor=Decimal("0.9")),
        finding(ad_set, status="active"),
        finding(gone, status="paused"),
    ]
    levels, kept, _ = made(office, *found)
    assert levels == []
    assert "has no daily budget of its own: its campaign" in kept[0]
    assert "is active already" in kept[1]
    assert "none of that number" in kept[2]


def test_the_same_findings_again_propose_nothing_new(office: Office) -> None:
    one = finding(office.target("meta_ads"), status="paused")
    assert made(office, one)[0] == ["propose"]
    assert made(office, one)[0] == []


def test_pauses_of_underperformers_come_before_the_stops_that_keep_the_same_cap() -> None:
    def weighted(name: str, weight: float, *, emergency: bool = False, **wish: Any) -> Finding:
        target = Target(platform="meta_ads", account_id="a1", level="ad_set", entity_id=name)
        evidence = {"emergency": "yes" if emergency else "no"}
        return replace(finding(target, **wish), weight=weight, evidence=evidence)

    lower = Decimal("0.8")
    ordered = prioritised(
        [
            weighted("winner", -40.0, emergency=True, status="paused"),
            weighted("step", 90.0, factor=lower),
            weighted("weak", 10.0, status="paused"),
            weighted("worst", 60.0, status="paused"),
            weighted("lower budget", 5.0, emergency=True, factor=lower),
        ]
    )
    names = [item.target.entity_id for item in ordered]
    assert names == ["lower budget", "worst", "weak", "winner", "step"]
