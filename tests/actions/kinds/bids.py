"""A bid per click of a keyword at Google, and the unit cost of a campaign at LinkedIn."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

from resources.kinds.bid.change import BidRequest
from sandbox.serve import Sandbox
from tests.actions.kinds.case import KindCase
from tests.actions.kinds.negative_keywords import ACCOUNT, account_of, search_ad_group, target
from tests.actions.kinds.new_ads import ad_set, pause_ad_set

KEYWORD = {"text": "trail shoes", "match_type": "EXACT", "negative": False, "status": "ENABLED"}


@contextmanager
def days_ago(sandbox: Sandbox, days: int) -> Iterator[None]:
    now = sandbox.stage.clock.now()
    sandbox.stage.clock.set(now - timedelta(days=days))
    yield
    sandbox.stage.clock.set(now)


def keyword_bid(sandbox: Sandbox) -> BidRequest:
    """A keyword with a bid of its own, in a campaign that bids by hand."""
    campaign, ad_group = search_ad_group(sandbox)
    stage = sandbox.stage
    stage.market.change(account_of(sandbox), "campaign", int(campaign), "bid_strategy", "MANUAL_CPC")
    objects = stage.objects.of("google_ads", ACCOUNT, "ad_group_criterion", parent_id=int(ad_group))
    keyword = next((entry.object_id for entry in objects), None)
    if keyword is None:
        keyword = stage.objects.reserve_id("google_ads")
        stage.objects.create(
            "google_ads",
            ACCOUNT,
            "ad_group_criterion",
            keyword,
            KEYWORD | {"cpc_bid_micros": 1_000_000},
            parent_id=int(ad_group),
        )
    return BidRequest(target("keyword", f"{ad_group}.{keyword}"), Decimal("0.90"))


def unit_cost(sandbox: Sandbox) -> BidRequest:
    at = ad_set(sandbox, "linkedin_ads")
    account = next(a for a in sandbox.stage.world.of("linkedin_ads") if a.id == at.account_id)
    bid = {"amount": "5.00", "currencyCode": account.currency}
    with days_ago(sandbox, 10):  # what somebody edited lately is left alone
        sandbox.stage.market.change(account, "ad_set", int(at.entity_id), "unitCost", bid)
        sandbox.stage.market.change(account, "ad_set", int(at.entity_id), "bid_strategy", "NONE")
    return BidRequest(at, Decimal("4.50"))


CASES = (
    KindCase(
        "bid at Google",
        "set_bid",
        "google_ads",
        keyword_bid,
        lambda sandbox: pause_ad_set(sandbox, "google_ads"),
        ("1.00", "0.90"),
    ),
    KindCase(
        "bid at LinkedIn",
        "set_bid",
        "linkedin_ads",
        unit_cost,
        lambda sandbox: pause_ad_set(sandbox, "linkedin_ads"),
        ("5.00", "4.50"),
    ),
)
