"""Google Ads writer: budgets and statuses through the official client's services.

Every budget is a campaign budget. An explicitly shared budget affects several campaigns and is a target of
its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from resources.config.credentials import GoogleAdsSettings
from resources.errors import PlatformRefused
from resources.kinds.daily_budget.change import BudgetChange
from resources.kinds.entity_status.change import StatusChange
from resources.ledger.proposal import Change, Image, Target
from resources.platforms.call_context import CallContext
from resources.platforms.google_session import GoogleAdsSession, enum_name
from resources.platforms.labels import NONE, Labels, google_labels
from resources.platforms.money import micros
from resources.platforms.retries import BackOff
from resources.platforms.writer import not_written_here

REMEMBERED_DAYS = 29
"""Google's change events reach back thirty days."""
_COMMON = (
    "customer.currency_code, customer.time_zone, campaign.id, campaign.name, campaign.status,"
    " campaign.bidding_strategy_system_status, campaign_budget.id, campaign_budget.name,"
    " campaign_budget.amount_micros, campaign_budget.explicitly_shared, campaign_budget.reference_count,"
    " campaign.labels"
)
_OURS = {"ENABLED": "active", "PAUSED": "paused", "REMOVED": "removed"}
_STATUS = {"active": "ENABLED", "paused": "PAUSED"}


@dataclass(frozen=True)
class CampaignsConcerned:
    """Id and name of each campaign, sorted by id, and the labels of all of them; None where one is not known."""

    ids: tuple[tuple[str, str], ...]
    labels: Labels | None


