"""What the limits of a kind are judged by."""

from typing import Protocol

from resources.ledger.proposal import Proposal
from resources.policy.policy import Policy

Verdict = tuple[bool | None, str]
"""Whether a limit holds (None: that cannot be said), and why."""


class Judged(Protocol):
    """A proposal with the policy that holds for it."""

    @property
    def proposal(self) -> Proposal:
        """What is judged."""

    @property
    def policy(self) -> Policy:
        """policy.yaml as it stands."""

    @property
    def is_revert(self) -> bool:
        """Whether it leads back what was carried out."""
