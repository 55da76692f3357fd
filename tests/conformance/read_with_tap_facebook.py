"""Singer's tap-facebook lists campaigns, ad sets with their daily budgets, and ads.

Its insights are not asked: the tap always asks for windows and breakdowns of actions that Meta itself no longer
gives (`7d_view`), which the sandbox refuses as Meta does.
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from facebook_business.session import FacebookSession

FacebookSession.GRAPH = os.environ["META_GRAPH_URL"]
import tap_facebook  # type: ignore[import-not-found]  # noqa: E402 — the address comes first

FIELDS = {
    "campaigns": ("id", "name", "updated_time"),
    "adsets": ("id", "campaign_id", "daily_budget", "updated_time"),
    "ads": ("id", "adset_id", "updated_time"),
}
folder = Path(os.environ["CONFORMANCE_FOLDER"]) / "tap_facebook"
folder.mkdir(exist_ok=True)
config, catalog = folder / "config.json", folder / "catalog.json"
config.write_text(
    json.dumps(
        {
            "account_id": os.environ["CONFORMANCE_META_ACCOUNT"],
            "access_token": os.environ["META_ACCESS_TOKEN"],
            "start_date": "2020-01-01T00:00:00Z",
        }
    )
)


def run(*words: str) -> str:
    """What the tap prints for a command line."""
    sys.argv, printed = ["tap-facebook", "--config", str(config), *words], io.StringIO()
    with contextlib.redirect_stdout(printed):
        tap_facebook.main_impl()
    return printed.getvalue()


offered: dict[str, Any] = json.loads(run("--discover"))
offered["streams"] = [stream for stream in offered["streams"] if stream["stream"] in FIELDS]
for stream in offered["streams"]:
    stream["schema"]["selected"] = True
    wanted = FIELDS[stream["stream"]]
    for entry in stream["metadata"]:
        name = entry["breadcrumb"][1] if entry["breadcrumb"] else None
        entry["metadata"]["selected"] = name is None or name in wanted
catalog.write_text(json.dumps(offered))
read: dict[str, dict[str, Any]] = {"campaigns": {}, "adsets": {}, "ads": {}}
for line in run("--properties", str(catalog)).splitlines():
    message = json.loads(line)
    if message["type"] == "RECORD":
        record = message["record"]
        budget = record.get("daily_budget")
        read[message["stream"]][str(record["id"])] = int(float(budget)) if budget else None
print(json.dumps(read))  # noqa: T201 — read by the runner
