"""The unit cost of a LinkedIn campaign (our ad set), which counts where it optimises for nothing by itself."""

from datetime import datetime
from decimal import Decimal

from resources.kinds.base import Change, Image, Target
from resources.kinds.bid.change import BidChange, image_of
from resources.platforms.call_context import CallContext
from resources.platforms.linkedin_ads_write import LinkedInAdsWriter
from resources.platforms.writer import not_written_here, sent_once

BY_HAND = frozenset({"NONE", "ENHANCED_CONVERSION"})
# https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads/account-structure/create-and-manage-campaigns


class LinkedInBids:
    """The writing side of bids, over the login of a `LinkedInAdsWriter`."""

    platform = "linkedin_ads"

    def __init__(self, entities: LinkedInAdsWriter) -> None:
        self._entities, self._client = entities, entities.client

    def image(self, target: Target) -> Image:
        entity = self._entities.image(target)
        context = CallContext(self.platform, "Reading a bid", target.account_id)
        campaign = self._client.element(_path(target), context)
        strategy = str(campaign.get("optimizationTargetType") or "NONE")
        amount = Decimal((campaign.get("unitCost") or {}).get("amount") or 0)
        bid = amount or None  # nought leaves the bid to LinkedIn
        return image_of(entity, entity.name, bid, strategy, is_by_hand=strategy in BY_HAND)

    def edited_at(self, target: Target) -> datetime | None:
        return self._entities.edited_at(target)

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """Nothing here is about budgets."""

    def rehearse(self, change: Change) -> None:
        """LinkedIn has no dry run: the limits and the read-back have to do."""

    def send(self, change: Change) -> str | None:
        if not isinstance(change, BidChange):
            raise not_written_here(change)
        amount = {"amount": change.after, "currencyCode": change.image.currency}
        context = CallContext(self.platform, "Changing a bid", change.target.account_id)
        with sent_once(context):
            return self._client.patch(_path(change.target), {"unitCost": amount}, context)
        raise AssertionError("the errors are raised as ours")


def _path(target: Target) -> str:
    return f"adAccounts/{target.account_id}/adCampaigns/{target.entity_id}"
