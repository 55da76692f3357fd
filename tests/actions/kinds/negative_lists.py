"""A list of negative keywords that is made, and lists that a campaign gets."""

from resources.kinds.list_attachment.change import AttachmentRequest, NamedList
from resources.kinds.negative_list.change import NegativeListRequest
from sandbox.google import criteria
from sandbox.serve import Sandbox
from tests.actions.kinds.case import KindCase
from tests.actions.kinds.negative_keywords import (
    ACCOUNT,
    ADDS,
    SHOWN,
    account_of,
    existing_list,
    search_ad_group,
    target,
)

REQUEST = NegativeListRequest("google_ads", ACCOUNT, "Competitors", ADDS)


def same_list_by_hand(sandbox: Sandbox) -> None:
    fields = {
        "name": f"Competitors [{REQUEST.mark}]",
        "type": "NEGATIVE_KEYWORDS",
        "status": "ENABLED",
    }
    objects = sandbox.stage.objects
    objects.create("google_ads", ACCOUNT, "shared_set", objects.reserve_id("google_ads"), fields, parent_id=0)


def attachment(sandbox: Sandbox) -> AttachmentRequest:
    number = existing_list(sandbox)
    return AttachmentRequest(
        target("campaign", search_ad_group(sandbox)[0]),
        attaches=(NamedList(list_id=str(number), name=f"List {number}"),),
    )


def other_list_attached(sandbox: Sandbox) -> None:
    campaign = int(search_ad_group(sandbox)[0])
    known = {link.own for link in criteria.attachments(sandbox.stage, account_of(sandbox))}
    objects = sandbox.stage.objects
    number = objects.reserve_id("google_ads")
    assert number not in known
    fields = {"name": "Somebody else", "type": "NEGATIVE_KEYWORDS", "status": "ENABLED"}
    objects.create("google_ads", ACCOUNT, "shared_set", number, fields, parent_id=0)
    objects.create(
        "google_ads", ACCOUNT, "campaign_shared_set", number, {"status": "ENABLED"}, parent_id=campaign
    )


CASES = (
    KindCase(
        "negative_list at Google",
        "create_negative_list",
        "google_ads",
        lambda _: REQUEST,
        same_list_by_hand,
        (f"+ list Competitors [{REQUEST.mark}]", *SHOWN),
    ),
    KindCase(
        "list_attachment at Google",
        "attach_negative_lists",
        "google_ads",
        attachment,
        other_list_attached,
        ("+ list List ",),
    ),
)
