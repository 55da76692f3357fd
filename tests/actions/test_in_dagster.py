"""The approval as people use it, and as people would get around it: through the real GraphQL API and in a
real browser.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser

from assets.reports.notifications.notice import SOON
from resources.ledger.proposal import Proposal, set_summary
from resources.ledger.states import OPEN, State
from tests.actions.house import ADD, AGAIN, BACKFILL, ENDED, RUNS_OF, House, house_standing, until

REPORT = """mutation M($p: ReportRunlessAssetEventsParams!) { reportRunlessAssetEvents(eventParams: $p) { __typename } }"""
DELETE = """mutation D($r: RepositorySelector!, $k: [String!]!) {
  deleteDynamicPartitions(repositorySelector: $r, partitionsDefName: "proposals", partitionKeys: $k) { __typename } }"""
WIPE = """mutation W($r: [PartitionsByAssetSelector!]!) { wipeAssets(assetPartitionRanges: $r) { __typename } }"""
SELECTOR = {"repositoryLocationName": "paid_media", "repositoryName": "__repository__"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house_standing(tmp_path_factory.mktemp("house")) as standing:
        # A message shows its first five: what the daily run proposed is told and gone before, however much of
        # it there is today.
        ledger = standing.services.ledger
        until(lambda: not ledger.proposals.lacking("announced_at", states=OPEN, limit=1), seconds=240)
        until(
            lambda: (
                not ledger.notices.unrouted()
                and all(said.priority != SOON for *_, said in ledger.notices.waiting())
            ),
            seconds=240,
        )
        standing.early = standing.pause(announced=True)  # the sensor finds it while other tests run
        yield standing


def backfilled(house: House, keys: list[str], config: dict[str, object]) -> str:
    asked = {
        "assetSelection": [{"path": ["actions", "approved"]}],
        "partitionNames": keys,
        "runConfigData": config,
    }
    return str(house.gql(BACKFILL, p=asked)["launchPartitionBackfill"]["backfillId"])


@dataclass(frozen=True)
class Filling:
    """Two backfills of two proposals each, with one code that is good for the first two only."""

    ours: list[Proposal]
    theirs: list[Proposal]
    backfills: list[str]


@pytest.fixture(scope="module", autouse=True)
def filling(house: House) -> Filling:
    """Launched before the first test: Dagster's daemon looks for backfills every 30 seconds only."""
    ours, theirs = [house.pause(), house.pause()], [house.pause(), house.pause()]
    digests = [made.digest for made in ours]
    services = house.services
    code = services.approvers().bound_code(
        "alice", decision="approve", digests=digests, at=services.ledger.clock()
    )
    begun = []
    for several in (ours, theirs):
        fields = {"decision": "approve", "approver": "alice", "note": "both", "code": code}
        fields["proposal"] = set_summary(made.digest for made in several)
        config = {"ops": {"actions__approved": {"config": fields}}}
        begun.append(backfilled(house, [made.proposal_id for made in several], config))
    return Filling(ours, theirs, begun)


def test_a_materialize_click_without_a_decision_changes_nothing_and_says_what_to_do(house: House) -> None:
    made = house.pause()
    for job in ("decide", "__ASSET_JOB"):
        status, said = house.run(made.proposal_id, {}, job=job)
        assert status == "FAILURE"
        assert "decision is undecided" in said
        assert made.summary in said
    assert (house.state(made.proposal_id), house.writes(made)) == (State.PROPOSED, 0)


def test_a_good_decision_happens_once_however_often_it_is_materialized(house: House) -> None:
    made = house.pause()
    good = house.form(made.proposal_id)
    assert house.run(made.proposal_id, good)[0] == "SUCCESS"
    assert (house.state(made.proposal_id), house.writes(made)) == (State.VERIFIED, 1)
    for config in (good, {}, house.form(made.proposal_id, by="bob")):
        house.run(made.proposal_id, config)
    assert (house.state(made.proposal_id), house.writes(made)) == (State.VERIFIED, 1)


