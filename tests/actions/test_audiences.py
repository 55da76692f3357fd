"""Audiences behind the gate: nothing is sent before somebody approves, exactly that is sent then, and people get out without asking."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.actions.execution import Held, Stale
from assets.actions.guardrails import LIMITS, LIMITS_OF_AUDIENCES, judge, refusals
from assets.audiences.figures import propose_revert
from resources.lake import Lake
from resources.ledger.proposal import Target
from tests.actions.conftest import Office
from tests.actions.made import budget, pause, proposal
from tests.audiences.bureau import LINES, SMALL, Bureau
from tests.audiences.people_of import expected, later, record, write_conversions, write_people, write_segments
from tests.wire.audiences_at import PLATFORMS, held

PEOPLE = range(60)
PAUSE_DIGEST = "0f96f75919803772a7d529a777d72eb5ef38000bec77f331b3ae69ea6d6bf4ff"
BUDGET_DIGEST = "ac61495a415e218050eb67bfca4122d2e7276cc86bbb3ef5faa950d8a6f6795a"


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty people in a segment, who all agree; copied for each test."""
    lake = Lake(tmp_path_factory.mktemp("books") / "lake")
    write_people(lake, [record(n) for n in PEOPLE])
    write_segments(lake, {"loyal": PEOPLE})
    return Path(lake.root)


@pytest.fixture
def bureau(request: pytest.FixtureRequest, office: Office, books: Path, tmp_path: Path) -> Bureau:
    """With one audience: at the platform that the test is about, else at Meta."""
    own = request.getfixturevalue("platform") if "platform" in request.fixturenames else "meta_ads"
    shutil.copytree(books, tmp_path / "books")
    return Bureau(office, Lake(tmp_path / "books"), [dict(line) for line in LINES if line["platform"] == own])


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_nothing_is_sent_without_an_approval(bureau: Bureau) -> None:
    bureau.lines = LINES
    bureau.ask()
    taken = bureau.propose().taken
    assert {one.changes[0].target.platform for one in taken} == set(PLATFORMS)
    for made in taken:
        bureau.carry_out(made.proposal_id)
        assert bureau.office.state(made.proposal_id) == "proposed"
    bureau.office.decide(taken[0].proposal_id, decision="reject")
    bureau.carry_out(taken[0].proposal_id)
    assert bureau.remove() == []
    assert bureau.office.writes() == []
    assert bureau.office.sandbox.stage.audiences.truth(None) == []


def test_an_approved_audience_is_made_and_holds_exactly_the_segment(bureau: Bureau, platform: str) -> None:
    made = bureau.filled(platform)
    assert bureau.holds(platform, PEOPLE)
    assert len(bureau.office.sandbox.stage.audiences.truth(None)) == 1
    assert made.changes[0].words.startswith("0 -> 60 people (+60, -0)")
    assert [one for one in bureau.propose().taken if one.changes[0].target.platform == platform] == []


def test_it_follows_the_segment_with_a_new_approval_each_time(bureau: Bureau, platform: str) -> None:
    first = bureau.filled(platform)
    write_people(bureau.lake, [record(n) for n in range(70)], at=later(1))
    write_segments(bureau.lake, {"loyal": range(5, 70)})
    second = bureau.proposed(platform)
    assert second.changes[0].before == first.changes[0].after
    assert second.changes[0].step is not None
    assert (second.changes[0].step.adds, second.changes[0].step.removes) == (10, 5)
    bureau.carry_out(second.proposal_id)
    assert bureau.holds(platform, PEOPLE)
    bureau.approve(second)
    assert bureau.carry_out(second.proposal_id) == "verified"
    assert bureau.holds(platform, range(5, 70))


@pytest.mark.parametrize("fault", ["lost_answer", "half_upload"])
def test_a_half_failed_upload_is_finished_under_the_same_approval(
    bureau: Bureau, platform: str, fault: str
) -> None:
    bureau = bureau.impatient()
    made = bureau.proposed(platform)
    bureau.approve(made)
    # The first write makes the audience, and the second is an upload.
    bureau.office.sandbox.stage.faults.arm(platform, fault, times=2)
    work = bureau.executor()
    work.apply(made.proposal_id)
    assert bureau.office.state(made.proposal_id) == "executing"
    for _ in range(5):
        if work.read_back(made.proposal_id) == "verified":
            break
    assert bureau.office.state(made.proposal_id) == "verified"
    assert bureau.holds(platform, PEOPLE)
    assert len(bureau.office.sandbox.stage.audiences.truth(platform)) == 1


