"""Run coordinator that records who launched a run, as an authenticating proxy in front of the UI signed it.

Used only where deploy/dagster.yaml names this coordinator and PAID_MEDIA_PROXY_KEY is set. The person goes
into the ledger, which nobody can reach from the UI, and never into a tag, which everybody can forge.
Backfills carry no headers, so they prove nobody.
"""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import dagster as dg
from dagster import QueuedRunCoordinator, SubmitRunContext

from resources.action_services import open_action_services

HEADER = "X-Paid-Media-Person"


class SignedLaunches(QueuedRunCoordinator):
    """Dagster's own queue, which also remembers who a signed header says launched a run."""

    def submit_run(self, context: SubmitRunContext) -> dg.DagsterRun:
        token = context.get_request_header(HEADER)
        services = open_action_services()
        key = services.settings.proxy_key
        if token and key and (person := signed_person(token, key.get_secret_value(), at=datetime.now(UTC))):
            services.ledger.decisions.launched(context.dagster_run.run_id, person)
        return super().submit_run(context)


def signed_person(token: str, key: str, *, at: datetime) -> str | None:
    """The person in a token, if the key signed it and it is not over; None for anything else.

    A token is base64url of {"person": "alice", "until": seconds since 1970}, a dot, and the hex HMAC-SHA256
    of that text.
    """
    body, _, signature = token.rpartition(".")
    good = hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()
    if not body or not hmac.compare_digest(good, signature):
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(body))
        return str(claims["person"]) if float(claims["until"]) > at.timestamp() else None
    except (ValueError, KeyError, TypeError):
        return None
