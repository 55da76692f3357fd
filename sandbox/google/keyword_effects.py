"""What accepted writes of criteria, lists and attachments do in the market, from the account's next day on."""

from typing import Any

from sandbox.google.criteria import Criterion
from sandbox.negative_keywords import Scope
from sandbox.running_world import Stage
from sandbox.world import Account

_LEVELS = {"ad_group_criterion": "ad_group", "campaign_criterion": "campaign", "shared_criterion": "list"}


def create(
    stage: Stage, account: Account, kind: str, own_id: int, fields: dict[str, Any], *, parent_id: int = 0
) -> None:
    """Create a criterion, a list or an attachment, with its effect."""
    stage.objects.create("google_ads", account.id, kind, own_id, fields, parent_id=parent_id)
    market = stage.market
    if kind == "ad_group_criterion" and not fields["negative"]:
        _set(stage, account, parent_id, own_id, fields, is_active=fields["status"] == "ENABLED")
    elif kind in _LEVELS:
        market.negatives.add(
            account, _scope(kind, parent_id), fields["text"], fields["match_type"], criterion_id=own_id
        )
    elif kind == "shared_set":
        market.negatives.create_list(account, fields["name"], list_id=own_id)
    elif kind == "campaign_shared_set":
        market.negatives.attach(account, own_id, parent_id)
    else:
        market.negatives.attach(account, fields["shared_set"], int(account.id))


def change(stage: Stage, account: Account, criterion: Criterion, fields: dict[str, Any]) -> None:
    """Change a criterion or a list, with its effect: a paused keyword takes no searches."""
    key = ("google_ads", account.id, criterion.kind, criterion.parent, criterion.own)
    stage.objects.change(key, fields, first=criterion.fields)
    if criterion.kind == "ad_group_criterion" and "status" in fields:
        is_active = fields["status"] == "ENABLED"
        _set(stage, account, criterion.parent, criterion.own, criterion.fields, is_active=is_active)


def remove(stage: Stage, account: Account, criterion: Criterion) -> None:
    """Remove a criterion, a list or an attachment, with its effect."""
    kind, parent_id, own_id = criterion.kind, criterion.parent, criterion.own
    key = ("google_ads", account.id, kind, parent_id, own_id)
    stage.objects.remove(key, first=criterion.fields)
    negatives = stage.market.negatives
    if kind == "ad_group_criterion" and not criterion.fields["negative"]:
        _set(stage, account, parent_id, own_id, criterion.fields, is_active=False)
    elif kind in _LEVELS:
        negatives.remove(account, _scope(kind, parent_id), own_id)
    elif kind == "shared_set":
        negatives.remove_list(account, own_id)
    elif kind == "campaign_shared_set":
        negatives.detach(account, own_id, parent_id)
    else:
        negatives.detach(account, criterion.fields["shared_set"], int(account.id))


def _scope(kind: str, parent_id: int) -> Scope:
    return Scope(_LEVELS[kind], parent_id)  # type: ignore[arg-type]


def _set(
    stage: Stage, account: Account, ad_group: int, own_id: int, fields: dict[str, Any], *, is_active: bool
) -> None:
    stage.market.positives.set(
        account, ad_group, own_id, fields["text"], fields["match_type"], is_active=is_active
    )