def test_a_platform_that_stays_silent_is_left_after_two_days_and_the_next_proposal_goes_on(
    bureau: Bureau,
) -> None:
    hasty = bureau.impatient()
    made = hasty.proposed("meta_ads")
    hasty.approve(made)
    hasty.office.sandbox.stage.faults.arm("meta_ads", "half_upload", times=1000)
    work = hasty.executor()
    work.apply(made.proposal_id)
    work.read_back(made.proposal_id)
    assert hasty.office.state(made.proposal_id) == "unknown"
    hasty.office.later(days=2, minutes=1)
    work.read_back(made.proposal_id)
    assert hasty.office.state(made.proposal_id) == "failed"
    hasty.office.sandbox.stage.faults.clear()
    assert 0 < len(held(hasty.office.sandbox, "meta_ads")) < len(expected("meta_ads", PEOPLE))
    bureau.filled("meta_ads")
    assert bureau.holds("meta_ads", PEOPLE)


def test_whoever_withdrew_while_it_waited_is_not_let_in(bureau: Bureau, platform: str) -> None:
    made = bureau.proposed(platform)
    bureau.approve(made)
    write_people(bureau.lake, [record(n, agrees=n not in {3, 4}) for n in range(59)], at=later(1))
    assert bureau.carry_out(made.proposal_id) == "verified"
    assert bureau.holds(platform, [n for n in range(59) if n not in {3, 4}])


def test_nobody_is_let_in_where_the_crm_cannot_be_read(bureau: Bureau, tmp_path: Path) -> None:
    made = bureau.proposed("meta_ads")
    bureau.approve(made)
    with pytest.raises(Held, match="who agrees to advertising is not known"):
        Bureau(bureau.office, Lake(tmp_path / "empty")).carry_out(made.proposal_id)
    assert bureau.office.writes() == []


def test_whoever_withdraws_leaves_without_a_new_approval_and_nobody_comes(
    bureau: Bureau, platform: str
) -> None:
    bureau.filled(platform)
    gone = {0, 1, 2}
    write_people(
        bureau.lake, [record(n, agrees=n not in gone) for n in range(80)], at=later(1)
    )  # twenty more agreed, and nobody approved them
    write_segments(bureau.lake, {"loyal": range(80)})
    for _ in range(3):
        removals = [one for one in bureau.remove() if platform in one.audience]
    assert bureau.holds(platform, [n for n in PEOPLE if n not in gone])
    assert removals[0].left == 0
    assert (bureau.remove()[0].removed, bureau.remove()[0].left) == (0, 0)


def test_everybody_who_said_no_goes_however_many_and_a_misread_crm_takes_nobody(bureau: Bureau) -> None:
    bureau.filled("meta_ads")
    write_people(bureau.lake, [record(n, agrees=None if n < 20 else True) for n in PEOPLE], at=later(1))
    (told,) = bureau.remove()
    assert (told.refused, told.removed) == (0, 0)
    assert told.left > 0
    assert "until somebody has looked" in told.why
    assert bureau.holds("meta_ads", PEOPLE)
    write_people(bureau.lake, [record(n, agrees=None if n < 5 else True) for n in PEOPLE], at=later(2))
    bureau.remove()
    assert bureau.holds("meta_ads", range(5, 60))
    write_people(bureau.lake, [record(n, agrees=False) for n in PEOPLE], at=later(3))
    bureau.remove()
    assert held(bureau.office.sandbox, "meta_ads") == set()


def test_the_kill_switch_holds_everything_and_says_who_is_late(bureau: Bureau) -> None:
    made = bureau.filled("meta_ads")
    write_people(bureau.lake, [record(n, agrees=n > 2) for n in PEOPLE], at=later(1))
    write_segments(bureau.lake, {"loyal": range(3, 60)})
    bureau.office.sandbox.stage.audit.clear()
    bureau.desk.ledger.turn("kill", on=True, person="alice", reason="a test")
    (told,) = bureau.remove()
    assert "kill switch" in told.why
    assert told.left > 0
    assert bureau.office.writes() == []
    bureau.desk.ledger.turn("kill", on=False, person="alice", reason="a test")
    for _ in range(3):
        bureau.remove()
    assert bureau.holds("meta_ads", range(3, 60))
    assert made.changes[0].target.level == "audience"


