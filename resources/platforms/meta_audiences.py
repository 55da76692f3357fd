"""Meta custom audiences of customers, over the official SDK's session.

Identifiers are sent with one key per row, so that an audience is a plain set of hashes. Targeting is replaced
as a whole: read, changed and written back.
"""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from resources.config.credentials import MetaAdsSettings
from resources.errors import PlatformRefused, PlatformUnreadable
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
from resources.platforms.meta_client import MetaClient
from resources.platforms.retries import BackOff
from resources.platforms.writer import rehearsed, sent_once

_KEYS = {"email": "EMAIL", "phone": "PHONE"}
_FIELDS = "id,name,approximate_count_lower_bound,approximate_count_upper_bound,operation_status"
BLOCKED = 471


class _Named(msgspec.Struct):
    id: str
    name: str = ""


class MetaAudiences:
    """Audience client for one Meta login."""

    platform = "meta_ads"
    identifiers: tuple[Identifier, ...] = ("email", "phone")
    at_once = 10_000

    def __init__(self, settings: MetaAdsSettings, *, back_off: BackOff | None = None) -> None:
        self._client = MetaClient(settings, back_off or BackOff())
        self._back_off = back_off or BackOff()

    def find(self, account_id: str, name: str) -> str | None:
        context = self._doing("Looking for an audience", account_id)
        pages = self._client.pages(
            f"act_{account_id}/customaudiences", {"fields": "id,name"}, context, shape=_Named
        )
        return next((audience.id for page in pages for audience in page if audience.name == name), None)

    def create(self, account_id: str, name: str) -> str:
        context = self._doing("Making an audience", account_id)
        parameters = {"name": name, "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
        with sent_once(context):
            return self._client.create(f"act_{account_id}/customaudiences", parameters, context)
        raise AssertionError("the errors are raised as ours")

    def size(self, account_id: str, audience_id: str) -> Size:
        context = self._doing(f"Reading audience {audience_id}", account_id)
        node = self._client.get(audience_id, {"fields": _FIELDS}, context)
        status = node.get("operation_status") or {}
        if status.get("code") == BLOCKED:
            raise PlatformRefused(
                **context.known(),
                said="Meta has blocked the audience (operation status 471)",
                todo="Appeal in Meta's Audience Manager.",
            )
        low, high = (
            node.get(f"approximate_count_{end}_bound", -1) for end in ("lower", "upper")
        )  # -1: not told
        description = status.get("description") or "Normal"
        return Size(low if low >= 0 else None, high if high >= 0 else None, str(description))

    def upload(
        self, account_id: str, audience_id: str, kind: Identifier, hashes: Sequence[str], *, adds: bool
    ) -> None:
        what = "Adding to" if adds else "Removing from"
        context = self._doing(f"{what} audience {audience_id}", account_id)
        rows = [[hashed] for hashed in checked(hashes, context)]
        parameters = {"payload": json.dumps({"schema": [_KEYS[kind]], "data": rows})}
        with upload_outcome(lambda: self.size(account_id, audience_id)):
            self._back_off.with_retries(
                lambda: self._taken(audience_id, parameters, len(rows), context, adds=adds)
            )

    def is_done(self, account_id: str, request_id: str) -> bool:
        del account_id, request_id
        return True  # Meta answers when it has taken an upload

    def targeted_as(self, account_id: str, audience_id: str) -> str:
        del account_id
        return audience_id

    def excluded(self, target: Target) -> tuple[str, ...]:
        return tuple(
            sorted(
                audience["id"] for audience in self._targeting(target).get("excluded_custom_audiences", ())
            )
        )

    def special_categories(self, target: Target) -> tuple[str, ...]:
        context = self._doing(f"Reading {target.level} {target.entity_id}", target.account_id)
        campaign_id = target.entity_id
        if target.level == "ad_set":
            campaign_id = str(
                self._client.get(campaign_id, {"fields": "campaign_id"}, context)["campaign_id"]
            )
        categories = self._client.get(campaign_id, {"fields": "special_ad_categories"}, context).get(
            "special_ad_categories"
        )
        return tuple(sorted(category for category in categories or () if category != "NONE"))

    def exclude(self, change: ExclusionChange, *, rehearse: bool) -> str | None:
        what = "Rehearsing an exclusion" if rehearse else "Changing an exclusion"
        context = self._doing(what, change.target.account_id)
        targeting = self._targeting(change.target)
        targeting["excluded_custom_audiences"] = [
            {"id": audience_id} for audience_id in audience_ids_in(change.after)
        ]
        parameters = {"targeting": json.dumps(targeting)}
        if rehearse:
            parameters["execution_options"] = '["validate_only"]'
            with rehearsed():
                return self._client.write(change.target.entity_id, parameters, context)
        with sent_once(context):
            return self._client.write(change.target.entity_id, parameters, context)
        raise AssertionError("the errors are raised as ours")

    def _targeting(self, target: Target) -> dict[str, Any]:
        context = self._doing(f"Reading the targeting of {target.entity_id}", target.account_id)
        if target.level != "ad_set":
            raise PlatformRefused(
                **context.known(), said="Meta keeps targeting on ad sets", todo="Exclude from its ad sets."
            )
        return dict(self._client.get(target.entity_id, {"fields": "targeting"}, context)["targeting"])

    def _taken(
        self, audience_id: str, parameters: dict[str, str], sent: int, context: CallContext, *, adds: bool
    ) -> None:
        """Send one upload and check that Meta accepted all of it."""
        answer = self._client.once("POST" if adds else "DELETE", f"{audience_id}/users", parameters, context)
        received, invalid = answer.get("num_received"), answer.get("num_invalid_entries")
        if not isinstance(received, int) or not isinstance(invalid, int):
            raise PlatformUnreadable(**context.known(), said="an answer without counts")
        if received != sent or invalid:
            raise PartialUpload(
                **context.known(), said=f"{received} of {sent} were received, and {invalid} called invalid"
            )

    def _doing(self, what: str, account_id: str) -> CallContext:
        return CallContext(self.platform, what, account_id)
