"""Creatives and posts that are made through the API.

A post's words and a creative's reference never change. A creative is created in the market too and delivers
from the next day on; from then on it is read and changed as the market's other creatives
(`sandbox.linkedin.entities`).
"""

from collections.abc import Callable
from typing import Any

from sandbox.account_objects import AccountObject
from sandbox.catalog import AdText
from sandbox.linkedin.parameters import last_number
from sandbox.linkedin.refusals import Refused, bad, not_found
from sandbox.running_world import Stage
from sandbox.world import Account

MOST_ACTIVE, MOST_OTHERS = 15, 85
LONGEST_INTRODUCTION, LONGEST_HEADLINE = 600, 200
CREATIVE_FIELDS = {"campaign", "content", "intendedStatus", "name"}
POST_FIELDS = {
    "author",
    "adContext",
    "commentary",
    "visibility",
    "lifecycleState",
    "distribution",
    "contentLandingPage",
    "contentCallToActionLabel",
    "content",
}
CREATED_STATUSES = {"ACTIVE", "DRAFT"}
"""Creating as PAUSED fails over the state of review."""
Made = tuple[dict[str, Any], Callable[[], None]]
"""The ids that the answer names, and what makes the objects."""


def creative(stage: Stage, account: Account, given: dict[str, Any]) -> Made:
    """A new creative that refers to a post.

    Raises:
        Refused: As LinkedIn would.
    """
    fields = _creative_fields(stage, account, given, CREATIVE_FIELDS)
    try:
        reference = str(given["content"]["reference"])
    except (KeyError, TypeError) as error:
        raise bad("The sandbox takes content.reference", field="content") from error
    if set(given["content"]) != {"reference"} or _post(stage, account, reference) is None:
        raise bad(
            f"{reference} is no post of this account",
            field="content/reference",
            code="INVALID_VALUE_FOR_FIELD",
        )
    own_id = stage.objects.reserve_id("linkedin_ads")

    def apply() -> None:
        _make_creative(stage, account, own_id, fields, reference)

    return {"creative": _urn(own_id)}, apply


def inline(stage: Stage, account: Account, given: dict[str, Any]) -> Made:
    """A post and a creative that refers to it, in one call.

    Raises:
        Refused: As LinkedIn would.
    """
    body = given.get("creative")
    if not isinstance(body, dict) or set(given) != {"creative"}:
        raise bad("createInline takes a creative", field="creative")
    fields = _creative_fields(stage, account, body, (CREATIVE_FIELDS - {"content"}) | {"inlineContent"})
    try:
        post = dict(body["inlineContent"]["post"])
    except (KeyError, TypeError, ValueError) as error:
        raise bad("inlineContent.post is required", field="inlineContent") from error
    words = _post_fields(account, post)
    share, own_id = stage.objects.reserve_id("linkedin_ads"), stage.objects.reserve_id("linkedin_ads")
    reference = f"urn:li:share:{share}"

    def apply() -> None:
        stage.objects.create("linkedin_ads", account.id, "post", share, words | {"id": reference})
        _make_creative(stage, account, own_id, fields, reference)

    return {"creative": _urn(own_id)}, apply


def _creative_fields(
    stage: Stage, account: Account, given: dict[str, Any], allowed: set[str]
) -> dict[str, Any]:
    if unknown := set(given) - allowed:
        raise bad(
            f"Field {min(unknown)} is not honoured by the sandbox",
            field=min(unknown),
            code="FIELD_NOT_ALLOWED",
        )
    campaign = last_number(given.get("campaign"))
    if campaign not in stage.market.catalog(account).index["ad_set"]:
        raise bad(
            "campaign must be a campaign of this account", field="campaign", code="INVALID_VALUE_FOR_FIELD"
        )
    status = given.get("intendedStatus", "DRAFT")
    if status not in CREATED_STATUSES:
        message = f"A creative is made as {' or '.join(sorted(CREATED_STATUSES))}"
        raise bad(message, field="intendedStatus", code="INVALID_VALUE_FOR_FIELD")
    mine = stage.objects.of("linkedin_ads", account.id, "creative", parent_id=campaign)
    active = sum(
        stage.market.current(account, "ad", held.object_id, "status", "DRAFT") == "ACTIVE" for held in mine
    )
    if active >= MOST_ACTIVE and status == "ACTIVE":
        raise bad(
            f"At most {MOST_ACTIVE} active creatives a campaign", field="campaign", code="TOO_MANY_CREATIVES"
        )
    if len(mine) - active >= MOST_OTHERS and status != "ACTIVE":
        raise bad(
            f"At most {MOST_OTHERS} inactive creatives a campaign",
            field="campaign",
            code="TOO_MANY_CREATIVES",
        )
    return {"intendedStatus": status, "name": str(given.get("name", "")), "parent": campaign}


