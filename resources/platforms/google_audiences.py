"""Google Customer Match: user lists by the Google Ads client, members by the Data Manager API.

The Data Manager accepts uploads at once and processes them later, so each has a request id. A user list is
excluded from a campaign by a negative criterion.
"""

from collections.abc import Sequence
from typing import Any

from resources.config.credentials import GoogleAdsSettings
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
from resources.platforms.google_client import as_our_errors, mutated, open_client, renew_token
from resources.platforms.google_data_manager import DataManager
from resources.platforms.retries import BackOff
from resources.platforms.writer import rehearsed, sent_once

READ_SECONDS = WRITE_SECONDS = 60.0
LIFE_DAYS = 540
"""The longest that Google keeps somebody in a list without a new upload."""
_KEYS = {"email": "emailAddress", "phone": "phoneNumber"}
_CONSENT = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}


class GoogleAudiences:
    """Audience client for one Google login."""

    platform = "google_ads"
    identifiers: tuple[Identifier, ...] = ("email", "phone")
    at_once = 10_000

    def __init__(self, settings: GoogleAdsSettings, *, back_off: BackOff | None = None) -> None:
        self._settings, self._back_off = settings, back_off or BackOff()
        self._client: Any = None
        self._members = DataManager(settings)
        self._services: dict[str, Any] = {}

    def find(self, account_id: str, name: str) -> str | None:
        query = f"SELECT user_list.id, user_list.name FROM user_list WHERE user_list.name = '{_quoted(name)}'"
        rows = self._search(account_id, query, "Looking for a user list")
        return str(rows[0].user_list.id) if rows else None

    def create(self, account_id: str, name: str) -> str:
        client = self._opened()
        operation, request = client.get_type("UserListOperation"), client.get_type("MutateUserListsRequest")
        operation.create.name, operation.create.membership_life_span = name, LIFE_DAYS
        kinds = client.enums.CustomerMatchUploadKeyTypeEnum
        operation.create.crm_based_user_list.upload_key_type = kinds.CONTACT_INFO
        request.customer_id = account_id
        request.operations.append(operation)
        context = self._doing("Making a user list", account_id)
        service = self._service("UserListService")
        renew_token(client, context)
        with sent_once(context), as_our_errors(context):
            answer = service.mutate_user_lists(request=request, timeout=WRITE_SECONDS)
            return mutated(answer, len(request.operations), context).rsplit("/", 1)[-1]
        raise AssertionError("the errors are raised as ours")

    def size(self, account_id: str, audience_id: str) -> Size:
        query = (
            "SELECT user_list.id, user_list.size_for_search, user_list.match_rate_percentage,"
            f" user_list.membership_status FROM user_list WHERE user_list.id = {int(audience_id)}"
        )
        what = f"Reading user list {audience_id}"
        rows = self._search(account_id, query, what)
        if not rows:
            raise PlatformRefused(
                **self._doing(what, account_id).known(), said="there is none of that number"
            )
        user_list = rows[0].user_list
        people = int(user_list.size_for_search)
        rate = user_list.match_rate_percentage if user_list.HasField("match_rate_percentage") else 0
        status = user_list.DESCRIPTOR.fields_by_name["membership_status"].enum_type
        word = status.values_by_number[user_list.membership_status].name
        return Size(people or None, people or None, word, rate / 100 if rate else None)

    def upload(
        self, account_id: str, audience_id: str, kind: Identifier, hashes: Sequence[str], *, adds: bool
    ) -> str | None:
        what = "Adding to" if adds else "Removing from"
        context = self._doing(f"{what} user list {audience_id}", account_id)
        members = [
            {"userData": {"userIdentifiers": [{_KEYS[kind]: hashed}]}} for hashed in checked(hashes, context)
        ]
        content: dict[str, Any] = {
            "destinations": [self._destination(account_id, audience_id)],
            "audienceMembers": members,
            "encoding": "HEX",
        }
        if adds:  # only people who agreed are ever added (docs/audiences.md)
            agreed = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
            content |= {"consent": _CONSENT, "termsOfService": agreed}
        verb = "ingest" if adds else "remove"
        with upload_outcome(lambda: self.size(account_id, audience_id)):
            answer = self._back_off.with_retries(
                lambda: self._members.called("POST", f"audienceMembers:{verb}", context, content=content)
            )
        if not isinstance(answer.get("requestId"), str):
            raise PlatformUnreadable(**context.known(), said="an answer without a request id")
        return str(answer["requestId"])

    def is_done(self, account_id: str, request_id: str) -> bool:
        context = self._doing("Asking what became of an upload", account_id)
        answer = self._back_off.with_retries(
            lambda: self._members.called(
                "GET", "requestStatus:retrieve", context, query={"requestId": request_id}
            )
        )
        for destination in answer.get("requestStatusPerDestination", ()):
            status = destination.get("requestStatus")
            if status == "PROCESSING":
                return False
            if status != "SUCCESS":
                counts = (destination.get("errorInfo") or {}).get("errorCounts") or ()
                why = ", ".join(f"{c.get('recordCount')} for {c.get('reason')}" for c in counts)
                ended = f"the upload ended as {status} ({why or 'no reason given'})"
                raise PartialUpload(**context.known(), said=ended, trace=request_id)
        return True

    def targeted_as(self, account_id: str, audience_id: str) -> str:
        del account_id
        return audience_id

    def excluded(self, target: Target) -> tuple[str, ...]:
        self._is_campaign(target)
        query = (
            "SELECT campaign.id, campaign_criterion.user_list.user_list, campaign_criterion.negative FROM"
            f" campaign_criterion WHERE campaign.id = {int(target.entity_id)} AND campaign_criterion.type ="
            " 'USER_LIST' AND campaign_criterion.negative = TRUE"
        )
        rows = self._search(target.account_id, query, "Reading exclusions")
        names = (row.campaign_criterion.user_list.user_list for row in rows)
        return tuple(sorted(name.rsplit("/", 1)[-1] for name in names))

    def special_categories(self, target: Target) -> tuple[str, ...]:
        del target
        return ()  # Google restricts such ads by policy and declares nothing on the campaign

    def exclude(self, change: ExclusionChange, *, rehearse: bool) -> str | None:
        client, target = self._opened(), change.target
        self._is_campaign(target)
        base = f"customers/{target.account_id}"
        now, wanted = set(audience_ids_in(change.before)), set(audience_ids_in(change.after))
        request = client.get_type("MutateCampaignCriteriaRequest")
        request.customer_id, request.validate_only = target.account_id, rehearse
        for list_id in sorted(wanted - now):
            operation = client.get_type("CampaignCriterionOperation")
            operation.create.campaign = f"{base}/campaigns/{target.entity_id}"
            operation.create.negative = True
            operation.create.user_list.user_list = f"{base}/userLists/{list_id}"
            request.operations.append(operation)
        for list_id in sorted(now - wanted):
            operation = client.get_type("CampaignCriterionOperation")
            operation.remove = self._criterion(target, list_id)
            request.operations.append(operation)
        context = self._doing(
            "Rehearsing an exclusion" if rehearse else "Changing an exclusion", target.account_id
        )
        service = self._service("CampaignCriterionService")
        if rehearse:
            with rehearsed(), as_our_errors(context):
                service.mutate_campaign_criteria(request=request, timeout=WRITE_SECONDS)
            return None
        renew_token(client, context)
        with sent_once(context), as_our_errors(context):
            answer = service.mutate_campaign_criteria(request=request, timeout=WRITE_SECONDS)
            return mutated(answer, len(request.operations), context)
        raise AssertionError("the errors are raised as ours")

    def _criterion(self, target: Target, audience_id: str) -> str:
        query = (
            "SELECT campaign_criterion.resource_name, campaign_criterion.user_list.user_list FROM"
            f" campaign_criterion WHERE campaign.id = {int(target.entity_id)} AND campaign_criterion.type ="
            " 'USER_LIST'"
        )
        for row in self._search(target.account_id, query, "Reading exclusions"):
            if row.campaign_criterion.user_list.user_list.endswith(f"/{audience_id}"):
                return str(row.campaign_criterion.resource_name)
        context = self._doing("Reading exclusions", target.account_id)
        raise PlatformRefused(**context.known(), said=f"user list {audience_id} is not kept out")

    def _is_campaign(self, target: Target) -> None:
        if target.level != "campaign":
            context = self._doing(f"Reading {target.level} {target.entity_id}", target.account_id)
            raise PlatformRefused(
                **context.known(),
                said="audiences are kept out of campaigns at Google",
                todo="Name its campaign.",
            )

    def _destination(self, account_id: str, audience_id: str) -> dict[str, Any]:
        def account(customer_id: str) -> dict[str, str]:
            return {"accountType": "GOOGLE_ADS", "accountId": customer_id}

        login = self._settings.login_customer_id
        through = {"loginAccount": account(login)} if login else {}
        return through | {"operatingAccount": account(account_id), "productDestinationId": audience_id}

    def _search(self, account_id: str, query: str, what: str) -> list[Any]:
        def asked() -> list[Any]:
            with as_our_errors(self._doing(what, account_id)):
                service = self._service("GoogleAdsService")
                return list(service.search(customer_id=account_id, query=query, timeout=READ_SECONDS))
            raise AssertionError("the errors are raised as ours")

        return self._back_off.with_retries(asked)

    def _service(self, name: str) -> Any:
        if name not in self._services:
            self._services[name] = self._opened().get_service(name)
        return self._services[name]

    def _opened(self) -> Any:
        if self._client is None:
            with as_our_errors(CallContext(self.platform, "Signing in")):
                self._client = open_client(self._settings)
        return self._client

    def _doing(self, what: str, account_id: str) -> CallContext:
        return CallContext(self.platform, what, account_id)


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace("'", "\\'")
