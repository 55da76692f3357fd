"""The writing side of each platform, by its real client against the sandbox: read, rehearse, send once, read
back.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from resources.config.settings import Settings
from resources.errors import OutcomeUnknown, PlatformRefused, RefusedForNow
from resources.kinds.base import plain
from resources.kinds.daily_budget.change import BudgetChange
from resources.kinds.entity_status.change import StatusChange
from resources.ledger.proposal import Change, Image, Target
from resources.platforms.registry import Platforms
from resources.platforms.retries import BackOff
from resources.platforms.writer import PlatformWriter
from sandbox.control import edit_by_hand
from sandbox.faults import WRITES
from sandbox.serve import Sandbox

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")
STATUS_WORD = {"google_ads": "PAUSED", "meta_ads": "PAUSED", "linkedin_ads": "PAUSED"}
Find = Callable[..., Target]


@pytest.fixture(scope="module", params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def writer(platform: str, settings: Settings) -> PlatformWriter:
    hasty = BackOff(total_seconds=1, unreachable_seconds=0.1, first_pause=0.01)
    return Platforms(lambda: settings, back_off=hasty).writer(platform)


def first(
    sandbox: Sandbox, platform: str, level: str, *, holds_budget: bool | None = None, active: bool = True
) -> Target:
    """The first entity of a level, of a campaign that holds the budget or does not."""
    for account in sandbox.stage.world.of(platform):
        catalog = sandbox.stage.market.catalog(account)
        things = catalog.ad_sets if level == "ad_set" else catalog.campaigns
        for row, entity_id in enumerate(things.id.tolist()):
            campaign = int(catalog.ad_sets.campaign[row]) if level == "ad_set" else row
            if holds_budget is not None and bool(catalog.campaigns.holds_budget[campaign]) != holds_budget:
                continue
            if (level != "ad_set" or not catalog.ad_sets.hidden[row]) and bool(things.paused[row]) != active:
                return Target(platform=platform, account_id=account.id, level=level, entity_id=str(entity_id))  # type: ignore[arg-type]
    raise LookupError(f"the world has no such {level} on {platform}")


def owner(sandbox: Sandbox, platform: str) -> Target:
    return first(sandbox, platform, "campaign", holds_budget=True)


def change(target: Target, image: Image, field: str, after: str) -> Change:
    if field == "status":
        return StatusChange(target=target, before=image.status, after=after, image=image)
    return BudgetChange(target=target, before=plain(image.daily_budget), after=after, image=image)


def writes(sandbox: Sandbox) -> int:
    return len(sandbox.stage.audit.requests(writes_only=True))


def test_a_status_and_a_budget_are_written_and_read_back(
    sandbox: Sandbox, platform: str, writer: PlatformWriter
) -> None:
    pause = first(sandbox, platform, "ad_set")
    writer.send(change(pause, writer.image(pause), "status", "paused"))
    assert writer.image(pause).status == "paused"
    budget = owner(sandbox, platform)
    before = writer.image(budget)
    assert before.daily_budget is not None
    after = f"{before.daily_budget + 3:.2f}"
    writer.send(change(budget, before, "daily_budget", after))
    assert plain(writer.image(budget).daily_budget) == after
    assert writes(sandbox) == 2


def test_an_image_names_who_owns_the_budget(sandbox: Sandbox, platform: str, writer: PlatformWriter) -> None:
    image = writer.image(owner(sandbox, platform))
    assert image.budget_owner in {"campaign", "shared_budget"}
    assert image.daily_budget is not None
    below = first(sandbox, platform, "ad_set", holds_budget=True)
    assert writer.image(below).daily_budget is None
    assert writer.image(below).budget_owner in {"campaign", "shared_budget"}
    if platform != "google_ads":
        assert writer.image(first(sandbox, platform, "ad_set", holds_budget=False)).budget_owner == "ad_set"


def test_a_rehearsal_changes_nothing_and_finds_what_would_be_refused(
    sandbox: Sandbox, platform: str, writer: PlatformWriter
) -> None:
    budget = owner(sandbox, platform)
    image = writer.image(budget)
    writer.rehearse(change(budget, image, "daily_budget", "77.00"))
    assert writes(sandbox) == 0
    assert writer.image(budget) == image
    if platform != "linkedin_ads":  # which has no dry run
        with pytest.raises(PlatformRefused):
            writer.rehearse(change(budget, image, "daily_budget", "0.02"))


def test_what_the_platform_refuses_is_refused(
    sandbox: Sandbox, platform: str, writer: PlatformWriter
) -> None:
    budget = owner(sandbox, platform)
    with pytest.raises(PlatformRefused):
        writer.send(change(budget, writer.image(budget), "daily_budget", "0.02"))
    assert writes(sandbox) == 0


def test_every_fault_of_a_write_is_met_here() -> None:
    assert set(WRITES) == {
        "lost_answer",
        "lost_request",
        "ignored_write",
        "write_answer",
    }  # the last: test_write_answers


@pytest.mark.parametrize(("fault", "happened"), [("lost_answer", True), ("lost_request", False)])
def test_no_answer_is_an_unknown_outcome_and_is_sent_once(
    sandbox: Sandbox, platform: str, writer: PlatformWriter, fault: str, happened: bool
) -> None:
    target = first(sandbox, platform, "ad_set")
    image = writer.image(target)
    sandbox.stage.faults.arm(platform, fault)
    with pytest.raises(OutcomeUnknown, match="never send it again"):
        writer.send(change(target, image, "status", "paused"))
    assert writes(sandbox) == 1
    assert (writer.image(target).status == "paused") == happened


def test_a_write_that_is_called_done_may_have_changed_nothing(
    sandbox: Sandbox, platform: str, writer: PlatformWriter
) -> None:
    target = first(sandbox, platform, "ad_set")
    image = writer.image(target)
    sandbox.stage.faults.arm(platform, "ignored_write")
    writer.send(change(target, image, "status", "paused"))
    assert writer.image(target) == image


def test_an_edit_by_hand_is_seen_with_its_instant(
    sandbox: Sandbox, platform: str, writer: PlatformWriter
) -> None:
    sandbox.stage.clock.set(None)
    target = first(sandbox, platform, "ad_set")
    account = sandbox.stage.world.account(platform, target.account_id)
    assert account is not None
    before = writer.edited_at(target)
    assert before is None or sandbox.stage.clock.now() - before > timedelta(days=30)
    edit_by_hand(sandbox.stage, account, "ad_set", int(target.entity_id), "status", STATUS_WORD[platform])
    after = writer.edited_at(target)
    assert after is not None
    assert abs(sandbox.stage.clock.now() - after) < timedelta(minutes=1)


def test_every_change_of_a_budget_is_in_the_history_and_no_other_edit(
    sandbox: Sandbox, platform: str, writer: PlatformWriter
) -> None:
    sandbox.stage.clock.set(None)
    target, other = owner(sandbox, platform), first(sandbox, platform, "ad_set")
    account = sandbox.stage.world.account(platform, target.account_id)
    assert account is not None
    before = sandbox.stage.clock.now() - timedelta(minutes=1)
    writer.send(change(other, writer.image(other), "status", "paused"))
    edit_by_hand(sandbox.stage, account, "campaign", int(target.entity_id), "status", STATUS_WORD[platform])
    edit_by_hand(sandbox.stage, account, "campaign", int(target.entity_id), "budget_micros", 70_000_000)
    writer.send(change(target, writer.image(target), "daily_budget", "71.00"))
    edits = writer.budget_edits(target, since=before)
    if platform == "linkedin_ads":
        assert edits is None
        return
    assert edits is not None
    assert len(edits) == 2
    assert all(abs(sandbox.stage.clock.now() - at) < timedelta(minutes=1) for at in edits)
    assert writer.budget_edits(target, since=sandbox.stage.clock.now() + timedelta(seconds=5)) == []


def test_meta_takes_four_changes_of_an_ad_sets_budget_within_an_hour(
    sandbox: Sandbox, settings: Settings
) -> None:
    writer = Platforms(lambda: settings).writer("meta_ads")
    target = first(sandbox, "meta_ads", "ad_set", holds_budget=False)
    for n in range(4):
        writer.send(change(target, writer.image(target), "daily_budget", f"{80 + n}.00"))
    fifth = change(target, writer.image(target), "daily_budget", "90.00")
    message = r"too many times in the last hour \(code 613, subcode 1487632\).* lets a budget change four times an hour, so wait"
    for refused in (writer.rehearse, writer.send):
        with pytest.raises(RefusedForNow, match=message):
            refused(fifth)
    assert writes(sandbox) == 4
    sandbox.stage.clock.advance(timedelta(minutes=61))
    writer.send(fifth)
    assert writer.image(target).daily_budget == 90


def test_a_shared_budget_says_how_many_campaigns_it_moves(sandbox: Sandbox, settings: Settings) -> None:
    writer = Platforms(lambda: settings).writer("google_ads")
    campaign = Target(
        platform="google_ads", account_id="1000000002", level="campaign",
        entity_id=str(sandbox.stage.market.catalog(sandbox.stage.world.of("google_ads")[1]).campaigns.id[1]),
    )  # fmt: skip
    image = writer.image(campaign)
    assert (image.budget_owner, image.shared_by) == ("shared_budget", 2)
    shared = campaign.model_copy(update={"level": "shared_budget", "entity_id": image.budget_id})
    now = writer.image(shared)
    assert now.daily_budget is not None
    writer.send(change(shared, now, "daily_budget", f"{now.daily_budget - 5:.2f}"))
    assert writer.image(shared).daily_budget == now.daily_budget - 5


def test_an_entity_that_is_not_there_is_refused(
    platform: str, writer: PlatformWriter, sandbox: Sandbox
) -> None:
    target = first(sandbox, platform, "ad_set").model_copy(update={"entity_id": "4242"})
    with pytest.raises(PlatformRefused):
        writer.image(target)
