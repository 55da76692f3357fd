"""Reads people who filled in a lead form at LinkedIn, by its Lead Sync API: no landing page shows their
click.

A response is a touch of the campaign it came by, and no lead: who is one, the CRM says. Both meet in the
hashed address. LinkedIn keeps responses for a year. Answers are looked at for the address and the telephone
number alone and forgotten.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from resources.config.credentials import LinkedInAdsSettings
from resources.crm.reader import CrmReading, Row
from resources.errors import PlatformRefused
from resources.platforms.call_context import CallContext
from resources.platforms.linkedin_ads import LinkedInAds
from resources.platforms.linkedin_client import LinkedInClient
from resources.platforms.linkedin_restli import Literal
from resources.platforms.retries import BackOff
from resources.policy.crm import CrmMapping
from resources.security.pii_hashing import identity, is_like

SOURCE, PLATFORM = "linkedin_forms", "linkedin_ads"
PAGE, KEPT_DAYS = 100, 364
EMAILS, PHONES = ("EMAIL", "WORK_EMAIL"), ("PHONE_NUMBER", "WORK_PHONE_NUMBER")
FIELDS = Literal("leadMetadata,id,submittedAt,testLead,formResponse,form:(content)")


class _Metadata(msgspec.Struct):
    campaign: str | None = None


class _Lead(msgspec.Struct):
    sponsoredLeadMetadata: _Metadata = msgspec.field(default_factory=_Metadata)  # noqa: N815


class _Response(msgspec.Struct):
    id: str
    submittedAt: int  # noqa: N815
    testLead: bool = False  # noqa: N815
    leadMetadata: _Lead = msgspec.field(default_factory=_Lead)  # noqa: N815
    formResponse: dict[str, Any] = {}  # noqa: N815
    form: dict[str, Any] = {}


class _Page(msgspec.Struct):
    elements: list[_Response]


class LinkedInForms:
    """The forms of every ad account that a login sees."""

    source = SOURCE

    def __init__(
        self, settings: LinkedInAdsSettings, mapping: CrmMapping, *, back_off: BackOff | None = None
    ) -> None:
        self._mapping, back_off = mapping, back_off or BackOff()
        self._ads, self._client = LinkedInAds(settings, back_off=back_off), LinkedInClient(settings, back_off)

    def read(self, since: datetime | None, *, now: Callable[[], datetime]) -> CrmReading:
        """Responses since then, or of the year that LinkedIn keeps.

        Raises:
            PlatformBusy: Throttled or down; the same reading may work later.
            PlatformRefused: A dead token or a missing permission.
        """
        reading = CrmReading(self.source, now(), since)
        start = since or now() - timedelta(days=KEPT_DAYS)
        groups: dict[str, str | None] = {}
        for account in self._ads.accounts():
            for response in self._responses(account.account_id, start, now()):
                reading.add("contacts", [contact_row(response, self._mapping)])
                if touch := self._touch(account.account_id, response, groups):
                    reading.add("touches", [touch])
        reading.calls = self._client.meter.total + self._ads.meter.total
        return reading

    def spoken(self) -> str:
        """Whether the forms may be read; errors as of `read`."""
        at = datetime.now(UTC)
        for account in self._ads.accounts():
            next(self._responses(account.account_id, at - timedelta(days=1), at), None)
        return "responses to lead forms can be read"

    def _responses(self, account: str, start: datetime, end: datetime) -> Iterator[_Response]:
        context = CallContext(PLATFORM, "Reading responses to lead forms", account)
        parameters: dict[str, Any] = {
            "q": "owner",
            "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{account}"},
            "leadType": {"leadType": "SPONSORED"},
            "limitedToTestLeads": False,
            "submittedAtTimeRange": {"start": _millis(start), "end": _millis(end)},
            "fields": FIELDS,
            "count": PAGE,
        }
        start_index = 0
        while True:
            try:
                page = self._client.get(
                    "leadFormResponses", parameters | {"start": start_index}, context, shape=_Page
                )
            except PlatformRefused as error:
                todo = (
                    "Ask LinkedIn for r_marketing_leadgen_automation, or turn crm.linkedin_lead_forms off in"
                    " policy.yaml."
                )
                raise PlatformRefused(**context.known(), said=error.said, todo=todo) from None
            yield from page.elements
            if len(page.elements) < PAGE:
                return
            start_index += PAGE

    def _touch(self, account: str, response: _Response, groups: dict[str, str | None]) -> Row | None:
        ad_set = (response.leadMetadata.sponsoredLeadMetadata.campaign or "").rsplit(":", 1)[-1] or None
        if ad_set is not None and ad_set not in groups:
            context = CallContext(PLATFORM, "Asking for a campaign's group", account)
            group = self._client.element(f"adAccounts/{account}/adCampaigns/{ad_set}", context).get(
                "campaignGroup"
            )
            groups[ad_set] = str(group).rsplit(":", 1)[-1] if group else None
        return {
            "contact_id": response.id,
            "touch_at": _instant(response.submittedAt),
            "channel": PLATFORM,
            "ad_set_id": ad_set,
            "campaign_id": groups.get(ad_set) if ad_set else None,
            "click_id_kind": None,
            "click_id": None,
        }


def contact_row(response: _Response, mapping: CrmMapping) -> Row:
    """A row of raw/crm_contacts: hashes and the instant, nothing else of what was answered."""
    questions = {
        question.get("questionId"): question.get("predefinedField")
        for question in response.form.get("content", {}).get("questions", [])
    }
    answers: dict[str, str] = {}
    for answer in response.formResponse.get("answers", []):
        text = answer.get("answerDetails", {}).get("textQuestionAnswer", {}).get("answer")
        if text and (field := questions.get(answer.get("questionId"))):
            answers.setdefault(str(field), str(text))
    email = next((answers[name] for name in EMAILS if name in answers), None)
    phone = next((answers[name] for name in PHONES if name in answers), None)
    at = _instant(response.submittedAt)
    return {
        "contact_id": response.id,
        **asdict(identity(email, phone, region=mapping.phone_region)),
        "is_test": response.testLead or is_like(email, mapping.test_emails),
        "created_at": at,
        "updated_at": at,
    }


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _instant(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)
