"""docs/approvals.md shows each kind of change as an approver sees it: rendered from real changes, and held to
them.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from assets.actions.rendering import diff
from resources.config.settings import PROJECT
from resources.kinds.audience_members.change import MembersChange, Step
from resources.kinds.base import AudienceImage, Image, Target
from resources.kinds.excluded_audiences.change import ExclusionChange
from resources.kinds.registry import KINDS, REQUESTS
from resources.kinds.requests import request_in
from resources.ledger.proposal import Proposal
from tests.actions.conftest import Office
from tests.actions.kinds.conftest import ask
from tests.actions.kinds.test_every_kind import CASES
from tests.actions.made import budget, image, pause, proposal, target

PAGE = PROJECT / "docs" / "approvals.md"
BEGIN, END = "<!-- begin: renderings -->", "<!-- end: renderings -->"
HEADINGS = {
    "status": "Status",
    "daily_budget": "Daily budget, shifted",
    "members": "Members of an audience",
    "excluded_audiences": "Excluded audiences",
}


def plain_proposals() -> Iterator[tuple[str, Proposal]]:
    """One proposal of each kind that needs no case of its own."""
    audience = Target(platform="meta_ads", account_id="a1", level="audience", entity_id="best.exclude")
    held = AudienceImage(audience_id=None, digest="none", people=0, identifiers=0)
    absent = Image(
        name="Best customers",
        campaign_id=None,
        campaign_name=None,
        status="absent",
        native_status="exclude",
        currency="",
        audience=held,
    )
    step = Step(adds=1200, removes=0, before=0, after=1200)
    yield "status", proposal(pause())
    yield (
        "daily_budget",
        proposal(budget("100.00", "90.00", at=target("1")), budget("50.00", "60.00", at=target("2"))),
    )
    yield (
        "members",
        proposal(MembersChange(target=audience, before="none", after="ab" * 32, image=absent, step=step)),
    )
    yield (
        "excluded_audiences",
        proposal(
            ExclusionChange(
                target=target(), before="none", after="120001", image=image(excluded_audiences=())
            )
        ),
    )


def renderings(office: Office) -> str:
    """Every kind as the Dagster UI, the terminal and the messages show it."""
    parts = [f"#### {HEADINGS[field]}\n\n{diff(made)}" for field, made in plain_proposals()]
    for case in CASES:
        made = ask(office, case.request(office.sandbox), case.kind)
        field, _, where = case.name.partition(" ")
        parts.append(f"#### {KINDS[field].title.capitalize()} {where}\n\n{diff(made)}")
    return "\n\n".join(parts)


def test_the_page_shows_each_kind_as_it_is_rendered(
    open_kinds: Callable[[str], Office], tmp_path: Path
) -> None:
    office = open_kinds(f"sqlite:///{tmp_path / 'ledger.db'}")
    shown = renderings(office)
    (tmp_path / "renderings.md").write_text(shown, encoding="utf-8")  # to be put into the page where it moved
    page = PAGE.read_text("utf-8")
    assert page[page.index(BEGIN) + len(BEGIN) : page.index(END)].strip() == shown
    assert {case.name.split(" ")[0] for case in CASES} | set(HEADINGS) == set(KINDS)


def test_every_example_of_a_request_is_one() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    requests = [example for example in examples if "change" in (yaml.safe_load(example) or {})]
    assert {yaml.safe_load(example)["change"] for example in requests} == set(REQUESTS)
    for example in requests:
        kind, request = request_in(example)
        assert request.field == yaml.safe_load(example)["change"]
        assert kind == yaml.safe_load(example)["kind"]
