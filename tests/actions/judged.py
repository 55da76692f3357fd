"""A proposal judged by one limit, in surroundings in which every limit holds but for what a test says."""

from datetime import timedelta
from typing import Any

from assets.actions.guardrails.context import Edit, Surroundings
from assets.actions.guardrails.registry import judge
from resources.ledger.proposal import Change, Proposal
from resources.ledger.records import PlatformWrite
from resources.ledger.states import WriteState
from resources.policy.policy import Policy
from tests.actions.made import AT, proposal
from tests.actions.memory import frames

FRAMES = frames()
POLICY: dict[str, Any] = {
    "permissions": [{"level": "propose"}], "approvers": {"alice": {"up_to": 9999}},
    "caps": {"meta_ads a1": {"currency": "EUR", "entity_daily": 500, "account_daily": 10_000}},
    "labels": {"protected": {"ad_sets": ["7"]}, "brand": {"campaign_name": ["\\bbrand\\b"]}},
}  # fmt: skip


def around(made: Proposal, **other: Any) -> Surroundings:
    given: dict[str, Any] = {
        "now": AT, "rates": {"EUR": 1.0}, "written": [], "newest_as_of": made.as_of,
        "edits": {change.target.words: Edit(None, by_us=False) for change in made.changes},
        "budget_edits": {change.target.words: [] for change in made.changes}, **FRAMES,
    }  # fmt: skip
    return Surroundings(**given | other)


def verdict(
    limit: str,
    *changes: Change,
    automatic: bool = False,
    policy: dict[str, Any] | None = None,
    kind: str = "",
    **other: Any,
) -> bool | None:
    made = proposal(*changes, **({"kind": kind} if kind else {}))
    found = judge(
        made, Policy.model_validate(POLICY | (policy or {})), around(made, **other), automatic=automatic
    )
    return next(one.holds for one in found if one.guardrail == limit)


def earlier(*changes: Change, hours: float) -> list[tuple[Proposal, PlatformWrite]]:
    at = AT - timedelta(hours=hours)
    made = proposal(*changes, created_at=at)
    return [
        (made, PlatformWrite(n, "forward", WriteState.VERIFIED, "r", at, None, None))
        for n in range(len(changes))
    ]