def test_an_audience_that_was_filled_otherwise_meanwhile_is_stale(bureau: Bureau) -> None:
    made = bureau.proposed("meta_ads")
    bureau.approve(made)
    ledger = bureau.desk.ledger
    kept = ledger.audience(made.changes[0].target)
    assert kept is not None
    ledger.filled(kept.number, "0" * 64, people=1, identifiers=1)
    with pytest.raises(Stale, match="is not what was approved"):
        bureau.carry_out(made.proposal_id)
    assert bureau.office.state(made.proposal_id) == "failed"
    assert bureau.office.writes() == []


def test_a_plan_that_is_not_what_was_approved_is_never_carried_out(bureau: Bureau) -> None:
    made = bureau.proposed("meta_ads")
    bureau.approve(made)
    with bureau.desk.ledger._engine.begin() as connection:
        connection.exec_driver_sql(
            "update audience_plan set sha256 = 'a' || substr(sha256, 2) where kind = 'email'"
        )
    with pytest.raises(Stale, match="no longer laid down as it was approved"):
        bureau.carry_out(made.proposal_id)
    assert bureau.office.writes() == []


def test_plans_are_erased_once_nobody_waits_for_them(bureau: Bureau) -> None:
    made = bureau.proposed("meta_ads")
    after = made.changes[0].after
    bureau.propose()
    assert bureau.desk.ledger.planned(after)
    bureau.office.decide(made.proposal_id, decision="reject")
    write_segments(bureau.lake, {"loyal": range(50)})
    bureau.propose()
    assert bureau.desk.ledger.planned(after) is None


def test_a_revert_takes_out_whom_the_sync_let_in_and_nobody_else(bureau: Bureau, platform: str) -> None:
    bureau.filled(platform)
    write_people(bureau.lake, [record(n) for n in range(70)], at=later(1))
    write_segments(bureau.lake, {"loyal": range(5, 70)})
    second = bureau.filled(platform)
    entry = bureau.desk.ledger.entry(second.proposal_id)
    assert entry is not None
    asked = propose_revert(
        entry,
        bureau.lake,
        bureau.desk,
        bureau.office.gate,
        bureau.office.figures.around,
        reason="a slip",
        name="bob",
    )
    (back,) = asked.taken
    assert back.changes[0].step is not None
    assert (back.changes[0].step.adds, back.changes[0].step.removes) == (0, 10)
    assert bureau.holds(platform, range(5, 70))
    bureau.approve(back)
    assert bureau.carry_out(back.proposal_id) == "verified"
    assert bureau.holds(platform, range(5, 60))
    assert bureau.office.state(second.proposal_id) == "reverted"


# Limits


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
    with pytest.raises(Held, match=r"policy: policy.yaml has no audience"):
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
    with pytest.raises(Held, match="expired"):
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


def test_no_hash_reaches_ledger_texts_summaries_or_messages(bureau: Bureau, platform: str) -> None:
    hasty = bureau.impatient()
    made = hasty.proposed(platform)
    hasty.approve(made)
    hasty.office.sandbox.stage.faults.arm(platform, "half_upload", times=3)
    said: list[str] = []
    work = hasty.executor(say=said.append)
    work.apply(made.proposal_id)
    for _ in range(6):
        work.read_back(made.proposal_id)
    bureau.remove()
    ledger = bureau.desk.ledger
    texts = [made.body, made.summary, *said, *(str(row) for row in ledger.audit())]
    texts += [str(one) for one in ledger.writes(made.proposal_id)]
    texts += [str(bureau.desk.ledger.entry(made.proposal_id))]
    hashes = {one.split(":")[1] for one in expected(platform, PEOPLE)}
    assert held(bureau.office.sandbox, platform)
    assert not any(own in text for own in hashes for text in texts)
    assert not any(
        own in str(request) for own in hashes for request in bureau.office.sandbox.stage.audit.requests()
    )


# Exclusions


@pytest.fixture
def kept_out(bureau: Bureau) -> Callable[[str], tuple[Bureau, Target]]:
    """A platform's filled audience, and a campaign or ad set that its line names, with orders of strangers there."""

    def made(platform: str) -> tuple[Bureau, Target]:
        target = bureau.office.target(platform, "campaign" if platform == "google_ads" else "ad_set")
        for line in bureau.lines:
            if line["platform"] == platform:
                line["keep_out_of"] = [target.entity_id]
                line["account_id"] = target.account_id
        bureau.ask()
        bureau.filled(platform)
        return bureau, target

    return made


def with_conversions(bureau: Bureau, target: Target, *, of_customers: int, of_strangers: int) -> None:
    write_conversions(bureau.lake, target, of_customers=of_customers, of_strangers=of_strangers)


