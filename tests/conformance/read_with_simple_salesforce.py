"""simple-salesforce reads opportunities: all, and the large ones by amount, downward.

It speaks https alone, so its calls are led to loopback.
"""

import json
import os
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce  # type: ignore[import-not-found]

base = os.environ["CONFORMANCE_URL"]


class ToLoopback(HTTPAdapter):
    """Sends what is meant for https://HOST/PATH to the sandbox's Salesforce."""

    def send(self, request: requests.PreparedRequest, *more: Any, **named: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = f"{base}/salesforce{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *more, **named)


session = requests.Session()
session.mount("https://", ToLoopback())
client = Salesforce(
    instance="salesforce.example", session_id=os.environ["SALESFORCE_SESSION"], session=session
)
deals = client.query_all("SELECT Id, Amount FROM Opportunity")["records"]
large = client.query_all("SELECT Amount FROM Opportunity WHERE Amount > 1000 ORDER BY Amount DESC")["records"]
print(  # noqa: T201 — read by the runner
    json.dumps(
        {
            "opportunities": len(deals),
            "amount_cents": sum(round(deal["Amount"] * 100) for deal in deals),
            "large_cents": [round(deal["Amount"] * 100) for deal in large],
        }
    )
)
