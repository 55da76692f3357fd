"""Salesforce's Bulk API 2.0, read side: a query as a job on Salesforce's side, its result in pages of CSV.

For readings of everything: a job of any size costs a handful of the day's calls, where pages of 2,000 rows
cost one each. Everything arrives as text; what is a flag or a number elsewhere is made one again, so that
nobody sees which way a record came.
"""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

from resources.errors import PlatformBusy, PlatformRefused
from resources.platforms.call_context import CallContext
from resources.platforms.retries import BackOff

PAGE_ROWS = 50_000
OBJECTS = frozenset(
    {"Lead", "Contact", "Account", "Opportunity", "OpportunityHistory", "OpportunityContactRole"}
)
"""What is read so; the few rows of `OpportunityStage` are not worth a job."""
_FLAGS = {"IsDeleted", "IsConverted", "IsClosed", "IsWon", "IsPrimary"}
_NUMBERS = {"Amount", "NumberOfEmployees"}
Record = dict[str, Any]
Asks = Callable[[CallContext, Callable[[Any], Any]], Any]
"""Asks the client once, as `resources.crm.salesforce` does: counted, logged in again where the session had
ended, errors as ours.
"""


def bulk_rows(query: str, context: CallContext, *, asks: Asks, back_off: BackOff) -> Iterator[Record]:
    """The query's records, deleted ones too, in no order.

    Raises:
        PlatformBusy: The job was still running when patience ran out.
        PlatformRefused: The job failed.
    """

    def answered(method: str, path: str, **more: Any) -> Any:
        return back_off.with_retries(
            lambda: asks(context, lambda client: _called(client, method, path, **more))
        )

    job = answered("POST", "jobs/query", json={"operation": "queryAll", "query": query}).json()["id"]
    back_off.with_retries(lambda: _finished(answered("GET", f"jobs/query/{job}").json(), context))
    locator = ""
    while True:
        parameters = {"maxRecords": PAGE_ROWS} | ({"locator": locator} if locator else {})
        page = answered("GET", f"jobs/query/{job}/results", params=parameters)
        page.encoding = "utf-8"
        for row in csv.DictReader(io.StringIO(page.text, newline="")):
            yield {name: _value(name, text) for name, text in row.items()}
        locator = page.headers.get("Sforce-Locator", "null")
        if locator == "null":
            return


def _called(client: Any, method: str, path: str, **more: Any) -> Any:
    from simple_salesforce.util import call_salesforce  # noqa: PLC0415 — costs time: never at load

    return call_salesforce(
        url=f"{client.base_url}{path}",
        method=method,
        session=client.session,
        headers=dict(client.headers),
        **more,
    )


def _finished(job: dict[str, Any], context: CallContext) -> None:
    state = job.get("state")
    if state in {"Failed", "Aborted"}:
        todo = "Look at Setup, Bulk Data Load Jobs, for why; check what the app's run-as user may read."
        raise PlatformRefused(**context.known(), said=f"the bulk job ended as {state}", todo=todo)
    if state != "JobComplete":
        raise PlatformBusy(**context.known(), said="the bulk job is still running")


def _value(name: str, text: str) -> Any:
    if name in _FLAGS:
        return text.lower() == "true"
    if not text:
        return None
    return float(text) if name in _NUMBERS else text
