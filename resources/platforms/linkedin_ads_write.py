"""LinkedIn Ads writer: partial updates of campaign groups (campaigns here) and campaigns (ad sets here).

LinkedIn has no dry run and no idempotency key. Its version tag changes with every write, so the before-image
includes it.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from resources.config.credentials import LinkedInAdsSettings
from resources.kinds.daily_budget.change import BudgetChange
from resources.kinds.entity_status.change import StatusChange
from resources.ledger.proposal import Change, Image, Target
from resources.platforms.call_context import CallContext
from resources.platforms.labels import NONE
from resources.platforms.linkedin_client import LinkedInClient
from resources.platforms.retries import BackOff
from resources.platforms.writer import not_written_here, sent_once

_PATHS = {"campaign": "adCampaignGroups", "ad_set": "adCampaigns"}
_OURS = {
    "ACTIVE": "active",
    "PAUSED": "paused",
    "ARCHIVED": "removed",
    "REMOVED": "removed",
    "CANCELED": "removed",
}
_STATUS = {"active": "ACTIVE", "paused": "PAUSED"}


class LinkedInAdsWriter:
    """Writer for one LinkedIn login."""

    platform = "linkedin_ads"

    def __init__(self, settings: LinkedInAdsSettings, *, back_off: BackOff | None = None) -> None:
        self.client = LinkedInClient(settings, back_off or BackOff())
        self._currencies: dict[str, str] = {}

    def image(self, target: Target) -> Image:
        context = CallContext(self.platform, f"Reading {target.level} {target.entity_id}", target.account_id)
        element = self._element(target.level, target.account_id, target.entity_id, context)
        is_set = target.level == "ad_set"
        group = element
        if is_set:
            group_id = str(element["campaignGroup"]).rsplit(":", 1)[-1]
            group = self._element("campaign", target.account_id, group_id, context)
        owner = element if "dailyBudget" in element else group if "dailyBudget" in group else None
        budget = element.get("dailyBudget")
        return Image(
            name=element["name"],
            campaign_id=str(group["id"]),
            campaign_name=group["name"],
            status=_OURS.get(element["status"], "other"),
            native_status=element["status"],
            currency=(owner or {}).get("dailyBudget", {}).get("currencyCode")
            or self._currency(target, context),
            daily_budget=Decimal(budget["amount"]) if budget else None,
            budget_owner=None if owner is None else "ad_set" if is_set and owner is element else "campaign",
            budget_id=None if owner is None else str(owner["id"]),
            version=element["version"]["versionTag"],
            labels=NONE,
        )

    def edited_at(self, target: Target) -> datetime | None:
        context = CallContext(self.platform, f"Reading {target.level} {target.entity_id}", target.account_id)
        element = self._element(target.level, target.account_id, target.entity_id, context)
        return datetime.fromtimestamp(element["changeAuditStamps"]["lastModified"]["time"] / 1000, UTC)

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """None: LinkedIn reports the time of the last edit, not how many there were or what they changed."""

    def rehearse(self, change: Change) -> None:
        """Nothing: LinkedIn has no dry run. Limits and read-back still apply."""

    def send(self, change: Change) -> str | None:
        target = change.target
        if isinstance(change, StatusChange):
            patch: dict[str, Any] = {"status": _STATUS[change.after]}
        elif not isinstance(change, BudgetChange):
            raise not_written_here(change)
        else:
            patch = {
                "dailyBudget": {
                    "amount": f"{Decimal(change.after):.2f}",
                    "currencyCode": change.image.currency,
                }
            }
        context = CallContext(self.platform, "Changing an entity", target.account_id)
        with sent_once(context):
            return self.client.patch(_path(target.level, target.account_id, target.entity_id), patch, context)
        raise AssertionError("the errors are raised as ours")

    def _element(self, level: str, account_id: str, entity_id: str, context: CallContext) -> dict[str, Any]:
        return self.client.element(_path(level, account_id, entity_id), context)

    def _currency(self, target: Target, context: CallContext) -> str:
        if target.account_id not in self._currencies:
            accounts = self.client.get("adAccounts", {"q": "search"}, context, shape=dict[str, Any])[
                "elements"
            ]
            self._currencies |= {str(account["id"]): account["currency"] for account in accounts}
        return self._currencies[target.account_id]


def _path(level: str, account_id: str, entity_id: str) -> str:
    return f"adAccounts/{account_id}/{_PATHS[level]}/{entity_id}"
