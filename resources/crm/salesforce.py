"""Salesforce, read side, by `simple-salesforce`: leads and contacts as people, opportunities as deals, by
SOQL.

Everything is read by the Bulk API, what changed since by pages of rows.

Deleted and merged records come with `queryAll`, marked. A lead that was converted and the contact it became
are one person: the lead's row goes on under the contact's id. Salesforce keeps no visits, so a person has one
touch, from the field that the policy names.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import requests

from resources.config.credentials import SalesforceSettings
from resources.crm import salesforce_wire as wire
from resources.crm.reader import CrmReading
from resources.crm.salesforce_bulk import OBJECTS, bulk_rows
from resources.errors import PlatformBusy, PlatformRefused, PlatformUnreachable
from resources.platforms.api_quota import Meter
from resources.platforms.call_context import CallContext
from resources.platforms.retries import BackOff
from resources.policy.crm import CrmMapping

TIMEOUT_SECONDS = 120
_BUSY = {"REQUEST_LIMIT_EXCEEDED", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT"}
_EXPIRED = "INVALID_SESSION_ID"


class _SessionWithTimeout(requests.Session):
    """A session whose calls end: the client sets no time limit of its own."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(*args, **{"timeout": TIMEOUT_SECONDS, **kwargs})


class Salesforce:
    """One Salesforce organisation."""

    source = wire.SOURCE

    def __init__(
        self, settings: SalesforceSettings, mapping: CrmMapping, *, back_off: BackOff | None = None
    ) -> None:
        self._settings, self._mapping, self._back_off = settings, mapping, back_off or BackOff()
        self.meter = Meter()
        self._client: Any = None

    def read(self, since: datetime | None, *, now: Callable[[], datetime]) -> CrmReading:
        """People, accounts and opportunities; those changed since then, or all.

        Raises:
            PlatformBusy: The day's calls are used up, or Salesforce is down.
            PlatformRefused: The login or a query was refused.
        """
        reading = CrmReading(self.source, now(), since)
        people = wire.People(
            self._mapping, leads=list(self._rows("Lead", since)), contacts=list(self._rows("Contact", since))
        )
        reading.add("contacts", people.rows)
        reading.add("touches", people.touches)
        reading.gone("contact_id", people.gone)
        reading.merged, reading.deleted = people.merged, len(people.gone) - people.merged
        reading.add(
            "companies",
            [
                wire.company_row(record, self._mapping)
                for record in self._rows("Account", since)
                if not record["IsDeleted"]
            ],
        )
        deals = list(self._rows("Opportunity", since))
        roles = wire.primary(self._rows("OpportunityContactRole", None if deals else since))
        reading.add(
            "deals",
            [wire.deal_row(record, self._mapping, roles) for record in deals if not record["IsDeleted"]],
        )
        reading.gone("deal_id", {record["Id"] for record in deals if record["IsDeleted"]})
        wanted = {record["Id"] for record in deals}
        history = self._rows("OpportunityHistory", None) if wanted else iter(())
        reading.add("deal_stages", wire.deal_stage_rows(history, among=wanted))
        reading.add("stages", wire.stage_rows(self._rows("OpportunityStage", None)))
        reading.calls = self.meter.total
        return reading

    def spoken(self) -> str:
        """Where it is; errors as of `read`."""
        next(self._query("SELECT Id FROM Lead LIMIT 1", CallContext(self.source, "Reading a lead")), None)
        next(
            self._query(
                "SELECT Id FROM Opportunity LIMIT 1", CallContext(self.source, "Reading an opportunity")
            ),
            None,
        )
        return "leads and opportunities can be read"

    def _rows(self, name: str, since: datetime | None) -> Iterator[dict[str, Any]]:
        where = f" WHERE SystemModstamp >= {since:%Y-%m-%dT%H:%M:%SZ}" if since else ""
        query = f"SELECT {', '.join(wire.fields(name, self._mapping))} FROM {name}{where}"
        context = CallContext(self.source, f"Reading {name}")
        if since is None and name in OBJECTS:
            yield from bulk_rows(query, context, asks=self._asked, back_off=self._back_off)
        else:
            yield from self._query(f"{query} ORDER BY Id", context)

    def _query(self, query: str, context: CallContext) -> Iterator[dict[str, Any]]:
        page = self._back_off.with_retries(
            lambda: self._asked(context, lambda client: client.query(query, include_deleted=True))
        )
        yield from page["records"]
        while not page["done"]:
            cursor = page["nextRecordsUrl"].rsplit("/", 1)[-1]
            page = self._back_off.with_retries(
                lambda c=cursor: self._asked(
                    context, lambda client: client.query_more(c, include_deleted=True)
                )  # type: ignore[misc]
            )
            yield from page["records"]

    def _asked(self, context: CallContext, ask: Callable[[Any], Any]) -> Any:
        """The answer, after one more login where the session had ended."""
        self.meter.count_call(context)
        if self._client is None:
            self._client = self._logged_in(context)
        try:
            with _as_our_errors(context):
                return ask(self._client)
        except _SessionEnded:
            self._client = self._logged_in(context)
            with _as_our_errors(context):
                return ask(self._client)

    def _logged_in(self, context: CallContext) -> Any:
        from simple_salesforce.api import Salesforce as Client  # noqa: PLC0415 — costs time: never at load

        s, session = self._settings, _SessionWithTimeout()
        form = {
            "grant_type": "client_credentials",
            "client_id": s.client_id,
            "client_secret": s.client_secret.get_secret_value() if s.client_secret else "",
        }
        try:
            response = session.post(f"{s.login_url}/services/oauth2/token", data=form)
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            raise _unreachable(error, context) from None
        if not response.ok or "access_token" not in answer:
            message = f"the login was refused ({answer.get('error', f'HTTP {response.status_code}')})"
            todo = "Check SALESFORCE_CLIENT_ID, SALESFORCE_CLIENT_SECRET and the app's run-as user."
            raise PlatformRefused(**context.known(), said=message, todo=todo)
        client = Client(
            instance_url=answer["instance_url"],
            session_id=answer["access_token"],
            session=session,
            version=s.api_version,
        )
        # The client always writes https before the host; where Salesforce says its address is holds.
        client.base_url = f"{answer['instance_url']}/services/data/v{s.api_version}/"
        return client


class _SessionEnded(Exception):
    pass


@contextmanager
def _as_our_errors(context: CallContext) -> Iterator[None]:
    from simple_salesforce.exceptions import SalesforceError  # noqa: PLC0415

    try:
        yield
    except SalesforceError as error:
        content = error.content[0] if isinstance(error.content, list) and error.content else {}
        code, status = str(content.get("errorCode", "no code")), error.status
    except requests.RequestException as error:
        raise _unreachable(error, context) from None
    else:
        return
    # Outside the except clause: the client's error holds the URL and the body, which may name people.
    if code == _EXPIRED:
        raise _SessionEnded
    message = f"{code} (HTTP {status})"
    if code in _BUSY or status >= 500:
        raise PlatformBusy(**context.known(), said=message)
    todo = "Give the app's run-as user read access to the objects and fields that docs/crm.md lists."
    raise PlatformRefused(**context.known(), said=message, todo=todo)


def _unreachable(error: Exception, context: CallContext) -> PlatformUnreachable:
    message = "no answer in time" if isinstance(error, requests.Timeout) else "the endpoint cannot be reached"
    return PlatformUnreachable(
        **context.known(), said=message, todo="Check the network and SALESFORCE_LOGIN_URL; safe to retry."
    )
