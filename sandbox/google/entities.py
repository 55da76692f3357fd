"""What Google Ads calls the entities of an account: for every resource, the attributes the sandbox knows, by
GAQL path.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sandbox.google import ads, criteria, history, user_lists
from sandbox.google.history import budget_id
from sandbox.incident_log import strategies
from sandbox.labels import NUMBERS, labels, number
from sandbox.running_world import Stage
from sandbox.world import Account

MANAGER = Account(
    platform="google_ads",
    id="9990000001",
    name="Sandbox manager",
    currency="EUR",
    time_zone="Europe/Berlin",
    campaigns=1,
    ad_sets_per_campaign=1,
)
"""Above every account, and in no market: it can be asked for its clients alone."""
ACTIONS = (
    (7001, "Purchase", "PURCHASE", True),
    (7002, "Lead form", "SUBMIT_LEAD_FORM", True),
    (7003, "Newsletter sign-up", "SIGNUP", False),
)
"""Conversion actions of every account: id, name, category, whether it counts as a conversion to bid on."""
Attributes = dict[str, Any]


def customer(account: Account) -> Attributes:
    return {
        "customer.resource_name": f"customers/{account.id}",
        "customer.id": int(account.id),
        "customer.descriptive_name": account.name,
        "customer.currency_code": account.currency,
        "customer.time_zone": account.time_zone,
        "customer.manager": False,
        "customer.status": "ENABLED",
        "customer.test_account": True,
    }


def clients(stage: Stage) -> Iterator[Attributes]:
    """Every account below the manager, the manager first."""
    for account in (MANAGER, *stage.world.of("google_ads")):
        above = account is MANAGER
        yield {
            "customer_client.resource_name": f"customers/{MANAGER.id}/customerClients/{account.id}",
            "customer_client.client_customer": f"customers/{account.id}",
            "customer_client.hidden": False,
            "customer_client.test_account": True,
            "customer_client.id": int(account.id),
            "customer_client.descriptive_name": account.name,
            "customer_client.manager": above,
            "customer_client.level": 0 if above else 1,
            "customer_client.status": "ENABLED",
            "customer_client.currency_code": account.currency,
            "customer_client.time_zone": account.time_zone,
        }


def status(stage: Stage, account: Account, level: str, row: int) -> str:
    things = getattr(stage.market.catalog(account), level + "s")
    first = "PAUSED" if things.paused[row] else "ENABLED"
    return str(stage.market.current(account, level, int(things.id[row]), "status", first))


def campaign(stage: Stage, account: Account, row: int) -> Attributes:
    """A campaign with its budget: Google keeps every budget in a campaign budget of its own."""
    campaigns = stage.market.catalog(account).campaigns
    own_id, base = int(campaigns.id[row]), f"customers/{account.id}"
    owner = int(campaigns.budget_owner[row])
    whose, sharing = int(campaigns.id[owner]), int((campaigns.budget_owner == owner).sum())
    amount = stage.market.current(
        account, "campaign", whose, "budget_micros", int(campaigns.budget_micros[owner])
    )
    day = np.datetime64(int(campaigns.start_day[row]), "D").astype(object)
    first_strategy, _ = strategies(stage.market.catalog(account), "campaign", row)
    return customer(account) | {
        "campaign.resource_name": f"{base}/campaigns/{own_id}",
        "campaign.id": own_id,
        "campaign.name": stage.market.current(account, "campaign", own_id, "name", campaigns.name[row]),
        "campaign.status": status(stage, account, "campaign", row),
        "campaign.advertising_channel_type": campaigns.channel[row],
        "campaign.bidding_strategy_type": stage.market.current(
            account, "campaign", own_id, "bid_strategy", first_strategy
        ),
        "campaign.bidding_strategy_system_status": _system_status(stage, account, row),
        "campaign.campaign_budget": f"{base}/campaignBudgets/{budget_id(whose)}",
        "campaign.start_date_time": f"{day} 00:00:00",
        "campaign.end_date_time": None,
        "campaign_budget.total_amount_micros": None,
        "campaign.labels": _labels(stage, account, "campaign", row),
        "campaign_budget.resource_name": f"{base}/campaignBudgets/{budget_id(whose)}",
        "campaign_budget.id": budget_id(whose),
        "campaign_budget.name": f"Budget of {campaigns.name[owner]}",
        "campaign_budget.amount_micros": int(amount),
        "campaign_budget.explicitly_shared": sharing > 1,
        "campaign_budget.reference_count": sharing,
        "campaign_budget.status": "ENABLED",
        "campaign_budget.period": "DAILY",
    }


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
    for name, own_id in NUMBERS.items():
        yield {
            "label.resource_name": f"customers/{account.id}/labels/{own_id}",
            "label.id": own_id,
            "label.name": name,
            "label.status": "ENABLED",
        }


def ad_group(stage: Stage, account: Account, row: int) -> Attributes:
    catalog = stage.market.catalog(account)
    own_id, above = int(catalog.ad_sets.id[row]), int(catalog.ad_sets.campaign[row])
    base = f"customers/{account.id}"
    above_it = stage.market.remembered(
        ("google campaign", account.id, above), lambda: campaign(stage, account, above)
    )
    return above_it | {
        "ad_group.resource_name": f"{base}/adGroups/{own_id}",
        "ad_group.id": own_id,
        "ad_group.name": stage.market.current(account, "ad_set", own_id, "name", catalog.ad_sets.name[row]),
        "ad_group.status": status(stage, account, "ad_set", row),
        "ad_group.campaign": f"{base}/campaigns/{catalog.campaigns.id[above]}",
        "ad_group.type": (
            "SEARCH_STANDARD" if catalog.campaigns.channel[above] == "SEARCH" else "DISPLAY_STANDARD"
        ),
        "ad_group.labels": _labels(stage, account, "ad_set", row),
    }


def ad_group_ad(stage: Stage, account: Account, row: int) -> Attributes:
    catalog = stage.market.catalog(account)
    ad = ads.of_row(stage, account, row, status(stage, account, "ad", row))
    ad_set = int(catalog.ads.ad_set[row])
    above = stage.market.remembered(
        ("google ad group", account.id, ad_set), lambda: ad_group(stage, account, ad_set)
    )
    return above | ads.attributes(account, ad, [])


def ad_links(stage: Stage, account: Account) -> Iterator[Attributes]:
    """Every text of every ad, with the ad and what is above it."""
    catalog = stage.market.catalog(account)
    for row in np.flatnonzero(~catalog.ad_sets.hidden[catalog.ads.ad_set]).tolist():
        ad, above = (
            ads.of_row(stage, account, row, status(stage, account, "ad", row)),
            ad_group_ad(stage, account, row),
        )
        for text, link in ads.asset_links(stage, account, ad):
            yield above | link | ads.asset_attributes(account, text)


def assets(stage: Stage, account: Account) -> Iterator[Attributes]:
    """Every text of the account as an asset, once."""
    names = ("asset.resource_name", "asset.id", "asset.type", "asset.text_asset.text")
    rows = {link["asset.id"]: {name: link[name] for name in names} for link in ad_links(stage, account)}
    yield from (customer(account) | asset for _, asset in sorted(rows.items()))


def conversion_action(stage: Stage, account: Account, row: int) -> Attributes:
    number, name, category, counts = ACTIONS[row]
    return {
        "conversion_action.resource_name": f"customers/{account.id}/conversionActions/{number}",
        "conversion_action.id": number,
        "conversion_action.name": name,
        "conversion_action.category": category,
        "conversion_action.status": "ENABLED",
        "conversion_action.primary_for_goal": counts,
        "conversion_action.include_in_conversions_metric": counts,
        "conversion_action.click_through_lookback_window_days": lookback(stage, account),
        "conversion_action.view_through_lookback_window_days": 1,
    }


def lookback(stage: Stage, account: Account) -> int:
    """Days after a click in which a conversion counts, by the account's setting now."""
    limit = stage.market.lookback_days(account, stage.clock.now())
    return int(limit) if limit is not None else max(30, account.behaviour.longest_lag_days)


