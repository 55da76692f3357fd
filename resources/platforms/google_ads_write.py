"""Google Ads, writing side: budgets and statuses through the official client's own services.

Every budget is a campaign budget; one that is explicitly shared moves several campaigns at once and is a
target of its own.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from resources.config.credentials import GoogleAdsSettings
from resources.errors import PlatformRefused
from resources.ledger.proposal import Change, Image, Target
from resources.platforms.call_context import Doing
from resources.platforms.google_client import as_our_errors, mutated, open_client, renew_token
from resources.platforms.labels import NONE, Labels, google_labels
from resources.platforms.money import micros
from resources.platforms.retries import Patience
from resources.platforms.writer import rehearsed, sent_once

WRITE_SECONDS, READ_SECONDS = 60.0, 60.0
REMEMBERED_DAYS = 29
"""Google's change events reach back thirty days."""
_COMMON = (
    "customer.currency_code, customer.time_zone, campaign.id, campaign.name, campaign.status, "
    "campaign.bidding_strategy_system_status, campaign_budget.id, campaign_budget.name, campaign_budget.amount_micros, "
    "campaign_budget.explicitly_shared, campaign_budget.reference_count, campaign.labels"
)
_OURS = {"ENABLED": "active", "PAUSED": "paused", "REMOVED": "removed"}
_STATUS = {"active": "ENABLED", "paused": "PAUSED"}


