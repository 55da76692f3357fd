"""Limits of negative keywords: what a platform takes, how many at once, and what they may cost."""

from collections.abc import Callable, Mapping

from resources.kinds.judging import Judged, Verdict
from resources.kinds.negative_keywords.change import NegativeKeywordsChange

# Per place, as Google documents them: https://support.google.com/google-ads/answer/6372658
MOST_KEYWORDS = {"negative_list": 5_000, "campaign": 10_000, "account": 1_000, "ad_set": 20_000}


def _changes(judged: Judged) -> list[NegativeKeywordsChange]:
    return [change for change in judged.proposal.changes if isinstance(change, NegativeKeywordsChange)]


def texts(judged: Judged) -> Verdict:
    for change in _changes(judged):
        for keyword in change.adds:
            if keyword.problem:
                return False, keyword.problem
        after, most = change.image.count + len(change.adds), MOST_KEYWORDS[change.target.level]
        if after > most:
            return False, f"{change.image.name} would hold {after} negative keywords; {most} are allowed"
    return True, "every keyword is one that the platform takes, and the place has room for them"


def at_once(judged: Judged) -> Verdict:
    most = judged.policy.guardrails.keywords_at_once
    for change in _changes(judged):
        count = len(change.adds) + len(change.removes)
        if count > most and not judged.is_revert:
            return False, f"{count} keywords at once; {most} are allowed, so that somebody can read them"
    return True, f"at most {most} keywords"


def conversions_lost(judged: Judged) -> Verdict:
    """What the blocked searches would have brought: a known number is bounded, an unknown one is for people."""
    if judged.is_revert:
        return True, "leads back to what was there before"
    lost, most = judged.proposal.evidence.get("conversions_lost"), judged.policy.guardrails.conversions_lost
    if not isinstance(lost, int | float):
        return True, "what the blocked searches brought is not known: a person weighs each keyword"
    if lost > most:
        return False, f"the blocked searches brought {lost:.1f} conversions in 28 days; {most:g} are allowed"
    return True, f"the blocked searches brought {lost:.1f} conversions in 28 days"


LIMITS: Mapping[str, Callable[[Judged], Verdict]] = {
    "keyword texts": texts,
    "keywords at once": at_once,
    "conversions lost": conversions_lost,
}