def test_two_approvers_at_once_write_once(house: House) -> None:
    made = house.pause()
    launched = [
        house.launch(made.proposal_id, house.form(made.proposal_id, by=name)) for name in ("alice", "bob")
    ]
    for one in launched:
        house.ended(one["run"]["runId"])
    assert (house.state(made.proposal_id), house.writes(made)) == (State.VERIFIED, 1)


STEPS = (["apply"], ["apply", "read_back", "record"], ["preflight", "apply", "read_back", "record"])


@pytest.mark.parametrize("parent", ["failed", "of another proposal"])
def test_reexecuting_later_steps_alone_never_skips_the_gate(house: House, parent: str) -> None:
    made = house.pause()
    other = made if parent == "failed" else house.pause()
    config = {} if parent == "failed" else house.form(other.proposal_id)
    before = house.launch(other.proposal_id, config)["run"]["runId"]
    assert house.ended(before)[0] == ("FAILURE" if parent == "failed" else "SUCCESS")
    launched = []
    for steps in STEPS:
        asked = house.parameters(made.proposal_id, house.form(made.proposal_id, code="000000"))
        asked["stepKeys"] = [f"actions__approved.{step}" for step in steps]
        asked["executionMetadata"] |= {"rootRunId": before, "parentRunId": before}
        launched.append(house.gql(AGAIN, p=asked)["launchRunReexecution"])
    for found in launched:
        if "run" in found:
            house.ended(found["run"]["runId"])
    assert any("run" in found for found in launched)  # or the attack was not one
    assert (house.state(made.proposal_id), house.writes(made)) == (State.PROPOSED, 0)


OVERRIDES: tuple[dict[str, object], ...] = (
    {"services": {"config": {"settings": {"ledger_url": "sqlite:///other.db"}}}},
    {"lake": {"config": {"root": "other"}}},
    {"platforms": {"config": {"settings": {}}}},
    {"io_manager": {"config": {"base_dir": "other"}}},
)


def test_overriding_a_resource_from_the_launchpad_does_not_open_the_gate(house: House) -> None:
    made = house.pause()
    wrong = house.form(made.proposal_id, code="000000")
    launched = [house.launch(made.proposal_id, wrong | {"resources": one}) for one in OVERRIDES]
    for found in launched:
        if "run" in found:
            assert house.ended(found["run"]["runId"])[0] == "FAILURE"
    assert (house.state(made.proposal_id), house.writes(made)) == (State.PROPOSED, 0)


def test_forged_tags_prove_nobody(house: House) -> None:
    made = house.pause()
    forged = {"user": "alice", "dagster/backfill": "abcdefgh", "approved": "true", "approver": "alice"}
    status, _ = house.run(made.proposal_id, house.form(made.proposal_id, code=""), tags=forged)
    assert status != "SUCCESS"
    assert (house.state(made.proposal_id), house.writes(made)) == (State.PROPOSED, 0)


def test_reported_materializations_and_wiped_ones_are_no_approval(house: House) -> None:
    made = house.pause()
    event = {
        "eventType": "ASSET_MATERIALIZATION",
        "assetKey": {"path": ["actions", "approved"]},
        "partitionKeys": [made.proposal_id],
    }
    house.gql(REPORT, p=event)
    house.run(made.proposal_id, {})
    assert (house.state(made.proposal_id), house.writes(made)) == (State.PROPOSED, 0)
    house.run(made.proposal_id, house.form(made.proposal_id))
    chosen = {"from": made.proposal_id, "to": made.proposal_id}
    house.gql(
        WIPE,
        r=[
            {
                "assetKey": {"path": ["actions", "approved"]},
                "partitions": {"range": {"start": chosen["from"], "end": chosen["to"]}},
            }
        ],
    )
    house.run(made.proposal_id, house.form(made.proposal_id, by="bob"))
    assert (house.state(made.proposal_id), house.writes(made)) == (State.VERIFIED, 1)


