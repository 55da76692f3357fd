"""Limits of edited texts: what a platform takes, and when it lets an ad be edited."""

from collections.abc import Callable, Mapping

from resources.kinds.ad_content import content_problem
from resources.kinds.ad_texts.change import TextsChange
from resources.kinds.judging import Judged, Verdict

# UPDATING_AD_WITH_NO_ENABLED_ASSOCIATION:
# https://developers.google.com/google-ads/api/reference/rpc/latest/AdErrorEnum.AdError
EDITED_WHILE = {"google_ads": frozenset({"ENABLED"})}
"""Statuses in which a platform lets an ad be edited, where not in every one."""


def edited_ad(judged: Judged) -> Verdict:
    for change in judged.proposal.changes:
        if not isinstance(change, TextsChange):
            continue
        platform, status = change.target.platform, change.image.ad_status
        if status not in EDITED_WHILE.get(platform, {status}):
            return (
                False,
                f"the ad is {status}, and {platform} lets only an enabled ad be edited: make a new one",
            )
        if problem := content_problem(platform, change.content):
            return False, problem
    return True, "the ad can be edited, and every text is one that the platform takes"


LIMITS: Mapping[str, Callable[[Judged], Verdict]] = {"edited ad": edited_ad}
