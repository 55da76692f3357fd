"""Limits of lists that are made: what a platform takes as a name and as words."""

from collections.abc import Callable, Mapping

from resources.kinds.judging import Judged, Verdict
from resources.kinds.keywords import keys
from resources.kinds.negative_list.change import MOST_NAME_BYTES, NegativeListChange


def made_lists(judged: Judged) -> Verdict:
    most = judged.policy.guardrails.keywords_at_once
    for change in judged.proposal.changes:
        if not isinstance(change, NegativeListChange) or change.is_removed:
            continue
        if len(change.name.encode()) > MOST_NAME_BYTES:
            return False, f"the name has {len(change.name.encode())} bytes; {MOST_NAME_BYTES} are allowed"
        if not 0 < len(change.keywords) <= most:
            return False, f"{len(change.keywords)} keywords in a new list; 1 to {most} are allowed"
        if len(keys(change.keywords)) < len(change.keywords):
            return False, "a keyword is in it twice"
        if problem := next((keyword.problem for keyword in change.keywords if keyword.problem), None):
            return False, problem
    return True, "its name and every keyword is one that the platform takes"


LIMITS: Mapping[str, Callable[[Judged], Verdict]] = {"list": made_lists}
