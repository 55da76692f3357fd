"""What a kind of change has to show: how it is asked for, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass

from resources.kinds.base import ChangeRequest
from sandbox.serve import Sandbox


@dataclass(frozen=True)
class KindCase:
    """One kind at one platform.

    Args:
        name: What it is called in the tests' output.
        kind: The kind of proposal.
        platform: Where.
        request: What is asked for, from the simulated market.
        drift: Somebody else changes what the proposal starts from.
        shown: What an approver has to see of it, among others.
        requests: How many requests carry it out.
        requests_back: How many lead it back.
    """

    name: str
    kind: str
    platform: str
    request: Callable[[Sandbox], ChangeRequest]
    drift: Callable[[Sandbox], None]
    shown: tuple[str, ...]
    requests: int = 1
    requests_back: int = 1
