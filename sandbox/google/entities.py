"""What Google Ads calls the entities of an account: for every resource, the attributes the sandbox knows, by GAQL path."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sandbox import words
from sandbox.diary import strategies
from sandbox.draws import key
from sandbox.google import user_lists
from sandbox.labels import NUMBERS, labels, number
from sandbox.stage import Stage
from sandbox.world import Account

MANAGER = Account(
    platform="google_ads", id="9990000001", name="Sandbox manager", currency="EUR", time_zone="Europe/Berlin",
    campaigns=1, ad_sets_per_campaign=1,
)  # fmt: skip
"""Above every account, and in no market: it can be asked for its clients alone."""
ACTIONS = (
    (7001, "Purchase", "PURCHASE", True),
    (7002, "Lead form", "SUBMIT_LEAD_FORM", True),
    (7003, "Newsletter sign-up", "SIGNUP", False),
)
"""Conversion actions of every account: id, name, category, whether it counts as a conversion to bid on."""
SHARED_SET = 8001
Attributes = dict[str, Any]


def customer(account: Account) -> Attributes:
    return {
        "customer.resource_name": f"customers/{account.id}", "customer.id": int(account.id),
        "customer.descriptive_name": account.name, "customer.currency_code": account.currency,
        "customer.time_zone": account.time_zone, "customer.manager": False, "customer.status": "ENABLED",
    }  # fmt: skip


def clients(stage: Stage) -> Iterator[Attributes]:
    """Every account below the manager, the manager first."""
    for account in (MANAGER, *stage.world.of("google_ads")):
        above = account is MANAGER
        yield {
            "customer_client.id": int(account.id), "customer_client.descriptive_name": account.name,
            "customer_client.manager": above, "customer_client.level": 0 if above else 1,
            "customer_client.status": "ENABLED", "customer_client.currency_code": account.currency,
            "customer_client.time_zone": account.time_zone,
        }  # fmt: skip


def status(stage: Stage, account: Account, level: str, row: int) -> str:
    things = getattr(stage.market.catalog(account), level + "s")
    first = "PAUSED" if things.paused[row] else "ENABLED"
    return str(stage.market.current(account, level, int(things.id[row]), "status", first))


def campaign(stage: Stage, account: Account, row: int) -> Attributes:
    """A campaign with its budget: Google keeps every budget in a campaign budget of its own."""
    campaigns = stage.market.catalog(account).campaigns
    own, base = int(campaigns.id[row]), f"customers/{account.id}"
    owner = int(campaigns.budget_owner[row])
    whose, sharing = int(campaigns.id[owner]), int((campaigns.budget_owner == owner).sum())
    amount = stage.market.current(
        account, "campaign", whose, "budget_micros", int(campaigns.budget_micros[owner])
    )
    day = np.datetime64(int(campaigns.start_day[row]), "D").astype(object)
    first_strategy, _ = strategies(stage.market.catalog(account), "campaign", row)
    return customer(account) | {
        "campaign.resource_name": f"{base}/campaigns/{own}", "campaign.id": own,
        "campaign.name": stage.market.current(account, "campaign", own, "name", campaigns.name[row]),
        "campaign.status": status(stage, account, "campaign", row),
        "campaign.advertising_channel_type": campaigns.channel[row],
        "campaign.bidding_strategy_type": stage.market.current(account, "campaign", own, "bid_strategy", first_strategy),
        "campaign.bidding_strategy_system_status": _system_status(stage, account, row),
        "campaign.campaign_budget": f"{base}/campaignBudgets/{budget_id(whose)}",
        "campaign.start_date_time": f"{day} 00:00:00", "campaign.labels": _labels(stage, account, "campaign", row),
        "campaign_budget.resource_name": f"{base}/campaignBudgets/{budget_id(whose)}", "campaign_budget.id": budget_id(whose),
        "campaign_budget.name": f"Budget of {campaigns.name[owner]}", "campaign_budget.amount_micros": int(amount),
        "campaign_budget.explicitly_shared": sharing > 1, "campaign_budget.reference_count": sharing,
        "campaign_budget.status": "ENABLED", "campaign_budget.period": "DAILY",
    }  # fmt: skip


def _system_status(stage: Stage, account: Account, row: int) -> str:
    catalog = stage.market.catalog(account)
    if stage.market.diary.is_learning(catalog, "campaign", row, stage.today(account)):
        return "LEARNING_SETTING_CHANGE"
    return "LEARNING_NEW" if int(catalog.campaigns.id[row]) % 9 == 0 else "ENABLED"


def _labels(stage: Stage, account: Account, level: str, row: int) -> list[str]:
    """Google tells labels by their resource names alone."""
    return [f"customers/{account.id}/labels/{number(name)}" for name in labels(stage, account, level, row)]


def label_rows(account: Account) -> Iterator[Attributes]:
    """The account's labels with their names."""
    for name, own in NUMBERS.items():
        yield {
            "label.resource_name": f"customers/{account.id}/labels/{own}", "label.id": own, "label.name": name,
            "label.status": "ENABLED",
        }  # fmt: skip


def budget_id(campaign_id: int) -> int:
    return campaign_id + 900_000