_BY_NUMBER = {"campaign": ("campaign", "campaign.id"), "ad_group": ("ad_set", "ad_group.id")}


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
        requested = {"campaign": campaign, "ad_group": ad_group}[resource]
        if row is not None and (resource == "campaign" or len(visible)):
            yield requested(stage, account, row)
        return
    per_row: dict[str, tuple[Callable[[Stage, Account, int], Attributes], Any]] = {
        "campaign": (campaign, range(len(catalog.campaigns.id))),
        "campaign_budget": (campaign, np.unique(catalog.campaigns.budget_owner)),
        "ad_group": (ad_group, visible),
        "ad_group_ad": (ad_group_ad, np.flatnonzero(~catalog.ad_sets.hidden[catalog.ads.ad_set])),
    }
    if resource in per_row:
        make, rows = per_row[resource]
        yield from (make(stage, account, int(row)) for row in rows)
    if resource not in per_row:
        yield from _simple(stage, account)[resource]()


def _simple(stage: Stage, account: Account) -> dict[str, Callable[[], Iterator[Attributes]]]:
    return {
        "customer": lambda: iter([customer(account)]),
        "label": lambda: label_rows(account),
        "change_event": lambda: history.events(stage, account),
        "change_status": lambda: history.statuses(stage, account),
        "conversion_action": lambda: (conversion_action(stage, account, n) for n in range(len(ACTIONS))),
        "user_list": lambda: user_lists.attributes(stage, account),
        "asset": lambda: assets(stage, account),
        "ad_group_ad_asset_view": lambda: ad_links(stage, account),
        "ad_group_criterion": lambda: ad_group_criteria(stage, account),
        "campaign_criterion": lambda: campaign_criteria(stage, account),
        "customer_negative_criterion": lambda: (
            customer(account) | criteria.account_list_attributes(account, entry)
            for entry in criteria.account_lists(stage, account)
            if not entry.is_removed
        ),
        "shared_set": lambda: (
            customer(account) | criteria.shared_set_attributes(stage, account, entry)
            for entry in criteria.shared_sets(stage, account)
        ),
        "shared_criterion": lambda: shared_criteria(stage, account),
        "campaign_shared_set": lambda: attachments(stage, account),
    }