class GoogleAdsWriter:
    """Writer for one Google Ads login."""

    platform = "google_ads"

    def __init__(
        self,
        settings: GoogleAdsSettings,
        *,
        back_off: BackOff | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.session, self._now = GoogleAdsSession(settings, back_off or BackOff()), now

    def image(self, target: Target) -> Image:
        rows = self._rows(target)
        row = rows[0]
        campaign, budget, is_set = row.campaign, row.campaign_budget, target.level == "ad_set"
        entity = row.ad_group if is_set else campaign
        status = enum_name(entity, "status")
        system = enum_name(campaign, "bidding_strategy_system_status")
        owns = not is_set
        return Image(
            name=budget.name if target.level == "shared_budget" else entity.name,
            campaign_id=str(campaign.id),
            campaign_name=campaign.name,
            status=_OURS.get(status, "other"),
            native_status=status,
            currency=row.customer.currency_code,
            daily_budget=Decimal(budget.amount_micros) / 1_000_000 if owns else None,
            budget_owner="shared_budget" if budget.explicitly_shared else "campaign",
            budget_id=str(budget.id),
            shared_by=int(budget.reference_count) if budget.explicitly_shared else 1,
            learning_state=system if system.startswith("LEARNING") else "NOT_LEARNING",
            labels=self._labels(target, rows),
        )

    def _labels(self, target: Target, rows: list[Any]) -> Labels | None:
        """Labels of the entity and its campaign; for a shared budget, those of every campaign that uses it."""
        return self._named_labels(target.account_id, rows)

    def _named_labels(self, account_id: str, rows: list[Any]) -> Labels | None:
        carried = {name for row in rows for name in (*row.campaign.labels, *row.ad_group.labels)}
        if not carried:
            return NONE
        label_rows = self.session.search(
            account_id, "SELECT label.resource_name, label.name FROM label", "Reading labels"
        )
        return google_labels(carried, {row.label.resource_name: row.label.name for row in label_rows})

    def campaigns(self, account_id: str, *, list_id: int | None) -> "CampaignsConcerned":
        """The campaigns that a list of negative keywords is attached to; all of the account without one."""
        fields = "campaign.id, campaign.name, campaign.labels"
        query = f"SELECT {fields} FROM campaign WHERE campaign.status != 'REMOVED'"
        if list_id is not None:
            query = (
                f"SELECT {fields} FROM campaign_shared_set WHERE campaign_shared_set.shared_set = "
                f"'customers/{account_id}/sharedSets/{list_id}' AND campaign_shared_set.status = 'ENABLED'"
            )
        rows = self.session.search(account_id, query, "Reading campaigns")
        names = {str(row.campaign.id): str(row.campaign.name) for row in rows}
        return CampaignsConcerned(tuple(sorted(names.items())), self._named_labels(account_id, rows))

    def edited_at(self, target: Target) -> datetime | None:
        row = self._row(target)
        return max(self._events(target, row, self._resources(target, row)), default=None)

    def budget_edits(self, target: Target, *, since: datetime) -> list[datetime]:
        row = self._row(target)
        budget = f"customers/{target.account_id}/campaignBudgets/{row.campaign_budget.id}"
        return sorted(at for at in self._events(target, row, [budget]) if at >= since)

    def _events(self, target: Target, row: Any, resources: list[str]) -> list[datetime]:
        """Times of the newest hundred change events of these resources."""
        zone = ZoneInfo(row.customer.time_zone)
        now = self._now().astimezone(zone)
        names = ", ".join(f"'{name}'" for name in resources)
        query = (
            "SELECT change_event.change_date_time, change_event.change_resource_name,"
            " change_event.client_type FROM change_event WHERE change_event.change_date_time >="
            f" '{(now - timedelta(days=REMEMBERED_DAYS)).date()}' AND change_event.change_date_time <="
            f" '{(now + timedelta(days=1)).date()}' AND change_event.change_resource_name IN ({names}) ORDER"
            " BY change_event.change_date_time DESC LIMIT 100"
        )
        stamps = [
            event_row.change_event.change_date_time
            for event_row in self.session.search(target.account_id, query, "Reading edits")
        ]
        return [datetime.fromisoformat(stamp).replace(tzinfo=zone).astimezone(UTC) for stamp in stamps]

    def rehearse(self, change: Change) -> None:
        self._mutated(change, "Rehearsing a change", validate_only=True)

    def send(self, change: Change) -> str | None:
        return self._mutated(change, "Changing an entity", validate_only=False)

    def _mutated(self, change: Change, what: str, *, validate_only: bool) -> str | None:
        mutate, request = self._prepared(change, validate_only=validate_only)
        context = self._doing(change.target, what)
        return self.session.mutate(
            mutate, request, context, operations=len(request.operations), validate_only=validate_only
        )

    def _prepared(self, change: Change, *, validate_only: bool) -> tuple[Callable[..., Any], Any]:
        """Service method and request: one operation that sets one field."""
        target, base = change.target, f"customers/{change.target.account_id}"
        value: int
        if isinstance(change, BudgetChange):
            service, method, kind = "CampaignBudgetService", "mutate_campaign_budgets", "CampaignBudget"
            budget_id = target.entity_id if target.level == "shared_budget" else change.image.budget_id
            name, path = f"{base}/campaignBudgets/{budget_id}", "amount_micros"
            value = micros(Decimal(change.after))
        elif not isinstance(change, StatusChange):
            raise not_written_here(change)
        elif target.level == "ad_set":
            service, method, kind = "AdGroupService", "mutate_ad_groups", "AdGroup"
            name, path = f"{base}/adGroups/{target.entity_id}", "status"
            value = self._status(change, "AdGroupStatusEnum")
        else:
            service, method, kind = "CampaignService", "mutate_campaigns", "Campaign"
            name, path = f"{base}/campaigns/{target.entity_id}", "status"
            value = self._status(change, "CampaignStatusEnum")
        client = self.session.client
        operation, request = client.get_type(f"{kind}Operation"), client.get_type(f"Mutate{kind}sRequest")
        operation.update.resource_name = name
        setattr(operation.update, path, value)
        operation.update_mask.paths.append(path)
        request.customer_id, request.validate_only = target.account_id, validate_only
        request.operations.append(operation)
        return getattr(self.session.service(service), method), request

    def _status(self, change: StatusChange, enum: str) -> int:
        return int(getattr(getattr(self.session.client.enums, enum), _STATUS[change.after]))

    def _row(self, target: Target) -> Any:
        return self._rows(target)[0]

    def _rows(self, target: Target) -> list[Any]:
        """The entity with its campaign and budget; for a shared budget, one row per campaign that uses it."""
        where = {
            "ad_set": (
                "ad_group.id, ad_group.name, ad_group.status, ad_group.labels, ",
                "ad_group",
                "ad_group.id",
            ),
            "campaign": ("", "campaign", "campaign.id"),
            "shared_budget": ("", "campaign", "campaign_budget.id"),
        }
        more, resource, id_field = where[target.level]
        query = f"SELECT {more}{_COMMON} FROM {resource} WHERE {id_field} = {int(target.entity_id)}"
        rows = self.session.search(target.account_id, query, "Reading an entity")
        if not rows:
            context = self._doing(target, f"Reading {target.level} {target.entity_id}")
            raise PlatformRefused(**context.known(), said="there is none of that number")
        return rows

    def _resources(self, target: Target, row: Any) -> list[str]:
        base = f"customers/{target.account_id}"
        budget = f"{base}/campaignBudgets/{row.campaign_budget.id}"
        if target.level == "ad_set":
            return [f"{base}/adGroups/{target.entity_id}"]
        return (
            [budget] if target.level == "shared_budget" else [f"{base}/campaigns/{target.entity_id}", budget]
        )

    def _doing(self, target: Target, what: str) -> CallContext:
        return CallContext(self.platform, what, target.account_id)