class GoogleAdsWriter:
    """One Google Ads login that may change budgets and statuses."""

    platform = "google_ads"

    def __init__(
        self,
        settings: GoogleAdsSettings,
        *,
        patience: Patience | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._patience, self._now = settings, patience or Patience(), now
        self._client: Any = None
        self._services: dict[str, Any] = {}

    def image(self, target: Target) -> Image:
        rows = self._rows(target)
        row = rows[0]
        campaign, budget, is_set = row.campaign, row.campaign_budget, target.level == "ad_set"
        entity = row.ad_group if is_set else campaign
        status = self._name(entity, "status")
        system = self._name(campaign, "bidding_strategy_system_status")
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
        """Labels of it and of its campaign; of a shared budget, those of every campaign that spends from it."""
        carried = {name for row in rows for name in (*row.campaign.labels, *row.ad_group.labels)}
        if not carried:
            return NONE
        label_rows = self._search(
            target, "SELECT label.resource_name, label.name FROM label", "Reading labels"
        )
        return google_labels(carried, {row.label.resource_name: row.label.name for row in label_rows})

    def edited_at(self, target: Target) -> datetime | None:
        row = self._row(target)
        return max(self._events(target, row, self._resources(target, row)), default=None)

    def budget_edits(self, target: Target, *, since: datetime) -> list[datetime]:
        row = self._row(target)
        budget = f"customers/{target.account_id}/campaignBudgets/{row.campaign_budget.id}"
        return sorted(at for at in self._events(target, row, [budget]) if at >= since)

    def _events(self, target: Target, row: Any, resources: list[str]) -> list[datetime]:
        """When these were changed, the newest hundred times."""
        zone = ZoneInfo(row.customer.time_zone)
        now = self._now().astimezone(zone)
        names = ", ".join(f"'{name}'" for name in resources)
        query = (
            "SELECT change_event.change_date_time, change_event.change_resource_name, change_event.client_type FROM change_event "
            f"WHERE change_event.change_date_time >= '{(now - timedelta(days=REMEMBERED_DAYS)).date()}' "
            f"AND change_event.change_date_time <= '{(now + timedelta(days=1)).date()}' "
            f"AND change_event.change_resource_name IN ({names}) ORDER BY change_event.change_date_time DESC LIMIT 100"
        )
        stamps = [
            event_row.change_event.change_date_time
            for event_row in self._search(target, query, "Reading edits")
        ]
        return [datetime.fromisoformat(stamp).replace(tzinfo=zone).astimezone(UTC) for stamp in stamps]

    def rehearse(self, change: Change) -> None:
        doing = self._doing(change.target, "Rehearsing a change")
        mutate, request = self._prepared(change, validate_only=True)
        with rehearsed(), as_our_errors(doing):
            mutate(request=request, timeout=WRITE_SECONDS)

    def send(self, change: Change) -> str | None:
        doing = self._doing(change.target, "Changing an entity")
        mutate, request = self._prepared(change, validate_only=False)
        renew_token(self._opened(), doing)
        with sent_once(doing), as_our_errors(doing):
            answer = mutate(request=request, timeout=WRITE_SECONDS)
            return mutated(answer, len(request.operations), doing)
        raise AssertionError("the errors are raised as ours")

    def _prepared(self, change: Change, *, validate_only: bool) -> tuple[Callable[..., Any], Any]:
        """The service's method and its request: one operation that sets one field."""
        target, base = change.target, f"customers/{change.target.account_id}"
        value: int
        if change.field == "daily_budget":
            service, method, kind = "CampaignBudgetService", "mutate_campaign_budgets", "CampaignBudget"
            budget_id = target.entity_id if target.level == "shared_budget" else change.image.budget_id
            name, path = f"{base}/campaignBudgets/{budget_id}", "amount_micros"
            value = micros(Decimal(change.after))
        elif target.level == "ad_set":
            service, method, kind = "AdGroupService", "mutate_ad_groups", "AdGroup"
            name, path = f"{base}/adGroups/{target.entity_id}", "status"
            value = self._status(change, "AdGroupStatusEnum")
        else:
            service, method, kind = "CampaignService", "mutate_campaigns", "Campaign"
            name, path = f"{base}/campaigns/{target.entity_id}", "status"
            value = self._status(change, "CampaignStatusEnum")
        client = self._opened()
        operation, request = client.get_type(f"{kind}Operation"), client.get_type(f"Mutate{kind}sRequest")
        operation.update.resource_name = name
        setattr(operation.update, path, value)
        operation.update_mask.paths.append(path)
        request.customer_id, request.validate_only = target.account_id, validate_only
        request.operations.append(operation)
        return getattr(self._service(service), method), request

    def _status(self, change: Change, enum: str) -> int:
        return int(getattr(getattr(self._opened().enums, enum), _STATUS[change.after]))

    def _row(self, target: Target) -> Any:
        return self._rows(target)[0]

    def _rows(self, target: Target) -> list[Any]:
        """The entity with its campaign and budget; of a shared budget, a row per campaign that spends from
        it.
        """
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
        rows = self._search(target, query, "Reading an entity")
        if not rows:
            doing = self._doing(target, f"Reading {target.level} {target.entity_id}")
            raise PlatformRefused(**doing.known(), said="there is none of that number")
        return rows

    def _search(self, target: Target, query: str, what: str) -> list[Any]:
        def asked() -> list[Any]:
            with as_our_errors(self._doing(target, what)):
                service = self._service("GoogleAdsService")
                return list(service.search(customer_id=target.account_id, query=query, timeout=READ_SECONDS))
            raise AssertionError("the errors are raised as ours")

        return self._patience.with_retries(asked)

    def _resources(self, target: Target, row: Any) -> list[str]:
        base = f"customers/{target.account_id}"
        budget = f"{base}/campaignBudgets/{row.campaign_budget.id}"
        if target.level == "ad_set":
            return [f"{base}/adGroups/{target.entity_id}"]
        return (
            [budget] if target.level == "shared_budget" else [f"{base}/campaigns/{target.entity_id}", budget]
        )

    def _doing(self, target: Target, what: str) -> Doing:
        return Doing(self.platform, what, target.account_id)

    def _service(self, name: str) -> Any:
        if name not in self._services:
            self._services[name] = self._opened().get_service(name)
        return self._services[name]

    def _opened(self) -> Any:
        if self._client is None:
            with as_our_errors(Doing(self.platform, "Signing in")):
                self._client = open_client(self._settings)
        return self._client

    def _name(self, message: Any, field: str) -> str:
        enum = message.DESCRIPTOR.fields_by_name[field].enum_type
        value = enum.values_by_number.get(getattr(message, field))
        return str(value.name) if value else "UNKNOWN"
