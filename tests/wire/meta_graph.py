"""Meta's Graph API by plain HTTP, as any client calls it."""

import json
from datetime import timedelta
from typing import Any

import requests

from sandbox.serve import Sandbox
from tests.wire.delivery import LAST

ACCOUNT = "2000000001"
SPAN = {"since": str(LAST - timedelta(days=9)), "until": str(LAST)}
RANGE = {"time_range": json.dumps(SPAN)}
COUNTS = ("impressions", "clicks", "spend")


class Graph:
    """Plain calls, as any HTTP client makes them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._url = sandbox.environment["META_GRAPH_URL"]
        self._token = sandbox.environment["META_ACCESS_TOKEN"]

    def call(self, method: str, path: str, *, version: str = "v26.0", **parameters: Any) -> requests.Response:
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items()}
        named = {"params" if method == "GET" else "data": texts | {"access_token": self._token}}
        return requests.request(
            method, f"{self._url}/{version}/{path}", timeout=60, allow_redirects=False, **named
        )  # type: ignore[arg-type]

    def rows(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        """Every row, following `paging.next` as it stands."""
        answer = self.call("GET", path, **parameters)
        assert answer.status_code == 200, answer.text
        found, page = [], answer.json()
        while True:
            found += page["data"]
            if "next" not in page.get("paging", {}):
                return found
            page = requests.get(page["paging"]["next"], timeout=60).json()

    def refused(self, method: str, path: str, **parameters: Any) -> dict[str, Any]:
        answer = self.call(method, path, **parameters)
        assert answer.status_code >= 400, answer.text
        error = answer.json()["error"]
        return {
            "code": error["code"],
            "blame": json.loads(error.get("error_data", "{}")).get("blame_field_specs", [[None]])[0][0],
        }
