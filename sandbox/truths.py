"""What is truly so in a market, for the control API: responses, creatives, searches, overlap and segments, as
columns of rows.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np

from sandbox.ad_language import TRAITS
from sandbox.ad_texts import traits_of
from sandbox.market import Market
from sandbox.response_truth import ad_set_truth, best_split, columns_of, mean_order
from sandbox.world import Account

Columns = dict[str, list[Any]]
MOST_AD_SETS_IN_PAIRS = 60
"""Ad sets of an account, by spend, whose pairs are told."""


def response(
    market: Market, accounts: Iterable[Account], start: date, end: date, *, low: float, high: float
) -> dict[str, Any]:
    """Per ad set its spend, expected value and the value of one more unit; and the split of the same money
    that brings most.

    `low` and `high` bound each budget owner's spend, as multiples of what it spends now.
    """
    truths = [ad_set_truth(market, account, start, end) for account in accounts]
    return {
        "ad_sets": _joined(columns_of(truth) for truth in truths),
        "best_split": best_split(truths, to_eur=market.world.fx_to_eur, low=low, high=high),
    }


def creatives(market: Market, accounts: Iterable[Account]) -> dict[str, Any]:
    """Per ad its words, traits and log effects on click rate and conversion rate; and per trait its effect in
    every account.
    """
    ads: defaultdict[str, list[Any]] = defaultdict(list)
    effects_of_traits: defaultdict[str, list[Any]] = defaultdict(list)
    for account in accounts:
        if (effects := market.text_effects(account)) is None:
            continue
        catalog = effects.catalog
        for ad in np.flatnonzero(~catalog.ad_sets.hidden[catalog.ads.ad_set]).tolist():
            ad_set, text = int(catalog.ads.ad_set[ad]), market.ad_text(account, ad)
            click, conversion = effects.of(text, ad_set)
            first_day = (
                catalog.ad_sets.first_day[ad_set]
                if catalog.ads.first_day is None
                else catalog.ads.first_day[ad]
            )
            row = {
                "platform": account.platform,
                "account_id": account.id,
                "ad_set_id": str(catalog.ad_sets.id[ad_set]),
                "ad_id": str(catalog.ads.id[ad]),
                "first_day": str(np.datetime64(int(first_day), "D")),
                "headlines": list(text.headlines),
                "descriptions": list(text.descriptions),
                "log_click_effect": click,
                "log_conversion_effect": conversion,
                "log_picture_effect": float(np.log(catalog.ads.appeal[ad])),
                **dict(zip(TRAITS, traits_of(text), strict=True)),
            }
            _append(ads, **row)
        for trait, log_effect in zip(TRAITS, effects.of_traits.tolist(), strict=True):
            _append(
                effects_of_traits,
                platform=account.platform,
                account_id=account.id,
                trait=trait,
                log_click_effect=log_effect,
                log_conversion_effect=-effects.settings.trade_off * log_effect,
            )
    return {"ads": ads, "traits": effects_of_traits}


def terms(
    market: Market, accounts: Iterable[Account], start: date, end: date, *, ad_set_id: int | None = None
) -> Columns:
    """Per search, over an account's ad sets or in one of them: what a day is expected to bring in it, and how
    much is blocked.

    What would be if no negative stood is told as well: `open_clicks` are a day's clicks without any negative.
    """
    parts = []
    for account in accounts:
        if (searches := market.searches(account)) is None:
            continue
        truth, catalog = ad_set_truth(market, account, start, end), market.catalog(account)
        blocked = searches.blocked_on(
            market.negatives.history(account), int(np.datetime64(end, "D").astype(int))
        )
        size = len(searches.vocabulary)
        sums = {name: np.zeros(size) for name in ("open_clicks", "clicks", "conversions", "spend", "value")}
        wanted = np.flatnonzero(searches.searched & (truth.spend > 0))
        if ad_set_id is not None:
            wanted = wanted[catalog.ad_sets.id[wanted] == ad_set_id]
        for row in wanted.tolist():
            group, is_blocked = searches.of(row, blocked.day), blocked.of_ad_set(row)
            left, quality = blocked.left(row)
            share = np.where(is_blocked, 0.0, group.share) / max(left, 1e-12)
            conversions = truth.conversions[row] * share * group.relative_quality / quality
            value = catalog.ad_sets.order_value[row] * mean_order(account)
            amounts = (
                ("open_clicks", truth.clicks[row] * group.share),
                ("clicks", truth.clicks[row] * share),
                ("conversions", conversions),
                ("spend", truth.spend[row] * share),
                ("value", conversions * value),
            )
            for name, amount in amounts:
                sums[name][group.rows] += amount
        rows = np.flatnonzero(sums["open_clicks"] > 0).tolist()
        vocabulary = searches.vocabulary
        columns: Columns = {
            "account_id": [account.id] * len(rows),
            "term": [vocabulary.text[n] for n in rows],
            "language": [vocabulary.language[n] for n in rows],
            "intent": [vocabulary.intent[n] for n in rows],
            "quality": vocabulary.quality[rows].tolist(),
        }
        parts.append(columns | {name: amounts[rows].tolist() for name, amounts in sums.items()})
    return _joined(parts)


def overlap(market: Market, accounts: Iterable[Account], start: date, end: date) -> dict[str, Any]:
    """Per ad set whom it could reach and whom it did reach; per pair of ad sets of an account how many of
    them are the same.

    Pairs are of the 60 ad sets that reached most people.
    """
    ad_sets: defaultdict[str, list[Any]] = defaultdict(list)
    pairs: defaultdict[str, list[Any]] = defaultdict(list)
    for account in accounts:
        if (delivered := market.people.delivered(account, start, end)) is None:
            continue
        catalog, ids = market.catalog(account), market.catalog(account).ad_sets.id.astype(str).tolist()
        reach = delivered.reach()
        order = [
            row
            for row in np.argsort(-reach, kind="stable").tolist()
            if reach[row] > 0 and not catalog.ad_sets.hidden[row]
        ]
        for row in order:
            _append(
                ad_sets,
                platform=account.platform,
                account_id=account.id,
                ad_set_id=ids[row],
                audience_size=delivered.people.size_of(np.array([row])),
                reach=float(reach[row]),
                impressions=int(delivered.impressions[row]),
            )
        for first, second in combinations(order[:MOST_AD_SETS_IN_PAIRS], 2):
            both = float(delivered.reach([first, second])[0])
            reachable_by_both = delivered.people.reachable[[first, second]].all(axis=0)
            _append(
                pairs,
                platform=account.platform,
                account_id=account.id,
                ad_set_id=ids[first],
                other_ad_set_id=ids[second],
                shared_audience=int((delivered.people.size * reachable_by_both).sum()),
                reached_by_both=max(0.0, float(reach[first] + reach[second] - both)),
            )
    return {"ad_sets": ad_sets, "pairs": pairs}


def segment_shares(market: Market, accounts: Iterable[Account]) -> Columns:
    """Per ad set and customer segment the share of its impressions that fall on the segment's people."""
    columns: defaultdict[str, list[Any]] = defaultdict(list)
    for account in accounts:
        if (parts := market.people.parts(account)) is None:
            continue
        weight = parts.weights(int(np.datetime64(market.clock.today(account.zone), "D").astype(int)))
        of_segment = parts.segment
        for number, name in enumerate(parts.people.segments):
            share = weight[:, of_segment == number].sum(axis=1)
            for ad_set_id, part in zip(
                parts.people.catalog.ad_sets.id.astype(str).tolist(), share.tolist(), strict=True
            ):
                _append(
                    columns,
                    platform=account.platform,
                    account_id=account.id,
                    ad_set_id=ad_set_id,
                    segment=name,
                    share=part,
                )
    return columns


def _append(columns: defaultdict[str, list[Any]], **row: Any) -> None:
    for name, value in row.items():
        columns[name].append(value)


def _joined(parts: Iterable[Columns]) -> Columns:
    columns: defaultdict[str, list[Any]] = defaultdict(list)
    for part in parts:
        for name, values in part.items():
            columns[name] += values
    return columns
