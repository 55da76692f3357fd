"""Meta Ads writer: budgets and statuses of campaigns and ad sets, over the official SDK's session.

With an Advantage campaign budget the campaign owns the budget and its ad sets have none.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from resources.config.credentials import MetaAdsSettings
from resources.errors import PlatformRefused
from resources.kinds.daily_budget.change import BudgetChange
from resources.kinds.entity_status.change import StatusChange
from resources.ledger.proposal import Change, Image, Target
from resources.platforms.call_context import CallContext
from resources.platforms.labels import meta_labels, together
from resources.platforms.meta_client import MetaClient
from resources.platforms.money import meta_major, meta_minor
from resources.platforms.retries import BackOff
from resources.platforms.writer import not_written_here, rehearsed, sent_once

_FIELDS = (
    "id,account_id,name,status,effective_status,daily_budget,lifetime_budget,updated_time,adlabels{name}"
)
_OURS = {"ACTIVE": "active", "PAUSED": "paused", "ARCHIVED": "removed", "DELETED": "removed"}
_STATUS = {"active": "ACTIVE", "paused": "PAUSED"}
_BUDGET_EVENTS = {"ad_set": "update_ad_set_budget", "campaign": "update_campaign_budget"}


class _Activity(msgspec.Struct):
    """One entry of an account's activity log."""

    event_time: str
    event_type: str
    object_id: str = ""


class MetaAdsWriter:
    """Writer for one Meta login."""

    platform = "meta_ads"

    def __init__(self, settings: MetaAdsSettings, *, back_off: BackOff | None = None) -> None:
        self.client = MetaClient(settings, back_off or BackOff())

    def image(self, target: Target) -> Image:
        context = CallContext(self.platform, f"Reading {target.level} {target.entity_id}", target.account_id)
        node = self._node(target, context)
        is_set = target.level == "ad_set"
        above = self.client.get(str(node["campaign_id"]), {"fields": _FIELDS}, context) if is_set else node
        currency = str(
            self.client.get(f"act_{target.account_id}", {"fields": "currency"}, context)["currency"]
        )
        budgets = [(holder, meta_major(holder.get("daily_budget"), currency)) for holder in (node, above)]
        owner = next((holder for holder, amount in budgets if amount is not None), {})
        return Image(
            name=node["name"],
            campaign_id=str(above["id"]),
            campaign_name=above["name"],
            status=_OURS.get(node["status"], "other"),
            native_status=node["status"],
            currency=currency,
            daily_budget=budgets[0][1],
            budget_owner=None if not owner else "ad_set" if is_set and owner is node else "campaign",
            budget_id=str(owner["id"]) if owner else None,
            learning_state=(node.get("learning_stage_info") or {}).get("status"),
            version=node["updated_time"],
            labels=together([meta_labels(node), meta_labels(above)]),
        )

    def edited_at(self, target: Target) -> datetime | None:
        context = CallContext(self.platform, f"Reading {target.level} {target.entity_id}", target.account_id)
        return datetime.fromisoformat(self._node(target, context)["updated_time"]).astimezone(UTC)

    def budget_edits(self, target: Target, *, since: datetime) -> list[datetime]:
        context = CallContext(self.platform, "Reading the account's change history", target.account_id)
        parameters = {
            "fields": "event_time,event_type,object_id",
            "category": "BUDGET",
            "since": str(int(since.timestamp())),
        }
        pages = self.client.pages(f"act_{target.account_id}/activities", parameters, context, shape=_Activity)
        edits = [
            datetime.fromisoformat(activity.event_time).astimezone(UTC)
            for page in pages
            for activity in page
            if activity.object_id == target.entity_id and activity.event_type == _BUDGET_EVENTS[target.level]
        ]
        return sorted(at for at in edits if at >= since)

    def rehearse(self, change: Change) -> None:
        context = CallContext(self.platform, "Rehearsing a change", change.target.account_id)
        fields = {**self._asked(change), "execution_options": '["validate_only"]'}
        with rehearsed():
            self.client.write(change.target.entity_id, fields, context)

    def send(self, change: Change) -> str | None:
        context = CallContext(self.platform, "Changing an entity", change.target.account_id)
        fields = self._asked(change)
        with sent_once(context):
            return self.client.write(change.target.entity_id, fields, context)
        raise AssertionError("the errors are raised as ours")

    def _asked(self, change: Change) -> dict[str, str]:
        if isinstance(change, StatusChange):
            return {"status": _STATUS[change.after]}
        if not isinstance(change, BudgetChange):
            raise not_written_here(change)
        return {"daily_budget": str(meta_minor(Decimal(change.after), change.image.currency))}

    def _node(self, target: Target, context: CallContext) -> dict[str, Any]:
        more = ",campaign_id,learning_stage_info" if target.level == "ad_set" else ""
        node = self.client.get(target.entity_id, {"fields": _FIELDS + more}, context)
        if str(node.get("account_id")) != target.account_id:
            raise PlatformRefused(**context.known(), said="it belongs to another account")
        return node