def test_an_audience_is_kept_out_after_an_approval_and_let_in_again_by_another(
    kept_out: Callable[[str], tuple[Bureau, Target]], platform: str
) -> None:
    bureau, target = kept_out(platform)
    with_conversions(bureau, target, of_customers=1, of_strangers=9)
    client = bureau.desk.platforms.audiences(platform)
    made = bureau.proposed(platform)
    assert made.kind == "exclude_audience"
    assert made.evidence["conversions_kept"] == pytest.approx(0.9)
    assert "60 people" in made.reason
    bureau.carry_out(made.proposal_id)
    assert client.excluded(target) == ()
    bureau.approve(made)
    assert bureau.carry_out(made.proposal_id) == "verified"
    kept = bureau.desk.ledger.audience(
        Target(platform=platform, account_id=target.account_id, level="audience", entity_id="loyal.exclude")
    )
    assert kept is not None
    own = client.targeted_as(target.account_id, kept.audience_id or "")
    assert client.excluded(target) == (own,)
    assert [one for one in bureau.propose().taken if one.changes[0].target.platform == platform] == []
    entry = bureau.desk.ledger.entry(made.proposal_id)
    assert entry is not None
    asked = propose_revert(
        entry,
        bureau.lake,
        bureau.desk,
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
    kept_out: Callable[[str], tuple[Bureau, Target]], customers: int, strangers: int, why: str
) -> None:
    bureau, target = kept_out("meta_ads")
    with_conversions(bureau, target, of_customers=customers, of_strangers=strangers)
    told = bureau.propose().kept_back[f"exclude_audience {target.words}"]
    assert why in told


def test_nobody_is_kept_out_of_a_special_ad_category(
    kept_out: Callable[[str], tuple[Bureau, Target]],
) -> None:
    bureau, target = kept_out("meta_ads")
    with_conversions(bureau, target, of_customers=0, of_strangers=9)
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
    kept_out: Callable[[str], tuple[Bureau, Target]], fault: str
) -> None:
    bureau, target = kept_out("meta_ads")
    with_conversions(bureau, target, of_customers=0, of_strangers=9)
    made = bureau.proposed("meta_ads")
    bureau.approve(made)
    bureau.office.sandbox.stage.audit.clear()
    bureau.office.sandbox.stage.faults.arm("meta_ads", fault)
    bureau.carry_out(made.proposal_id)
    bureau.office.later(minutes=2)
    bureau.executor().read_back(made.proposal_id)
    assert bureau.office.state(made.proposal_id) == ("verified" if fault == "lost_answer" else "failed")
    assert len(bureau.office.writes()) == 1


def test_what_changed_at_the_platform_meanwhile_is_stale(
    kept_out: Callable[[str], tuple[Bureau, Target]],
) -> None:
    bureau, target = kept_out("meta_ads")
    with_conversions(bureau, target, of_customers=0, of_strangers=9)
    made = bureau.proposed("meta_ads")
    bureau.approve(made)
    client = bureau.desk.platforms.audiences("meta_ads")
    other = client.create(target.account_id, "Somebody's own")
    now = bureau.executor()._writer(made.changes[0]).image(target)
    by_hand = made.changes[0].model_copy(update={"after": other, "image": now})
    client.exclude(by_hand, rehearse=False)
    with pytest.raises(Stale):
        bureau.carry_out(made.proposal_id)
    assert client.excluded(target) == (other,)


# What was there before stays as it was


def test_digests_of_proposals_about_money_are_what_they_were() -> None:
    """Worked out before audiences came: a proposal that waits keeps its digest over the update."""
    assert proposal(pause()).digest == PAUSE_DIGEST
    assert proposal(budget("100.00", "80.00")).digest == BUDGET_DIGEST


def test_money_and_audiences_have_limits_of_their_own(bureau: Bureau) -> None:
    made = bureau.proposed("meta_ads")
    assert [one.guardrail for one in made.verdicts] == list(LIMITS_OF_AUDIENCES)
    assert all(one.holds for one in made.verdicts)
    assert "amounts" in LIMITS
    assert "amounts" not in LIMITS_OF_AUDIENCES
    mixed = made.model_copy(update={"changes": (*made.changes, pause())})
    verdicts = judge(mixed, bureau.desk.policy(), bureau.office.figures.around(), automatic=False)
    assert "alone" in {one.guardrail for one in refusals(verdicts)}