def _post_fields(account: Account, post: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(post) - POST_FIELDS:
        raise Refused(
            422, "FIELD_NOT_ALLOWED", f"Field {min(unknown)} is not allowed", field=f"post/{min(unknown)}"
        )
    context = post.get("adContext") or {}
    if last_number(context.get("dscAdAccount")) != int(account.id):
        raise bad("adContext.dscAdAccount must be this account", field="post/adContext")
    if not str(post.get("author", "")).startswith("urn:li:organization:"):
        raise bad("author must be an organization", field="post/author")
    if not 1 <= len(str(post.get("commentary", ""))) <= LONGEST_INTRODUCTION:
        raise bad(
            f"commentary has 1 to {LONGEST_INTRODUCTION} letters", field="post/commentary", code="TOO_LONG"
        )
    if post.get("contentCallToActionLabel") and not post.get("contentLandingPage"):
        raise bad(
            "A call to action needs contentLandingPage", field="post/contentLandingPage", code="MISSING_FIELD"
        )
    title = ((post.get("content") or {}).get("media") or {}).get("title", "")
    if len(title) > LONGEST_HEADLINE:
        raise bad(f"A headline has at most {LONGEST_HEADLINE} letters", field="post/content", code="TOO_LONG")
    return post


def _make_creative(
    stage: Stage, account: Account, own_id: int, fields: dict[str, Any], reference: str
) -> None:
    """Create a creative, in the market too."""
    campaign, status, name = fields["parent"], fields["intendedStatus"], fields["name"]
    content = {"content": {"reference": reference}}
    stage.objects.create("linkedin_ads", account.id, "creative", own_id, content, parent_id=campaign)
    post = _post(stage, account, reference)
    assert post is not None  # noqa: S101 — checked, or made by this call
    text, active = _words(post.fields), status == "ACTIVE"
    stage.market.create_ad(account, campaign, text, name=name, active=active, ad_id=own_id)
    stage.market.change(account, "ad", own_id, "status", status)


def _words(post: dict[str, Any]) -> AdText:
    """The words of a post as the market takes them."""
    introduction = str(post["commentary"])
    headline = ((post.get("content") or {}).get("media") or {}).get("title") or introduction
    return AdText((headline,), (introduction,), str(post.get("contentLandingPage", "")))


def _urn(own_id: int) -> str:
    return f"urn:li:sponsoredCreative:{own_id}"


def _post(stage: Stage, account: Account, urn: str) -> AccountObject | None:
    own_id = last_number(urn)
    return None if own_id is None else stage.objects.find(("linkedin_ads", account.id, "post", 0, own_id))


def find(stage: Stage, account: Account, own_id: int) -> AccountObject | None:
    """A creative of the account that was made."""
    catalog = stage.market.catalog(account)
    if (created := catalog.created_by_id.get(own_id)) is None:
        return None
    campaign = int(catalog.ad_sets.id[created.ad_set])
    return stage.objects.find(("linkedin_ads", account.id, "creative", campaign, own_id))


def removed(stage: Stage, account: Account, own_id: int) -> Callable[[], None]:
    """What deletes a creative: drafts alone, everything else goes through its status.

    Raises:
        Refused: There is none, or it is no draft.
    """
    held = find(stage, account, own_id)
    if held is None:
        raise not_found(f"creatives {own_id}")
    if stage.market.current(account, "ad", own_id, "status", "DRAFT") != "DRAFT":
        raise bad(
            "Only drafts can be deleted: set intendedStatus to PENDING_DELETION", field="intendedStatus"
        )

    def apply() -> None:
        stage.objects.remove(held.key)
        stage.market.change(account, "ad", own_id, "status", "REMOVED")

    return apply


def post(stage: Stage, urn: str) -> dict[str, Any]:
    """A post that was made, by its URN.

    Raises:
        Refused: There is none.
    """
    for account in stage.world.of("linkedin_ads"):
        held = _post(stage, account, urn)
        if held is not None:
            return dict(held.fields)
    raise not_found(f"posts {urn}")
