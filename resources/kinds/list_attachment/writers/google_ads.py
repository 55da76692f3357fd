"""Lists of negative keywords that a Google Ads campaign has."""

from datetime import datetime

from resources.kinds.base import Change, Image, Target
from resources.kinds.list_attachment.change import AttachmentChange, AttachmentImage, NamedList
from resources.platforms.call_context import CallContext
from resources.platforms.google_ads_write import GoogleAdsWriter
from resources.platforms.writer import not_written_here


class GoogleListAttachments:
    """The writing side of attachments, over the login of a `GoogleAdsWriter`."""

    platform = "google_ads"

    def __init__(self, entities: GoogleAdsWriter) -> None:
        self._entities, self._session = entities, entities.session

    def image(self, target: Target) -> Image:
        campaign = self._entities.image(target)
        query = (
            "SELECT shared_set.id, shared_set.name FROM campaign_shared_set "
            f"WHERE campaign.id = {int(target.entity_id)} AND campaign_shared_set.status = 'ENABLED'"
        )
        rows = self._session.search(target.account_id, query, "Reading a campaign's lists")
        lists = {str(row.shared_set.id): str(row.shared_set.name) for row in rows}
        names = ("name", "campaign_id", "campaign_name", "status", "native_status", "currency", "labels")
        return AttachmentImage(
            **{name: getattr(campaign, name) for name in names},
            lists=tuple(NamedList(list_id=own_id, name=lists[own_id]) for own_id in sorted(lists)),
        )

    def edited_at(self, target: Target) -> datetime | None:
        """Google's change history has no events for attachments of lists."""
        del target
        return None

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """Nothing here is about budgets."""

    def rehearse(self, change: Change) -> None:
        self._mutated(change, "Rehearsing a campaign's lists", validate_only=True)

    def send(self, change: Change) -> str | None:
        return self._mutated(change, "Changing a campaign's lists", validate_only=False)

    def _mutated(self, change: Change, what: str, *, validate_only: bool) -> str | None:
        if not isinstance(change, AttachmentChange):
            raise not_written_here(change)
        target, client = change.target, self._session.client
        base = f"customers/{target.account_id}"
        request = client.get_type("MutateCampaignSharedSetsRequest")
        request.customer_id, request.validate_only = target.account_id, validate_only
        for entry in change.attaches:
            operation = client.get_type("CampaignSharedSetOperation")
            operation.create.campaign = f"{base}/campaigns/{target.entity_id}"
            operation.create.shared_set = f"{base}/sharedSets/{entry.list_id}"
            request.operations.append(operation)
        for entry in change.detaches:
            operation = client.get_type("CampaignSharedSetOperation")
            operation.remove = f"{base}/campaignSharedSets/{target.entity_id}~{entry.list_id}"
            request.operations.append(operation)
        method = self._session.service("CampaignSharedSetService").mutate_campaign_shared_sets
        context = CallContext(self.platform, what, target.account_id)
        return self._session.mutate(
            method, request, context, operations=len(request.operations), validate_only=validate_only
        )
