"""An audience is brought to exactly whom it should hold, from wherever it is: held against the sandbox's
truth.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.audiences.sync import Sync
from resources.errors import OutcomeUnknown, PlatformRefused
from resources.ledger.audiences import LedgerAudience, Member, MembershipState, members_digest
from resources.ledger.store import Ledger
from resources.platforms.audience_client import AudienceClient
from sandbox.faults import UPLOADS
from sandbox.serve import Sandbox
from tests.audiences.conftest import an_audience, as_truth, mails
from tests.wire.audiences_at import hashes, held

MOST_RUNS = 6


def until_done(sync: Sync, kept: LedgerAudience, wanted: list[Member]) -> int:
    """Fill until it says that all of it is there; how many runs that took."""
    for run in range(1, MOST_RUNS):
        try:
            sync.fill(fresh(sync, kept), wanted, by="plan")
        except OutcomeUnknown:
            continue
        return run
    raise AssertionError("it never ended")


def fresh(sync: Sync, kept: LedgerAudience) -> LedgerAudience:
    found = sync.ledger.audiences.audience(kept.target)
    assert found is not None
    return found


def recorded(ledger: Ledger, kept: LedgerAudience) -> set[str]:
    return {f"{one.member.kind}:{one.member.sha256}" for one in ledger.audiences.held_by(kept.number)}


def test_it_ends_at_exactly_the_people_wanted_after_adds_and_removes(
    sandbox: Sandbox, platform: str, sync: Sync, kept: LedgerAudience
) -> None:
    for wanted in (mails(0, 350), mails(150, 420), mails(150, 420), [], mails(0, 20)):
        until_done(sync, kept, wanted)
        assert held(sandbox, platform) == as_truth(wanted)
        assert recorded(sync.ledger, kept) == as_truth(wanted)
    assert len(sandbox.stage.audiences.truth(platform)) == 1


def test_what_is_there_already_is_not_sent_again(sandbox: Sandbox, sync: Sync, kept: LedgerAudience) -> None:
    until_done(sync, kept, mails(0, 250))
    sandbox.stage.audit.clear()
    until_done(sync, kept, mails(0, 250))
    assert sandbox.stage.audit.requests(writes_only=True) == []
    until_done(sync, kept, mails(5, 251))
    sent = [one["detail"]["received"] for one in sandbox.stage.audit.requests(writes_only=True)]
    assert sent == [5, 1]


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("fault", ["lost_answer", "lost_request", "unavailable", *UPLOADS])
def test_a_half_failed_upload_is_finished_by_the_next_run(
    sandbox: Sandbox, platform: str, sync: Sync, kept: LedgerAudience, fault: str, after: int
) -> None:
    until_done(sync, kept, mails(0, 220))
    sandbox.stage.faults.arm(platform, fault, after=after)
    wanted = mails(110, 480)
    runs = until_done(sync, kept, wanted)
    assert runs <= 3
    assert held(sandbox, platform) == as_truth(wanted)
    assert recorded(sync.ledger, kept) == as_truth(wanted)


@pytest.mark.parametrize("fault", ["half_upload", "lost_answer"])
def test_plans_that_change_between_a_failure_and_the_next_run_leave_nobody_behind(
    sandbox: Sandbox, platform: str, sync: Sync, kept: LedgerAudience, fault: str
) -> None:
    """Whom the failed run may have let in, and nobody wants any more, is taken out."""
    sandbox.stage.faults.arm(platform, fault, after=1)
    with pytest.raises(OutcomeUnknown):
        sync.fill(kept, mails(0, 200), by="first")
    assert held(sandbox, platform)
    until_done(sync, kept, mails(190, 300))
    assert held(sandbox, platform) == as_truth(mails(190, 300))


class Killed(BaseException):
    """The process died here."""


@pytest.mark.parametrize("calls", [1, 3])
@pytest.mark.parametrize("before", [True, False])
def test_a_process_that_died_between_two_uploads_is_finished_by_the_next(
    sandbox: Sandbox,
    platform: str,
    sync: Sync,
    kept: LedgerAudience,
    client: AudienceClient,
    calls: int,
    before: bool,
) -> None:
    until_done(sync, kept, mails(0, 120))

    class Dying:
        """The client, up to one upload, before or after which everything ends."""

        def __init__(self) -> None:
            self.left = calls

        def __getattr__(self, name: str) -> object:
            return getattr(client, name)

        def upload(self, *args: object, **named: object) -> object:
            self.left -= 1
            if not self.left and before:
                raise Killed
            told = client.upload(*args, **named)  # type: ignore[arg-type]
            if not self.left:
                raise Killed
            return told

    with pytest.raises(Killed):
        replace(sync, client=Dying()).fill(fresh(sync, kept), mails(60, 330), by="plan")  # type: ignore[arg-type]
    rows = sync.ledger.audiences.held_by(kept.number)
    assert any(one.state != MembershipState.IN for one in rows)
    assert held(sandbox, platform) <= {f"{one.member.kind}:{one.member.sha256}" for one in rows}
    until_done(sync, kept, mails(60, 330))
    assert held(sandbox, platform) == as_truth(mails(60, 330))


def test_an_audience_whose_making_was_not_answered_is_found_and_not_made_twice(
    sandbox: Sandbox, platform: str, sync: Sync, kept: LedgerAudience
) -> None:
    sandbox.stage.faults.arm(platform, "lost_answer")
    with pytest.raises(OutcomeUnknown):
        sync.fill(kept, mails(0, 10), by="plan")
    until_done(sync, kept, mails(0, 10))
    assert held(sandbox, platform) == as_truth(mails(0, 10))


def test_nothing_goes_on_once_it_is_stopped(
    sandbox: Sandbox, platform: str, sync: Sync, kept: LedgerAudience
) -> None:
    until_done(sync, kept, mails(0, 50))
    sandbox.stage.audit.clear()
    with pytest.raises(OutcomeUnknown, match="the kill switch is on"):
        replace(sync, stopped=lambda: "the kill switch is on").fill(
            fresh(sync, kept), mails(20, 90), by="plan"
        )
    assert sandbox.stage.audit.requests(writes_only=True) == []
    assert held(sandbox, platform) == as_truth(mails(0, 50))


def test_taking_people_out_lets_nobody_in(
    sandbox: Sandbox, platform: str, sync: Sync, kept: LedgerAudience
) -> None:
    until_done(sync, kept, mails(0, 50))
    for _ in range(MOST_RUNS):
        try:
            sync.take_out(fresh(sync, kept), [*mails(10, 15), *mails(900, 905)], by="withdrawn")
            break
        except OutcomeUnknown:
            continue
    assert held(sandbox, platform) == as_truth([*mails(0, 10), *mails(15, 50)])
    assert recorded(sync.ledger, kept) == held(sandbox, platform)


def test_what_a_platform_refuses_is_refused_and_stays_recorded(
    sandbox: Sandbox, platform: str, sync: Sync, kept: LedgerAudience
) -> None:
    until_done(sync, kept, mails(0, 50))
    sandbox.stage.audiences.clear()  # somebody deleted it at the platform
    with pytest.raises(PlatformRefused):
        sync.fill(fresh(sync, kept), mails(0, 60), by="plan")
    assert recorded(sync.ledger, kept) >= as_truth(mails(0, 50))


def test_numbers_are_left_out_where_a_platform_takes_none(
    sandbox: Sandbox, platform: str, sync: Sync, kept: LedgerAudience
) -> None:
    numbers = [Member("phone", own, "p") for own in hashes(0, 30, what="phone")]
    until_done(sync, kept, [*mails(0, 30), *numbers])
    takes = "phone" in sync.client.identifiers
    assert held(sandbox, platform) == as_truth([*mails(0, 30), *(numbers if takes else [])])


def test_a_plan_is_what_its_digest_says_and_is_erased(ledger: Ledger) -> None:
    people = mails(0, 300)
    digest = ledger.audiences.plan(people)
    assert digest == members_digest(reversed(people)) == ledger.audiences.plan(people)
    assert sorted(ledger.audiences.planned(digest) or []) == sorted(people)
    with ledger.database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"update audience_plan set sha256 = '{'0' * 64}' where sha256 = '{people[0].sha256}'"
        )
    assert ledger.audiences.planned(digest) is None
    other = ledger.audiences.plan(mails(5, 9))
    assert ledger.audiences.forget_plans(but={other}) == 300
    assert ledger.audiences.planned(digest) is None
    assert ledger.audiences.planned(other) == sorted(mails(5, 9))


@given(
    one=st.sets(st.tuples(st.sampled_from(["email", "phone"]), st.integers(0, 40))),
    other=st.sets(st.tuples(st.sampled_from(["email", "phone"]), st.integers(0, 40))),
)
def test_digests_are_equal_where_the_people_are(
    one: set[tuple[str, int]], other: set[tuple[str, int]]
) -> None:
    first, second = ([Member(kind, f"{n:064x}", str(n)) for kind, n in given] for given in (one, other))
    assert (members_digest(first) == members_digest(second)) == (one == other)


def test_two_audiences_of_one_account_keep_apart(ledger: Ledger) -> None:
    kept = an_audience(ledger, "meta_ads")
    other = ledger.audiences.keep_audience(
        kept.target.model_copy(update={"entity_id": "new.target"}),
        segment_id="new",
        purpose="target",
        name="New",
    )
    ledger.audiences.mark_members(kept.number, mails(0, 4), MembershipState.IN, by="a")
    ledger.audiences.mark_members(other.number, mails(0, 2), MembershipState.ADDING, by="b")
    ledger.audiences.forget_members(kept.number, mails(0, 2))
    assert [one.member for one in ledger.audiences.held_by(kept.number)] == sorted(mails(2, 4))
    assert {one.added_by for one in ledger.audiences.held_by(other.number)} == {"b"}
    ledger.audiences.mark_members(other.number, mails(0, 1), MembershipState.IN, by="later")
    assert {one.added_by for one in ledger.audiences.held_by(other.number)} == {"b"}
