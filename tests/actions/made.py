"""The plainest valid proposal, for tests that need no platform."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from resources.kinds.daily_budget.change import BudgetChange
from resources.kinds.entity_status.change import StatusChange
from resources.ledger.proposal import Change, Effect, Image, Proposal, Target, proposal_id

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def image(**other: Any) -> Image:
    given: dict[str, Any] = {
        "name": "A set", "campaign_id": "c1", "campaign_name": "A campaign", "status": "active", "native_status": "ACTIVE",
        "currency": "EUR", "daily_budget": Decimal("100.00"), "budget_owner": "ad_set",
    }  # fmt: skip
    return Image(**given | other)


def target(
    entity_id: str = "1", *, platform: str = "meta_ads", level: str = "ad_set", account_id: str = "a1"
) -> Target:
    return Target(platform=platform, account_id=account_id, level=level, entity_id=entity_id)


def budget(before: str, after: str, *, at: Target | None = None, **other: Any) -> BudgetChange:
    at = at or target()
    return BudgetChange(
        target=at,
        before=before,
        after=after,
        image=image(daily_budget=Decimal(before), **other),
    )


def pause(at: Target | None = None, **other: Any) -> Change:
    return StatusChange(target=at or target(), before="active", after="paused", image=image(**other))


def proposal(*changes: Change, created_at: datetime = AT, hours: float = 24, **other: Any) -> Proposal:
    changes = changes or (pause(),)
    kind = "pause_ad_set" if changes[0].field == "status" else "set_daily_budget"
    as_of = other.pop("as_of", date(2026, 11, 22))
    given: dict[str, Any] = {
        "proposal_id": proposal_id(kind, as_of, changes, created_at=created_at), "kind": kind, "changes": changes,
        "proposer": "rule:test", "reason": "because", "evidence": {"spend_a_day": 20.0, "expected_conversions": 99},
        "effect": Effect(metric="none", words="none"), "verdicts": (), "level": "propose", "as_of": as_of,
        "created_at": created_at, "expires_at": created_at + timedelta(hours=hours),
    }  # fmt: skip
    return Proposal(**given | other)
