"""Reads HubSpot: full loads by listing, incremental loads by searching; merged and deleted records are
followed.

A search ends at 10,000 results and its pages shift while people work, so it never pages: each question asks
for the next 200 ids above the last one. Searches lag behind by moments, so each reading begins a little
before the last one. Merged contacts are told by their winner, deleted records by the list of archived ones;
what was erased for good is only missed by a reading of everything.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from resources.config.credentials import HubSpotSettings
from resources.crm import hubspot_wire as wire
from resources.crm.hubspot_client import HubSpotClient
from resources.crm.rate_limit import RateLimiter
from resources.crm.reader import CrmReading, Row, some_at_a_time
from resources.platforms.call_context import CallContext
from resources.platforms.retries import BackOff
from resources.policy.crm import CrmMapping

LISTED, WITH_HISTORY, SEARCHED, BATCH, ASSOCIATED = 100, 50, 200, 100, 1_000
_MODIFIED = {"contacts": "lastmodifieddate"}


class HubSpot:
    """One HubSpot account, by a private app's token."""

    source = wire.SOURCE

    def __init__(
        self,
        settings: HubSpotSettings,
        mapping: CrmMapping,
        *,
        back_off: BackOff | None = None,
        pace: RateLimiter | None = None,
    ) -> None:
        self._mapping = mapping
        self._client = HubSpotClient(settings, back_off or BackOff(), pace or RateLimiter())

    def read(self, since: datetime | None, *, now: Callable[[], datetime]) -> CrmReading:
        """Contacts, companies, deals, stages and owners; those changed since then, or all.

        Raises:
            PlatformBusy: Throttled or down; the same reading may work later.
            PlatformRefused: A dead token or a missing scope.
        """
        reading = CrmReading(self.source, now(), since)
        stages = self._stages(reading)
        currency = self._get("account-info/v3/details", "Asking for the currency").get("companyCurrency")
        for records in self._records("contacts", since):
            self._take_contacts(reading, records)
        for records in self._records("companies", since):
            reading.add("companies", [wire.company_row(record, self._mapping) for record in records])
        for records in self._records("deals", since):
            self._take_deals(reading, records, stages, currency)
        if since is not None:
            self._follow_deletions(reading)
        reading.calls = self._client.meter.total
        return reading

    def spoken(self) -> str:
        """Which account it is; errors as of `read`."""
        account = self._get("account-info/v3/details", "Asking for the account")
        self._get("crm/v3/objects/contacts", "Reading a contact", limit=1)
        self._get("crm/v3/objects/deals", "Reading a deal", limit=1)
        return (
            f"account {account.get('portalId')} ({account.get('companyCurrency')}): contacts and deals can be"
            " read"
        )

    def _take_contacts(self, reading: CrmReading, records: list[wire.Record]) -> None:
        reading.add("contacts", [wire.contact_row(record, self._mapping) for record in records])
        reading.add("touches", [row for record in records for row in wire.touch_rows(record, self._mapping)])
        losers = {loser for record in records for loser in wire.merged_ids(record)}
        reading.gone("contact_id", losers)
        reading.merged += len(losers)

    def _take_deals(
        self,
        reading: CrmReading,
        records: list[wire.Record],
        stages: dict[tuple[str, str], Row],
        currency: str | None,
    ) -> None:
        ids = [str(record["id"]) for record in records]
        contacts, companies = self._associated(ids, "contacts"), self._associated(ids, "companies")
        rows = [
            wire.deal_row(
                record,
                self._mapping,
                contact=contacts.get(str(record["id"])),
                company=companies.get(str(record["id"])),
                stages=stages,
                currency=currency,
            )
            for record in records
        ]
        reading.add("deals", rows)
        reading.add("deal_stages", [row for record in records for row in wire.deal_stage_rows(record)])

    def _stages(self, reading: CrmReading) -> dict[tuple[str, str], Row]:
        stage_rows = wire.stage_rows(
            self._get("crm/v3/pipelines/deals", "Listing pipelines").get("results", [])
        )
        reading.add("stages", stage_rows)
        owners = self._get("crm/v3/owners", "Listing owners", limit=LISTED).get("results", [])
        reading.add(
            "owners",
            [{"owner_id": str(record["id"]), "is_active": not record.get("archived")} for record in owners],
        )
        return {(row["pipeline"], row["stage"]): row for row in stage_rows}

    def _records(self, kind: str, since: datetime | None) -> Iterator[list[wire.Record]]:
        """Records of a kind with what we need of them, some at a time."""
        properties, histories = self._asked_of(kind)
        if since is None:
            size = WITH_HISTORY if histories else LISTED
            more = {"propertiesWithHistory": ",".join(histories)} if histories else {}
            yield from some_at_a_time(
                self._listed(kind, limit=size, properties=",".join(properties), **more), ASSOCIATED
            )
            return
        for ids in some_at_a_time(self._changed(kind, since), ASSOCIATED):
            yield [
                record
                for some in some_at_a_time(ids, WITH_HISTORY if histories else BATCH)
                for record in self._batch(kind, some, properties, histories)
            ]

    def _asked_of(self, kind: str) -> tuple[list[str], list[str]]:
        if kind == "contacts":
            return wire.contact_properties(self._mapping), wire.contact_histories(self._mapping)
        return (
            (wire.deal_properties(self._mapping), ["dealstage"])
            if kind == "deals"
            else (wire.company_properties(self._mapping), [])
        )

    def _listed(self, kind: str, **query: str | int) -> Iterator[wire.Record]:
        after: dict[str, str] = {}
        while True:
            page = self._get(f"crm/v3/objects/{kind}", f"Listing {kind}", **query, **after)
            yield from page.get("results", [])
            following = page.get("paging", {}).get("next", {}).get("after")
            if not following:
                return
            after = {"after": following}

    def _changed(self, kind: str, since: datetime) -> Iterator[str]:
        """Ids of records that were changed since then, by ascending id."""
        changed = {
            "propertyName": _MODIFIED.get(kind, "hs_lastmodifieddate"),
            "operator": "GTE",
            "value": str(int(since.timestamp() * 1_000)),
        }
        above = 0
        while True:
            filters = [changed, {"propertyName": "hs_object_id", "operator": "GT", "value": str(above)}]
            sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
            body = {
                "filterGroups": [{"filters": filters}],
                "sorts": sorts,
                "limit": SEARCHED,
                "properties": ["hs_object_id"],
            }
            context = CallContext(self.source, f"Searching changed {kind}")
            ids = [
                str(record["id"])
                for record in self._client.post(f"crm/v3/objects/{kind}/search", body, context).get(
                    "results", []
                )
            ]
            yield from ids
            if len(ids) < SEARCHED:
                return
            above = max(map(int, ids))

    def _batch(
        self, kind: str, ids: list[str], properties: list[str], histories: list[str]
    ) -> list[wire.Record]:
        body: dict[str, Any] = {"inputs": [{"id": record_id} for record_id in ids], "properties": properties}
        if histories:
            body["propertiesWithHistory"] = histories
        context = CallContext(self.source, f"Reading {len(ids)} {kind}")
        return self._client.post(f"crm/v3/objects/{kind}/batch/read", body, context).get("results", [])

    def _associated(self, ids: list[str], to: str) -> dict[str, str]:
        """The first record of `to` that each deal belongs to."""
        first_ids: dict[str, str] = {}
        for some in some_at_a_time(ids, ASSOCIATED):
            body = {"inputs": [{"id": record_id} for record_id in some]}
            context = CallContext(self.source, f"Reading whose {len(some)} deals are")
            for record in self._client.post(f"crm/v4/associations/deals/{to}/batch/read", body, context).get(
                "results", []
            ):
                if others := record.get("to"):
                    first_ids[str(record["from"]["id"])] = str(others[0]["toObjectId"])
        return first_ids

    def _follow_deletions(self, reading: CrmReading) -> None:
        for kind, parent in (("contacts", "contact_id"), ("companies", "company_id"), ("deals", "deal_id")):
            gone = {str(record["id"]) for record in self._listed(kind, limit=LISTED, archived="true")}
            gone -= {row[parent] for row in reading.rows.get(kind, [])}
            reading.gone(parent, gone)
            reading.deleted += len(gone)

    def _get(self, path: str, what: str, **query: str | int) -> dict[str, Any]:
        return self._client.get(path, CallContext(self.source, what), **query)
