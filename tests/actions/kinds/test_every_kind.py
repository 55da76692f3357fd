"""What holds for every kind of change on every platform that has it: approved, written once, seen in a later
reading, led back; and what becomes of it when answers get lost, people interfere, or time runs out.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assets.actions.execution.executor import WriteHeld
from assets.actions.execution.platform_writes import ProposalStale
from assets.actions.guardrails.registry import GUARDRAILS, refusals
from assets.actions.rendering import diff, invitation, key_facts, sheet
from assets.reports.notifications.action_notices import rows_of
from resources.kinds.base import Change, Image, Reversal
from resources.kinds.registry import KINDS, WRITERS
from resources.ledger.proposal import Proposal
from resources.ledger.states import State
from tests.actions.conftest import Office, new_database
from tests.actions.kinds.ad_texts import CASES as AD_TEXTS
from tests.actions.kinds.bids import CASES as BIDS
from tests.actions.kinds.case import KindCase
from tests.actions.kinds.conftest import ask
from tests.actions.kinds.negative_keywords import CASES as NEGATIVE_KEYWORDS
from tests.actions.kinds.negative_lists import CASES as NEGATIVE_LISTS
from tests.actions.kinds.new_ads import CASES as NEW_ADS
from tests.actions.mortals import Mortals, as_given, mortal_processes

CASES = (*NEGATIVE_KEYWORDS, *NEGATIVE_LISTS, *NEW_ADS, *AD_TEXTS, *BIDS)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
ONE_A_KIND = tuple({case.name.split(" ")[0]: case for case in CASES}.values())
one_case = pytest.mark.parametrize("case", CASES[:1], ids=lambda case: case.name)


@pytest.fixture(scope="module")
def mortals() -> Iterator[Mortals]:
    with mortal_processes() as processes:
        yield processes


@pytest.fixture
def office(open_kinds: Callable[[str], Office], tmp_path: Any) -> Office:
    return open_kinds(f"sqlite:///{tmp_path / 'ledger.db'}")


def live(office: Office, change: Change) -> Image:
    return office.figures.image(change)


def approved(office: Office, case: KindCase) -> Proposal:
    made = ask(office, case.request(office.sandbox), case.kind)
    assert refusals(made.verdicts) == []
    office.decide(made.proposal_id)
    return made


def test_every_kind_with_writers_of_its_own_has_a_case_on_every_platform() -> None:
    wanted = {(field, platform) for field, writers in WRITERS.items() for platform in writers}
    kinds = {(kind, case.platform) for case in CASES for kind in [case.name.split(" ")[0]]}
    assert wanted <= kinds
    for kind in KINDS.values():
        assert set(kind.limits) <= set(GUARDRAILS)


@every_case
def test_it_is_made_once_seen_later_and_led_back(case: KindCase, office: Office) -> None:
    made_seen_and_led_back(case, office)


@pytest.mark.parametrize("case", ONE_A_KIND, ids=lambda case: case.name)
def test_it_is_the_same_on_postgresql(
    case: KindCase, open_kinds: Callable[[str], Office], postgresql: Any
) -> None:
    made_seen_and_led_back(case, open_kinds(new_database(postgresql)))


def made_seen_and_led_back(case: KindCase, office: Office) -> None:
    made = approved(office, case)
    (change,) = made.changes
    assert not change.is_in(live(office, change))
    assert office.carry_out(made.proposal_id) == State.VERIFIED
    assert len(office.writes()) == case.requests
    office.later(hours=1)
    assert change.is_in(live(office, change))
    back = ask(office, Reversal(change), "revert", reverts=made.proposal_id)
    assert refusals(back.verdicts) == []
    office.decide(back.proposal_id)
    assert office.carry_out(back.proposal_id) == State.VERIFIED
    assert office.state(made.proposal_id) == State.REVERTED
    assert len(office.writes()) == case.requests + case.requests_back
    assert not change.is_in(live(office, change))
    assert office.services.ledger.audit.verify().broken is None


@every_case
def test_an_approver_sees_every_word_of_it_and_nobody_else_can_approve_it(
    case: KindCase, office: Office
) -> None:
    made = ask(office, case.request(office.sandbox), case.kind)
    for text in (diff(made), sheet(made), invitation(made, ui_url="http://ui.example")):
        for words in case.shown:
            assert words in text
    assert all(words in str(rows_of(made)) for words in case.shown)
    assert made.digest[:12] in made.summary
    assert key_facts(made)["change"]
    for level in ("auto_safe", "auto_neutral"):
        assert office.gate.not_automatic(made, level=level) == f"the level {level} never does that"


@every_case
def test_a_lost_answer_is_found_again_and_nothing_is_sent_twice(case: KindCase, office: Office) -> None:
    made = approved(office, case)
    office.sandbox.stage.faults.arm(case.platform, "lost_answer", after=case.requests - 1)
    assert office.carry_out(made.proposal_id) == State.VERIFIED
    assert office.carry_out(made.proposal_id) == State.VERIFIED
    assert len(office.writes()) == case.requests


@every_case
def test_a_lost_request_is_unknown_until_it_can_be_known(case: KindCase, office: Office) -> None:
    made = approved(office, case)
    office.sandbox.stage.faults.arm(case.platform, "lost_request", after=case.requests - 1)
    assert office.carry_out(made.proposal_id) == State.UNKNOWN
    office.later(minutes=16)
    assert office.carry_out(made.proposal_id) == State.FAILED
    assert len(office.writes()) == case.requests


@every_case
def test_what_somebody_changed_meanwhile_is_stale(case: KindCase, office: Office) -> None:
    made = approved(office, case)
    case.drift(office.sandbox)
    with pytest.raises(ProposalStale, match=r"Propose it anew|any more"):
        office.carry_out(made.proposal_id)
    assert office.state(made.proposal_id) == State.FAILED
    assert office.writes() == []


@one_case
def test_an_approval_runs_out(case: KindCase, office: Office) -> None:
    made = approved(office, case)
    office.later(hours=25)
    with pytest.raises(WriteHeld, match="expired"):
        office.carry_out(made.proposal_id)
    assert office.writes() == []


@pytest.mark.parametrize(
    ("case", "point"),
    [
        *((case, "after send") for case in CASES),
        *((case, point) for case in CASES[:1] for point in ("before send", "after answered")),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_killed_around_the_write_the_next_run_finishes_and_makes_nothing_twice(
    case: KindCase, point: str, office: Office, mortals: Mortals
) -> None:
    made = ask(office, case.request(office.sandbox), case.kind)
    assert mortals.die(point, as_given(office, made.proposal_id, case.platform)) == -9
    assert len(office.writes()) == (0 if point == "before send" else case.requests)
    office.later(minutes=20)
    state = office.carry_out(made.proposal_id)
    assert state == (State.FAILED if point == "before send" else State.VERIFIED)
    assert len(office.writes()) == (0 if point == "before send" else case.requests)
    (change,) = made.changes
    assert change.is_in(live(office, change)) is (state == State.VERIFIED)
