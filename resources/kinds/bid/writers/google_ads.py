"""The bid per click of a keyword at Google Ads, which counts where the campaign bids by hand."""

from datetime import datetime
from decimal import Decimal

from resources.errors import PlatformRefused
from resources.kinds.base import Change, Image, Target
from resources.kinds.bid.change import BidChange, image_of
from resources.platforms.call_context import CallContext
from resources.platforms.google_ads_write import GoogleAdsWriter
from resources.platforms.google_session import enum_name
from resources.platforms.money import micros
from resources.platforms.writer import not_written_here

BY_HAND = frozenset({"MANUAL_CPC"})


class GoogleBids:
    """The writing side of bids, over the login of a `GoogleAdsWriter`."""

    platform = "google_ads"

    def __init__(self, entities: GoogleAdsWriter) -> None:
        self._entities, self._session = entities, entities.session

    def image(self, target: Target) -> Image:
        ad_group, criterion_id = _ids(target)
        query = (
            "SELECT ad_group_criterion.criterion_id, ad_group_criterion.keyword.text,"
            " ad_group_criterion.status, ad_group_criterion.cpc_bid_micros, campaign.bidding_strategy_type"
            f" FROM ad_group_criterion WHERE ad_group.id = {ad_group} AND ad_group_criterion.criterion_id ="
            f" {criterion_id} AND ad_group_criterion.status != 'REMOVED' AND ad_group_criterion.negative ="
            " FALSE"
        )
        rows = self._session.search(target.account_id, query, "Reading a bid")
        if not rows:
            context = CallContext(self.platform, f"Reading keyword {target.entity_id}", target.account_id)
            raise PlatformRefused(**context.known(), said="there is none of that number")
        criterion, strategy = rows[0].ad_group_criterion, enum_name(rows[0].campaign, "bidding_strategy_type")
        bid = Decimal(criterion.cpc_bid_micros) / 1_000_000 if criterion.cpc_bid_micros else None
        entity = self._entities.image(_ad_group(target))
        return image_of(entity, criterion.keyword.text, bid, strategy, is_by_hand=strategy in BY_HAND)

    def edited_at(self, target: Target) -> datetime | None:
        return self._entities.edited_at(_ad_group(target))

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """Nothing here is about budgets."""

    def rehearse(self, change: Change) -> None:
        self._mutated(change, "Rehearsing a bid", validate_only=True)

    def send(self, change: Change) -> str | None:
        return self._mutated(change, "Changing a bid", validate_only=False)

    def _mutated(self, change: Change, what: str, *, validate_only: bool) -> str | None:
        if not isinstance(change, BidChange):
            raise not_written_here(change)
        target, client = change.target, self._session.client
        request = client.get_type("MutateAdGroupCriteriaRequest")
        request.customer_id, request.validate_only = target.account_id, validate_only
        operation = client.get_type("AdGroupCriterionOperation")
        ad_group, criterion_id = _ids(target)
        operation.update.resource_name = (
            f"customers/{target.account_id}/adGroupCriteria/{ad_group}~{criterion_id}"
        )
        operation.update.cpc_bid_micros = micros(Decimal(change.after))
        operation.update_mask.paths.append("cpc_bid_micros")
        request.operations.append(operation)
        method = self._session.service("AdGroupCriterionService").mutate_ad_group_criteria
        context = CallContext(self.platform, what, target.account_id)
        return self._session.mutate(method, request, context, operations=1, validate_only=validate_only)


def _ids(target: Target) -> tuple[int, int]:
    ad_group, _, criterion_id = target.entity_id.partition(".")
    return int(ad_group), int(criterion_id)


def _ad_group(target: Target) -> Target:
    return target.model_copy(update={"level": "ad_set", "entity_id": target.entity_id.split(".")[0]})