def ad_group(stage: Stage, account: Account, row: int) -> Attributes:
    catalog = stage.market.catalog(account)
    own, above = int(catalog.ad_sets.id[row]), int(catalog.ad_sets.campaign[row])
    base = f"customers/{account.id}"
    above_it = stage.market.remembered(
        ("google campaign", account.id, above), lambda: campaign(stage, account, above)
    )
    return above_it | {
        "ad_group.resource_name": f"{base}/adGroups/{own}", "ad_group.id": own,
        "ad_group.name": stage.market.current(account, "ad_set", own, "name", catalog.ad_sets.name[row]),
        "ad_group.status": status(stage, account, "ad_set", row),
        "ad_group.campaign": f"{base}/campaigns/{catalog.campaigns.id[above]}",
        "ad_group.type": "SEARCH_STANDARD" if catalog.campaigns.channel[above] == "SEARCH" else "DISPLAY_STANDARD",
        "ad_group.labels": _labels(stage, account, "ad_set", row),
    }  # fmt: skip


def ad_group_ad(stage: Stage, account: Account, row: int) -> Attributes:
    catalog = stage.market.catalog(account)
    own, above = int(catalog.ads.id[row]), int(catalog.ads.ad_set[row])
    text, base = stage.market.ad_text(account, row), f"customers/{account.id}"
    own_status = status(stage, account, "ad", row)
    rejected = stage.market.diary.is_disapproved(catalog, row, stage.today(account))
    above_it = stage.market.remembered(
        ("google ad group", account.id, above), lambda: ad_group(stage, account, above)
    )
    return above_it | {
        "ad_group_ad.resource_name": f"{base}/adGroupAds/{catalog.ad_sets.id[above]}~{own}",
        "ad_group_ad.status": own_status,
        "ad_group_ad.primary_status": own_status if own_status != "ENABLED" else "NOT_ELIGIBLE" if rejected else "ELIGIBLE",
        "ad_group_ad.policy_summary.approval_status": "DISAPPROVED" if rejected else "APPROVED",
        "ad_group_ad.policy_summary.review_status": "REVIEWED",
        "ad_group_ad.ad_group": f"{base}/adGroups/{catalog.ad_sets.id[above]}",
        "ad_group_ad.ad.id": own, "ad_group_ad.ad.name": catalog.ads.name[row], "ad_group_ad.ad.type": "RESPONSIVE_SEARCH_AD",
        "ad_group_ad.ad.final_urls": [text.landing_page],
        "ad_group_ad.ad.responsive_search_ad.headlines": list(text.headlines),
        "ad_group_ad.ad.responsive_search_ad.descriptions": list(text.descriptions),
    }  # fmt: skip


def conversion_action(stage: Stage, account: Account, row: int) -> Attributes:
    number, name, category, counts = ACTIONS[row]
    return {
        "conversion_action.resource_name": f"customers/{account.id}/conversionActions/{number}",
        "conversion_action.id": number, "conversion_action.name": name, "conversion_action.category": category,
        "conversion_action.status": "ENABLED", "conversion_action.primary_for_goal": counts,
        "conversion_action.include_in_conversions_metric": counts,
        "conversion_action.click_through_lookback_window_days": lookback(stage, account),
        "conversion_action.view_through_lookback_window_days": 1,
    }  # fmt: skip


def lookback(stage: Stage, account: Account) -> int:
    """Days after a click in which a conversion counts, by the account's setting now."""
    limit = stage.market.lookback_days(account, stage.clock.now())
    return int(limit) if limit is not None else max(30, account.behaviour.longest_lag_days)


def keywords(stage: Stage, account: Account) -> Iterator[Attributes]:
    """Positive keywords of every search ad group."""
    catalog = stage.market.catalog(account)
    for row in _search_ad_groups(stage, account):
        own = int(catalog.ad_sets.id[row])
        for n, (text, match_type) in enumerate(stage.market.keywords(account, row)):
            criterion = own * 10 + n
            yield ad_group(stage, account, row) | {
                "ad_group_criterion.resource_name": f"customers/{account.id}/adGroupCriteria/{own}~{criterion}",
                "ad_group_criterion.criterion_id": criterion, "ad_group_criterion.status": "ENABLED",
                "ad_group_criterion.negative": False, "ad_group_criterion.type": "KEYWORD",
                "ad_group_criterion.keyword.text": text,
                "ad_group_criterion.keyword.match_type": match_type,
            }  # fmt: skip


def campaign_negatives(stage: Stage, account: Account) -> Iterator[Attributes]:
    """One negative keyword on each search campaign, and the user lists that campaigns keep out."""
    catalog = stage.market.catalog(account)
    for row, channel in enumerate(catalog.campaigns.channel):
        yield from user_lists.negative_rows(stage, account, campaign(stage, account, row))
        if channel != "SEARCH":
            continue
        own = int(catalog.campaigns.id[row])
        word = words.NEGATIVES[int(key(catalog.seed, 73, own) % np.uint64(len(words.NEGATIVES)))]
        yield campaign(stage, account, row) | {
            "campaign_criterion.resource_name": f"customers/{account.id}/campaignCriteria/{own}~{own * 10}",
            "campaign_criterion.criterion_id": own * 10, "campaign_criterion.negative": True,
            "campaign_criterion.type": "KEYWORD", "campaign_criterion.status": "ENABLED",
            "campaign_criterion.keyword.text": word, "campaign_criterion.keyword.match_type": "PHRASE",
        }  # fmt: skip


