"""LinkedIn DMP segments of customers, by hashed email addresses; LinkedIn accepts no telephone numbers.

A new segment accepts members only after some seconds; uploads are retried until then. Targeting criteria are
replaced as a whole: read, changed and written back.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Any

from resources.config.credentials import LinkedInAdsSettings
from resources.errors import PlatformBusy, PlatformRefused, PlatformUnreadable
from resources.kinds.excluded_audiences.change import ExclusionChange
from resources.ledger.proposal import Target
from resources.platforms.audience_client import (
    Identifier,
    PartialUpload,
    Size,
    audience_ids_in,
    checked,
    upload_outcome,
)
from resources.platforms.call_context import CallContext
from resources.platforms.linkedin_client import LinkedInClient
from resources.platforms.retries import BackOff
from resources.platforms.writer import sent_once

FACET = "urn:li:adTargetingFacet:audienceMatchingSegments"
YOUNG_SECONDS = 60.0
"""LinkedIn asks to wait five seconds after a segment was made; for a minute its absence is taken for youth.
"""
PAGE, TAKEN = 100, range(200, 300)


class LinkedInAudiences:
    """Audience client for one LinkedIn login (scope rw_dmp_segments)."""

    platform = "linkedin_ads"
    identifiers: tuple[Identifier, ...] = ("email",)
    at_once = 5_000

    def __init__(self, settings: LinkedInAdsSettings, *, back_off: BackOff | None = None) -> None:
        self._back_off = back_off or BackOff()
        self._client = LinkedInClient(settings, self._back_off)
        self._made_at: dict[str, float] = {}

    def find(self, account_id: str, name: str) -> str | None:
        context = self._doing("Looking for a segment", account_id)
        start = 0
        while True:
            parameters = {"q": "account", "account": _account(account_id), "start": start, "count": PAGE}
            segments = self._client.get("dmpSegments", parameters, context, shape=dict[str, Any])["elements"]
            for segment in segments:
                if segment["name"] == name:
                    return str(segment["id"])
            if len(segments) < PAGE:
                return None
            start += PAGE

    def create(self, account_id: str, name: str) -> str:
        context = self._doing("Making a segment", account_id)
        content = {
            "name": name,
            "sourcePlatform": "LIST_UPLOAD",
            "account": _account(account_id),
            "accessPolicy": "PRIVATE",
            "type": "USER",
            "destinations": [{"destination": "LINKEDIN"}],
        }
        with sent_once(context):
            _, segment_id = self._client.post("dmpSegments", content, context, method="CREATE")
            if not segment_id:
                raise PlatformUnreadable(**context.known(), said="an answer without an id")
            self._made_at[segment_id] = monotonic()
            return segment_id
        raise AssertionError("the errors are raised as ours")

    def size(self, account_id: str, audience_id: str) -> Size:
        destination = self._destination(account_id, audience_id)
        people = int(destination.get("audienceSize") or 0)
        status = str(destination.get("status", "UNKNOWN"))
        if status in {"FAILED", "EXPIRED", "ERROR"}:
            context = self._doing(f"Reading segment {audience_id}", account_id)
            raise PlatformRefused(
                **context.known(), said=f"the segment is {status}", todo="Make a new one: propose it anew."
            )
        return Size(people or None, people or None, status)  # 0 stands for fewer than three hundred as well

    def upload(
        self, account_id: str, audience_id: str, kind: Identifier, hashes: Sequence[str], *, adds: bool
    ) -> None:
        what = "Adding to" if adds else "Removing from"
        context = self._doing(f"{what} segment {audience_id}", account_id)
        if kind not in self.identifiers:
            raise PlatformRefused(**context.known(), said=f"LinkedIn takes no identifiers of the kind {kind}")
        elements = [
            {
                "action": "ADD" if adds else "REMOVE",
                "userIds": [{"idType": "SHA256_EMAIL", "idValue": hashed}],
            }
            for hashed in checked(hashes, context)
        ]
        with upload_outcome(lambda: self.size(account_id, audience_id)):
            self._back_off.with_retries(lambda: self._taken(audience_id, elements, context))

    def is_done(self, account_id: str, request_id: str) -> bool:
        del account_id, request_id
        return True  # LinkedIn answers for every member at once

    def excluded(self, target: Target) -> tuple[str, ...]:
        urns = self._criteria(target).get("exclude", {}).get("or", {}).get(FACET, [])
        return tuple(sorted(urn.rsplit(":", 1)[-1] for urn in urns))

    def special_categories(self, target: Target) -> tuple[str, ...]:
        del target
        return ()  # LinkedIn declares none on campaigns

    def exclude(self, change: ExclusionChange, *, rehearse: bool) -> str | None:
        """LinkedIn has no dry run. Targeting refers to a segment by the id of its destination."""
        context = self._doing("Changing an exclusion", change.target.account_id)
        criteria = self._criteria(change.target)
        urns = [f"urn:li:adSegment:{segment_id}" for segment_id in audience_ids_in(change.after)]
        others = {
            facet: values
            for facet, values in criteria.get("exclude", {}).get("or", {}).items()
            if facet != FACET
        }
        kept_out = others | ({FACET: urns} if urns else {})
        whole = {name: part for name, part in criteria.items() if name != "exclude"}
        if kept_out:
            whole["exclude"] = {"or": kept_out}
        if rehearse:
            return None
        with sent_once(context):
            return self._client.patch(_path(change.target), {"targetingCriteria": whole}, context)
        raise AssertionError("the errors are raised as ours")

    def targeted_as(self, account_id: str, audience_id: str) -> str:
        """Id by which targeting refers to a segment."""
        return str(self._destination(account_id, audience_id)["destinationSegmentId"]).rsplit(":", 1)[-1]

    def _destination(self, account_id: str, audience_id: str) -> dict[str, Any]:
        context = self._doing(f"Reading segment {audience_id}", account_id)
        destinations = self._client.element(f"dmpSegments/{audience_id}", context)["destinations"]
        return next(
            (dict(destination) for destination in destinations if destination["destination"] == "LINKEDIN"),
            {},
        )

    def _criteria(self, target: Target) -> dict[str, Any]:
        context = self._doing(f"Reading the targeting of {target.entity_id}", target.account_id)
        if target.level != "ad_set":
            raise PlatformRefused(
                **context.known(), said="LinkedIn keeps targeting on its campaigns, which are ad sets here"
            )
        return dict(self._client.element(_path(target), context)["targetingCriteria"])

    def _taken(self, audience_id: str, elements: list[dict[str, Any]], context: CallContext) -> None:
        """Send one upload and check that LinkedIn accepted every member."""
        try:
            answer, _ = self._client.post(
                f"dmpSegments/{audience_id}/users", {"elements": elements}, context, method="BATCH_CREATE"
            )
        except PlatformRefused as error:
            if self._is_young(audience_id) and "HTTP 404" in error.said:
                raise PlatformBusy(
                    **context.known(), said="the segment was only just made", wait_seconds=1.0
                ) from error
            raise
        taken = [element.get("status") in TAKEN for element in answer.get("elements", ())]
        if len(taken) != len(elements):
            raise PlatformUnreadable(**context.known(), said="an answer for another number of members")
        if not all(taken):
            raise PartialUpload(**context.known(), said=f"{sum(taken)} of {len(taken)} were taken")
        self._made_at.pop(audience_id, None)  # it is there: from now on its absence means something

    def _is_young(self, audience_id: str) -> bool:
        made_at = self._made_at.get(audience_id)
        return made_at is not None and monotonic() - made_at < YOUNG_SECONDS

    def _doing(self, what: str, account_id: str) -> CallContext:
        return CallContext(self.platform, what, account_id)


def _account(account_id: str) -> str:
    return f"urn:li:sponsoredAccount:{account_id}"


def _path(target: Target) -> str:
    return f"adAccounts/{target.account_id}/adCampaigns/{target.entity_id}"
