"""A world in which words, searches and people matter, and the calls that tests of written effects share."""

from datetime import UTC, date, datetime
from typing import Any

import requests

from sandbox.google.oauth import ACCESS_TOKEN
from sandbox.serve import Sandbox
from sandbox.world import World

NOON, LATER = datetime(2026, 10, 10, 12, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)
BEFORE = (date(2026, 10, 5), date(2026, 10, 10))
AFTER = (date(2026, 10, 11), date(2026, 10, 24))
GOOGLE, META, LINKEDIN = "1000000001", "2000000001", "510000001"
SPANS = "segments.date BETWEEN '2026-10-05' AND '2026-10-24'"


def world() -> World:
    behaviour = {
        "daily_budget": 300, "demand": 2, "paused_share": 0, "ctr": 0.03, "searches": {"vocabulary": 600, "hidden_share": 0.1},
        "ad_texts": {"strength": 0.4}, "population": {"people": 60_000, "overlap": 0.6, "pool_contrast": 1.0},
    }  # fmt: skip
    shared = {
        "currency": "EUR",
        "time_zone": "UTC",
        "campaigns": 4,
        "ad_sets_per_campaign": 2,
        "behaviour": behaviour,
    }
    accounts = [
        shared | {"platform": "google_ads", "id": GOOGLE, "name": "G", "performance_max": 1},
        shared | {"platform": "meta_ads", "id": META, "name": "M"},
        shared | {"platform": "linkedin_ads", "id": LINKEDIN, "name": "L"},
    ]
    given = {"name": "written", "seed": 4, "begins": date(2026, 6, 1), "accounts": accounts}
    return World.model_validate(given)


def rest(sandbox: Sandbox, collection: str, *operations: dict[str, Any]) -> list[str]:
    """Resource names of what a mutate over REST answers."""
    answer = requests.post(
        f"{sandbox.url}/v26/customers/{GOOGLE}/{collection}:mutate",
        json={"operations": list(operations)},
        headers={"Authorization": f"Bearer {ACCESS_TOKEN}", "login-customer-id": "9990000001"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    return [entry["resourceName"] for entry in answer.json()["results"]]


def truth(sandbox: Sandbox, name: str, **parameters: Any) -> Any:
    span = {"start": AFTER[0].isoformat(), "end": AFTER[1].isoformat()}
    answer = requests.get(f"{sandbox.url}/control/truth/{name}", params=span | parameters, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def spend(sandbox: Sandbox, platform: str, level: str, entity_id: str, span: tuple[date, date]) -> int:
    parameters = {"start": str(span[0]), "end": str(span[1]), "level": level, "platform": platform}
    columns = requests.get(f"{sandbox.url}/control/truth", params=parameters, timeout=60).json()
    per_row = zip(columns["entity_id"], columns["spend_micros"], strict=True)
    return sum(amount for own, amount in per_row if own == entity_id)