def test_partitions_that_people_add_or_delete_mean_nothing(house: House) -> None:
    house.gql(ADD, r=SELECTOR, k="20261123.pause_ad_set.made.up")
    status, said = house.run("20261123.pause_ad_set.made.up", {})
    assert status == "FAILURE"
    assert "The ledger knows no proposal" in said
    made = house.pause()
    house.gql(DELETE, r=SELECTOR, k=[made.proposal_id])
    house.gql(ADD, r=SELECTOR, k=made.proposal_id)
    house.run(made.proposal_id, {})
    assert (house.state(made.proposal_id), house.writes(made)) == (State.PROPOSED, 0)


def test_several_at_once_from_the_backfill_dialog_with_one_code(house: House, filling: Filling) -> None:
    def done() -> bool:
        tags = [[{"key": "dagster/backfill", "value": name}] for name in filling.backfills]
        runs = [run for tag in tags for run in house.gql(RUNS_OF, f={"tags": tag})["runsOrError"]["results"]]
        return len(runs) == 4 and all(run["status"] in ENDED for run in runs)

    until(done, seconds=240)
    assert [(house.state(made.proposal_id), house.writes(made)) for made in filling.ours] == [
        (State.VERIFIED, 1)
    ] * 2
    assert [(house.state(made.proposal_id), house.writes(made)) for made in filling.theirs] == [
        (State.PROPOSED, 0)
    ] * 2


def test_a_batch_is_one_partition_one_digest_one_code(house: House) -> None:
    several = [house.pause(), house.pause(), house.pause()]
    batch = house.services.ledger.proposals.make_batch(
        "batch.test", {made.proposal_id: made.digest for made in several}
    )
    house.gql(ADD, r=SELECTOR, k=batch.batch_id)
    assert house.run(batch.batch_id, house.form(batch.batch_id))[0] == "SUCCESS"
    assert [(house.state(made.proposal_id), house.writes(made)) for made in several] == [
        (State.VERIFIED, 1)
    ] * 3


def test_from_the_message_to_the_receipt_in_a_browser(house: House, browser: Browser, tmp_path: Path) -> None:
    made = house.early
    assert made is not None
    until(lambda: any(made.summary in message["message"] for message in house.messages), seconds=240)
    text = next(message["message"] for message in house.messages if made.summary in message["message"])
    address = next(word for word in re.findall(r"http\S+", text) if made.proposal_id in unquote(word))
    page = browser.new_page(viewport={"width": 1500, "height": 950})
    page.goto(f"{house.url}/assets/actions/proposal?view=partitions&partition={made.proposal_id}")
    page.get_by_text("expected effect").wait_for(timeout=120_000)
    page.screenshot(path=tmp_path / "1_read.png")
    page.goto(address)
    editor = page.locator(".CodeMirror").first
    editor.wait_for(timeout=120_000)
    until(lambda: made.summary in editor.evaluate("e => e.CodeMirror.getValue()"), seconds=240)
    form = str(editor.evaluate("e => e.CodeMirror.getValue()"))
    assert "decision: 'undecided'" in form
    config = house.form(made.proposal_id)["ops"]["actions__approved"]["config"]
    for name in ("decision", "approver", "code"):
        form = re.sub(rf"{name}: '[^']*'", f"{name}: '{config[name]}'", form)
    editor.evaluate("(e, text) => e.CodeMirror.setValue(text)", form)
    button = page.get_by_role("button", name="Launch Run").first
    until(button.is_enabled, seconds=240)
    page.wait_for_timeout(1_500)  # the launchpad keeps what was typed after a moment
    page.screenshot(path=tmp_path / "2_filled.png")
    button.click()
    until(lambda: house.state(made.proposal_id) == State.VERIFIED, seconds=240)
    page.goto(f"{house.url}/assets/actions/approved?view=partitions&partition={made.proposal_id}")
    page.get_by_text("read back: it is as approved").first.wait_for(timeout=120_000)
    page.screenshot(path=tmp_path / "3_receipt.png")
    page.close()
    assert house.writes(made) == 1
