"""The plainest valid proposal, for tests that need no platform."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from resources.kinds.ad_content import AdContent, AdLine
from resources.kinds.daily_budget.change import BudgetChange
from resources.kinds.entity_status.change import StatusChange
from resources.kinds.keywords import Keyword
from resources.kinds.negative_keywords.change import KeywordImage, NegativeKeywordsChange
from resources.kinds.new_ad.change import NewAdChange, NewAdRequest, image_of
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


def negatives(*campaigns: tuple[str, str], text: str = "torrent", count: int = 0) -> NegativeKeywordsChange:
    """A keyword more in a list that holds for these campaigns."""
    given = {name: getattr(image(), name) for name in ("name", "status", "native_status", "currency")}
    held = KeywordImage(
        **given, campaign_id=None, campaign_name=None, labels=(), count=count, digest="d", campaigns=campaigns
    )
    adds = (Keyword(text=text, match_type="phrase"),)
    return NegativeKeywordsChange(target=target(level="negative_list"), image=held, adds=adds)


def new_ad(
    ad_set_id: str, *, account_id: str = "a1", headline: str = "A line", page: str = "1", **other: Any
) -> NewAdChange:
    """An ad more in an ad set."""
    content = AdContent(
        headlines=(AdLine(text=headline),), primary_text="A text", landing_page="https://a.example", page=page
    )
    request = NewAdRequest(target(ad_set_id, account_id=account_id), content)
    return request.change(image_of(image(**other), None))


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
