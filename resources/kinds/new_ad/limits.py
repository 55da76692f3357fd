"""Limits of ads that are made: what a platform takes, and how many at once."""

from collections.abc import Callable, Mapping

from resources.kinds.ad_content import content_problem
from resources.kinds.judging import Judged, Verdict
from resources.kinds.new_ad.change import NewAdChange


def _changes(judged: Judged) -> list[NewAdChange]:
    return [change for change in judged.proposal.changes if isinstance(change, NewAdChange)]


def texts(judged: Judged) -> Verdict:
    for change in _changes(judged):
        if not change.is_removed and (why := content_problem(change.target.platform, change.content)):
            return False, why
    return True, "every text is one that the platform takes"


def at_once(judged: Judged) -> Verdict:
    count, most = len(_changes(judged)), judged.policy.guardrails.ads_at_once
    if count > most:
        return False, f"{count} ads at once; {most} are allowed, so that somebody can read them"
    return True, f"at most {most} ads"


LIMITS: Mapping[str, Callable[[Judged], Verdict]] = {"ad texts": texts, "ads at once": at_once}
