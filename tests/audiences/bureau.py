"""The office of tests/actions with a CRM and segments of its own: audiences proposed, decided on and carried
out as in production.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from assets.actions.audiences.inputs import (
    AudiencePolicyInputs,
    AudienceProposals,
    propose_audiences,
    take_out_the_unwilling,
)
from assets.actions.audiences.removing import Removal
from assets.actions.consent.audience_writers import audience_writer
from assets.actions.execution.executor import Executor
from assets.actions.inputs import Figures
from resources.action_services import ActionServices
from resources.lake.lake import Lake
from resources.ledger.proposal import Proposal
from resources.platforms.registry import Platforms
from resources.platforms.retries import BackOff
from tests.audiences.people_of import SUNDAY, expected
from tests.wire.audiences_at import ACCOUNTS, held

LINES = [
    {"segment": "loyal", "platform": platform, "account_id": own, "purpose": "exclude"}
    for platform, own in ACCOUNTS.items()
]
PEOPLE = range(60)
SMALL = {"google_ads": 10, "meta_ads": 10, "linkedin_ads": 10}


@dataclass
class Bureau:
    """An office with books."""

    office: Any
    """The office of tests.actions.conftest, which takes these fixtures in."""
    lake: Lake
    lines: list[dict[str, Any]] = field(default_factory=lambda: [dict(line) for line in LINES])

    def __post_init__(self) -> None:
        self.office.sandbox.stage.audiences.ready_after_seconds = 0.0
        self.ask()

    def ask(self, **other: Any) -> None:
        """Rewrite the section `audiences` of the policy."""
        self.office.rewrite(audiences={"lines": self.lines, "least_matched": SMALL} | other)

    @property
    def services(self) -> ActionServices:
        return self.office.services

    def impatient(self) -> "Bureau":
        """The same, with clients that give up at the first silence."""
        settings = self.services.platforms.settings
        hasty = Platforms(
            settings,
            back_off=BackOff(total_seconds=0, unreachable_seconds=0),
            now=self.services.platforms.now,
        )
        return Bureau(
            replace(self.office, services=replace(self.services, platforms=hasty)), self.lake, self.lines
        )

    def propose(self) -> AudienceProposals:
        return propose_audiences(
            AudiencePolicyInputs(self.lake, self.services, SUNDAY),
            self.office.gate,
            self.office.figures.around,
        )

    def proposed(self, platform: str) -> Proposal:
        """The one proposal that waits for a platform."""
        asked = self.propose()
        found = [one for one in asked.taken if one.changes[0].target.platform == platform]
        assert len(found) == 1, asked.kept_back
        return found[0]

    def executor(self, **parts: Any) -> Executor:
        def audiences(platform: str) -> Any:
            writer = audience_writer(platform, self.services, self.lake)
            return replace(writer, sync=replace(writer.sync, wait=lambda: None))

        return self.office.executor(audiences=audiences, **parts)

    def carry_out(self, key: str) -> str:
        work = self.executor()
        work.preflight(key)
        work.apply(key)
        work.read_back(key)
        return self.office.state(key)

    def approve(self, made: Proposal) -> str:
        self.office.later(seconds=40)  # a code is good for one decision
        self.office.decide(made.proposal_id)
        return self.office.state(made.proposal_id)

    def filled(self, platform: str) -> Proposal:
        """The platform's audience, proposed, approved and filled."""
        made = self.proposed(platform)
        self.approve(made)
        assert self.carry_out(made.proposal_id) == "verified", self.services.ledger.proposals.entry(
            made.proposal_id
        )
        return made

    def remove(self) -> list[Removal]:
        found = take_out_the_unwilling(self.lake, self.services)
        assert found is not None
        return found

    def holds(self, platform: str, people: range | list[int]) -> bool:
        return held(self.office.sandbox, platform) == expected(platform, people)

    def figures(self) -> Figures:
        return Figures(self.lake, self.services)
