"""Lists of negative keywords at Google Ads: the list and its words in one transaction."""

from datetime import datetime

from resources.kinds.base import Change, Image, Target
from resources.kinds.negative_list.change import ListImage, NegativeListChange
from resources.platforms.call_context import CallContext
from resources.platforms.google_ads_write import GoogleAdsWriter
from resources.platforms.writer import not_written_here

TEMPORARY_ID = -1
"""A negative number names an object within the request that makes it."""


class GoogleNegativeLists:
    """The writing side of lists, over the login of a `GoogleAdsWriter`."""

    platform = "google_ads"

    def __init__(self, entities: GoogleAdsWriter) -> None:
        self._session = entities.session

    def image(self, target: Target) -> Image:
        query = (
            "SELECT shared_set.id, shared_set.name, shared_set.reference_count FROM shared_set "
            "WHERE shared_set.type = 'NEGATIVE_KEYWORDS' AND shared_set.status = 'ENABLED'"
        )
        rows = self._session.search(target.account_id, query, "Reading lists")
        mark = f"[{target.entity_id}]"
        held = next((row.shared_set for row in rows if mark in row.shared_set.name), None)
        return ListImage(
            name=held.name if held else f"list {target.entity_id}",
            campaign_id=None,
            campaign_name=None,
            status="there" if held else "absent",
            native_status="ENABLED" if held else "",
            currency="",
            labels=(),
            list_id=str(held.id) if held else None,
            attached_to=int(held.reference_count) if held else 0,
        )

    def edited_at(self, target: Target) -> datetime | None:
        """Google's change history has no events for lists."""
        del target
        return None

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """Nothing here is about budgets."""

    def rehearse(self, change: Change) -> None:
        self._mutated(change, "Rehearsing a list", validate_only=True)

    def send(self, change: Change) -> str | None:
        return self._mutated(change, "Making a list", validate_only=False)

    def _mutated(self, change: Change, what: str, *, validate_only: bool) -> str | None:
        if not isinstance(change, NegativeListChange):
            raise not_written_here(change)
        target, session = change.target, self._session
        base = f"customers/{target.account_id}/sharedSets"
        first = session.client.get_type("MutateOperation")
        operations = [first]
        if change.is_removed:
            first.shared_set_operation.remove = f"{base}/{change.image.list_id}"
        else:
            made = first.shared_set_operation.create
            made.resource_name, made.name = f"{base}/{TEMPORARY_ID}", change.name
            made.type_ = session.enum("SharedSetTypeEnum", "NEGATIVE_KEYWORDS")
            for keyword in change.keywords:
                operation = session.client.get_type("MutateOperation")
                word = operation.shared_criterion_operation.create
                word.shared_set, word.keyword.text = f"{base}/{TEMPORARY_ID}", keyword.text
                word.keyword.match_type = session.enum("KeywordMatchTypeEnum", keyword.match_type.upper())
                operations.append(operation)
        context = CallContext(self.platform, what, target.account_id)
        return session.mutate_all(target.account_id, operations, context, validate_only=validate_only)
