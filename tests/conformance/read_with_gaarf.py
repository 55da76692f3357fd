"""gaarf's command reads campaigns of all accounts below the manager; its CSV is added up per campaign."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

folder = Path(os.environ["CONFORMANCE_FOLDER"]) / "gaarf"
folder.mkdir(exist_ok=True)
query, config = folder / "campaigns.sql", folder / "google-ads.yaml"
query.write_text(
    "SELECT campaign.id AS campaign_id, segments.date AS day, metrics.cost_micros AS cost, metrics.clicks AS clicks "
    f"FROM campaign WHERE segments.date BETWEEN '{os.environ['CONFORMANCE_FIRST']}' AND '{os.environ['CONFORMANCE_LAST']}'"
)
config.write_text(
    f"endpoint: {os.environ['GOOGLE_ADS_ENDPOINT']}\njson_key_file_path: {os.environ['GOOGLE_ADS_JSON_KEY_FILE_PATH']}\n"
    f"login_customer_id: {os.environ['GOOGLE_ADS_LOGIN_CUSTOMER_ID']}\nuse_proto_plus: true\ndeveloper_token: none\n"
)
command = [
    Path(sys.executable).parent / "gaarf", query, f"--account={os.environ['GOOGLE_ADS_LOGIN_CUSTOMER_ID']}", "--output=csv",
    f"--csv.destination-folder={folder}", f"--ads-config={config}", "--api-version=26",
]  # fmt: skip
subprocess.run(command, check=True, stdout=sys.stderr)
sums: dict[str, list[int]] = {}
with (folder / "campaigns.csv").open(encoding="utf-8") as lines:
    for row in csv.DictReader(lines):
        held = sums.setdefault(row["campaign_id"], [0, 0])
        held[0] += int(row["cost"])
        held[1] += int(row["clicks"])
print(json.dumps(sums))  # noqa: T201 — read by the runner
