"""Singer's tap-linkedin-ads lists accounts, campaign groups and campaigns.

Its addresses are constants of its modules, so its calls are led to loopback. Its analytics are not asked: they carry
`start` and `count`, and adAnalytics has no paging, so the sandbox refuses both.
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

HOSTS = {
    "https://api.linkedin.com/rest": os.environ["LINKEDIN_API_URL"],
    "https://www.linkedin.com/oauth/v2": os.environ["LINKEDIN_OAUTH_URL"],
}
plain_send = HTTPAdapter.send


def to_loopback(
    self: HTTPAdapter, request: requests.PreparedRequest, *more: Any, **named: Any
) -> requests.Response:
    for theirs, ours in HOSTS.items():
        if str(request.url).startswith(theirs):
            request.url = ours + str(request.url).removeprefix(theirs)
    return plain_send(self, request, *more, **named)


HTTPAdapter.send = to_loopback  # type: ignore[method-assign]
import tap_linkedin_ads  # type: ignore[import-not-found]  # noqa: E402 — the way to loopback comes first
from tap_linkedin_ads.schema import get_schemas  # type: ignore[import-not-found]  # noqa: E402

STREAMS = ("accounts", "campaign_groups", "campaigns")
folder = Path(os.environ["CONFORMANCE_FOLDER"]) / "tap_linkedin"
folder.mkdir(exist_ok=True)
config, catalog = folder / "config.json", folder / "catalog.json"
config.write_text(
    json.dumps(
        {
            "access_token": os.environ["LINKEDIN_ACCESS_TOKEN"],
            "user_agent": "conformance",
            "accounts": os.environ["CONFORMANCE_LINKEDIN_ACCOUNT"],
            "start_date": "2020-01-01T00:00:00Z",
        }
    )
)


def run(*words: str) -> str:
    """What the tap prints for a command line."""
    sys.argv, printed = ["tap-linkedin-ads", "--config", str(config), *words], io.StringIO()
    with contextlib.redirect_stdout(printed):
        tap_linkedin_ads.main()
    return printed.getvalue()


schemas, described = get_schemas()  # discovery would ask every endpoint with a parameter of its own
offered: dict[str, Any] = {
    "streams": [
        {
            "stream": name,
            "tap_stream_id": name,
            "schema": schemas[name],
            "metadata": described[name],
            "key_properties": ["id"],
        }
        for name in STREAMS
    ]
}
for stream in offered["streams"]:
    for entry in stream["metadata"]:
        entry["metadata"]["selected"] = True
catalog.write_text(json.dumps(offered))
read: dict[str, dict[str, Any]] = {name: {} for name in STREAMS}
for line in run("--catalog", str(catalog)).splitlines():
    message = json.loads(line)
    if message["type"] == "RECORD":
        read[message["stream"]][str(message["record"]["id"])] = message["record"]["name"]
print(json.dumps(read))  # noqa: T201 — read by the runner