def shared_negatives(account: Account) -> Iterator[Attributes]:
    """The account's shared negative list."""
    shared = f"customers/{account.id}/sharedSets/{SHARED_SET}"
    for n, word in enumerate(words.NEGATIVES[:3]):
        yield {
            "shared_set.resource_name": shared, "shared_set.id": SHARED_SET, "shared_set.name": "Never",
            "shared_set.type": "NEGATIVE_KEYWORDS", "shared_set.status": "ENABLED",
            "shared_criterion.resource_name": f"customers/{account.id}/sharedCriteria/{SHARED_SET}~{n + 1}",
            "shared_criterion.shared_set": shared, "shared_criterion.criterion_id": n + 1,
            "shared_criterion.type": "KEYWORD", "shared_criterion.keyword.text": word,
            "shared_criterion.keyword.match_type": "BROAD",
        }  # fmt: skip


_BY_NUMBER = {"campaign": ("campaign", "campaign.id"), "ad_group": ("ad_set", "ad_group.id")}


def change_events(stage: Stage, account: Account) -> Iterator[Attributes]:
    """Every accepted write, newest first, by whom it was made."""
    base = f"customers/{account.id}"
    words = {"campaign": "campaigns", "ad_set": "adGroups"}
    for change in reversed(stage.market.changes.all_of("google_ads", account.id)):
        if change.field == "active" or change.level not in words:
            continue
        is_budget = change.field == "budget_micros"
        own = budget_id(change.entity_id) if is_budget else change.entity_id
        yield {
            "change_event.resource_name": f"{base}/changeEvents/{int(change.at.timestamp() * 1e6)}~1~0",
            "change_event.change_date_time": change.at.astimezone(account.zone).strftime("%Y-%m-%d %H:%M:%S.%f"),
            "change_event.change_resource_name": f"{base}/{'campaignBudgets' if is_budget else words[change.level]}/{own}",
            "change_event.client_type": "GOOGLE_ADS_API" if change.by == "api" else "GOOGLE_ADS_WEB_CLIENT",
            "change_event.user_email": f"{change.by}@shop.example", "change_event.resource_change_operation": "UPDATE",
        }  # fmt: skip


def snapshot(
    stage: Stage, account: Account, resource: str, only: dict[str, int] | None = None
) -> Iterator[Attributes]:
    """Every entity of a resource, without metrics; or the one whose number `only` names by its path."""
    catalog = stage.market.catalog(account)
    visible = np.flatnonzero(~catalog.ad_sets.hidden)
    level, path = _BY_NUMBER.get(resource, ("", ""))
    if only and path in only:
        row = catalog.index[level].get(only[path])
        visible = visible[visible == row] if resource == "ad_group" else visible
        asked = {"campaign": campaign, "ad_group": ad_group}[resource]
        if row is not None and (resource == "campaign" or len(visible)):
            yield asked(stage, account, row)
        return
    per_row: dict[str, tuple[Callable[[Stage, Account, int], Attributes], Any]] = {
        "campaign": (campaign, range(len(catalog.campaigns.id))),
        "campaign_budget": (campaign, range(len(catalog.campaigns.id))),
        "ad_group": (ad_group, visible),
        "ad_group_ad": (ad_group_ad, np.flatnonzero(~catalog.ad_sets.hidden[catalog.ads.ad_set])),
    }
    if resource in per_row:
        make, rows = per_row[resource]
        yield from (make(stage, account, int(row)) for row in rows)
        return
    simple: dict[str, Callable[[], Iterator[Attributes]]] = {
        "customer": lambda: iter([customer(account)]),
        "label": lambda: label_rows(account),
        "change_event": lambda: change_events(stage, account),
        "conversion_action": lambda: (conversion_action(stage, account, n) for n in range(len(ACTIONS))),
        "ad_group_criterion": lambda: keywords(stage, account),
        "user_list": lambda: user_lists.attributes(stage, account),
        "campaign_criterion": lambda: campaign_negatives(stage, account),
        "shared_criterion": lambda: shared_negatives(account),
        "shared_set": lambda: iter([next(shared_negatives(account))]),
    }
    yield from simple[resource]()


KNOWN = {
    "customer", "customer_client", "campaign", "campaign_budget", "ad_group", "ad_group_ad", "conversion_action",
    "ad_group_criterion", "campaign_criterion", "shared_criterion", "shared_set", "search_term_view", "change_event", "label", "user_list",
}  # fmt: skip


def _search_ad_groups(stage: Stage, account: Account) -> list[int]:
    catalog = stage.market.catalog(account)
    channel = catalog.campaigns.channel
    return [row for row, above in enumerate(catalog.ad_sets.campaign.tolist()) if channel[above] == "SEARCH"]