def ad_group_criteria(stage: Stage, account: Account) -> Iterator[Attributes]:
    """Keywords, then age ranges and genders of every ad group that is reported."""
    catalog = stage.market.catalog(account)
    rows, above = catalog.index["ad_set"], _Above(lambda row: ad_group(stage, account, row))
    for entry in criteria.ad_group_criteria(stage, account):
        yield above.of(rows[entry.parent]) | criteria.ad_group_criterion_attributes(account, entry)
    for row in np.flatnonzero(~catalog.ad_sets.hidden).tolist():
        own_id = int(catalog.ad_sets.id[row])
        for criterion_id in (*criteria.AGES, *criteria.GENDERS):
            yield above.of(row) | criteria.demographic_attributes(account, own_id, criterion_id)


def campaign_criteria(stage: Stage, account: Account) -> Iterator[Attributes]:
    """The user lists that campaigns keep out, and their negative keywords."""
    above = _Above(lambda row: campaign(stage, account, row))
    rows = stage.market.catalog(account).index["campaign"]
    for row in range(len(rows)):
        yield from criteria.user_list_attributes(stage, account, above.of(row))
    for entry in criteria.campaign_negatives(stage, account):
        yield above.of(rows[entry.parent]) | criteria.campaign_criterion_attributes(account, entry)


def shared_criteria(stage: Stage, account: Account) -> Iterator[Attributes]:
    """The words of every list, with their list."""
    lists = {entry.own: entry for entry in criteria.shared_sets(stage, account)}
    held = {own_id: criteria.shared_set_attributes(stage, account, entry) for own_id, entry in lists.items()}
    for entry in criteria.shared_criteria(stage, account):
        if not entry.is_removed:
            yield (
                customer(account) | held[entry.parent] | criteria.shared_criterion_attributes(account, entry)
            )


def attachments(stage: Stage, account: Account) -> Iterator[Attributes]:
    """Which list is attached to which campaign."""
    rows = stage.market.catalog(account).index["campaign"]
    lists = {entry.own: entry for entry in criteria.shared_sets(stage, account)}
    for entry in criteria.attachments(stage, account):
        held = criteria.shared_set_attributes(stage, account, lists[entry.own])
        yield (
            campaign(stage, account, rows[entry.parent])
            | held
            | criteria.attachment_attributes(account, entry)
        )


class _Above:
    """Attributes of a campaign or an ad group, made once however many criteria it has."""

    def __init__(self, make: Callable[[int], Attributes]) -> None:
        self._make = make
        self._known: dict[int, Attributes] = {}

    def of(self, row: int) -> Attributes:
        if row not in self._known:
            self._known[row] = self._make(row)
        return self._known[row]
