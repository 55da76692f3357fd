"""Segments that earn their place: found in the first part of the time, kept only if they pass six tests in the last part.

Candidates for 2 to 7 groups are made from the training period alone (`assets.segments.discovery.candidates`), told as short rules and put
to the tests of `assets.segments.discovery.acceptance`. The rule's labels count, not the model's. Fewer segments than wanted, or none, is an
answer: nothing is padded. What is found is a division by a tree of depth three, so groups that no short rule tells apart are missed.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from assets.segments.discovery.agreement import NOBODYS, apply
from assets.segments.discovery.candidate_tests import Ground, ground_of
from assets.segments.discovery.cards import ACTIVE, Entry, card_rows
from assets.segments.discovery.rule_parser import parse
from assets.segments.discovery.search import REPORT, Kept, search, written_entries
from assets.segments.discovery.train_test_periods import TIERING, Periods
from assets.segments.discovery.traits import Known, Trait, read_customers
from assets.segments.value.purchases import Purchases, read_transactions
from resources.errors import DataUnusable
from resources.policy.segments import Segments

LEAST_DAYS = 28


class Segmentation(NamedTuple):
    """Who is in which segment, a card per segment kept or refused, and what was tried.

    assignments: customer_id, segment_id, segment; one row per customer, empty where somebody is in no segment.
    cards: a row per segment: segment_id, segment, origin, priority, rule, rule_sql, definition, size, share, value (expected of 365
    days, per customer), tests (per test its value, what it needs and whether it passed), state, why, action, about.
    report: step, way, k, segments, in_common, fidelity, verdict, why.
    """

    assignments: pd.DataFrame
    cards: pd.DataFrame
    report: pd.DataFrame


def segment(
    customers: pd.DataFrame,
    transactions: pd.DataFrame | None,
    *,
    as_of: date | str | pd.Timestamp,
    policy: Segments | None = None,
    seed: int = 0,
    kept: Sequence[Kept] = (),
) -> Segmentation:
    """The segments of these customers on that day.

    Args:
        customers: A row per customer_id with traits: texts, numbers, flags; missing values are missing.
        transactions: customer_id, day, value; negative values are returns. None or empty: then nothing can be tested.
        as_of: Last day that counts; what came later is not looked at.
        policy: Thresholds, protected traits and written rules; None: the defaults.
        seed: Same seed and data, same answer.
        kept: Segments of the week before: while their tests hold they stay as they are, and no others are looked for.

    Raises:
        DataUnusable: A column is missing, a customer has two rows, or a written rule asks for what nobody knows.
    """
    policy = policy or Segments()
    day = _day(as_of)
    known = read_customers(customers, policy)
    purchases = read_transactions(transactions, known.rows.index, as_of=day)
    rules = {one.name: parse(one.expression, traits_of(known), name=one.name) for one in policy.rules}
    told = [_note("data", "left out", f"{name}: {why}") for name, why in known.left_out]
    told += _gaps(purchases)
    periods, why = _periods(known, purchases, day, policy)
    if periods is None:
        told.append(_note("data", "none", why))
        return Segmentation(_assigned(known, None, ()), card_rows([], None), _report(told))
    asked = {name for rule in (*rules.values(), *(one.rule for one in kept)) for name in rule.traits}
    foretold = "expected_value" in asked
    ground = ground_of(periods, policy, seed=seed, foretold=foretold)
    with threadpool_limits(1):
        entries, tried = search(ground, kept)
    entries = [*written_entries(rules, ground), *entries]
    table = card_rows(entries, ground)
    active = [one for one in entries if one.state == ACTIVE]
    return Segmentation(_assigned(known, ground, active), table, _report([*told, *tried]))


def traits_of(known: Known) -> dict[str, Trait]:
    """What a written rule may ask for, by name."""
    return {trait.name: trait for trait in (*known.traits, *TIERING)}


def _periods(
    known: Known, purchases: Purchases, as_of: np.datetime64, policy: Segments
) -> tuple[Periods | None, str]:
    """Training and test time, or why there is none."""
    span = purchases.span()
    if span is None:
        return None, "there are no transactions: whether groups behave differently cannot be tested"
    days = int((as_of - span[0]).astype(int))
    if days < 2 * LEAST_DAYS:
        return (
            None,
            f"transactions span {days} days; {2 * LEAST_DAYS} are needed to form segments and to test them",
        )
    split = as_of - np.timedelta64(max(LEAST_DAYS, round(days * policy.holdout_share)), "D")
    periods = Periods(known, purchases, span[0], split, as_of)
    there = int(periods.there_by(split).sum())
    if there < policy.least_customers:
        return (
            None,
            f"{there:,} customers were there when the test time began ({split}); {policy.least_customers:,} are needed",
        )
    return periods, ""


def _assigned(known: Known, ground: Ground | None, active: Sequence[Entry]) -> pd.DataFrame:
    at = np.full(len(known.rows), NOBODYS)
    if ground is not None and active:
        at = apply(tuple(one.rule for one in active), ground.now)
    ids = np.array([*(one.segment_id for one in active), None], dtype=object)
    titles = np.array([*(one.segment for one in active), None], dtype=object)
    found = {"segment_id": pd.Series(ids[at], dtype=object), "segment": pd.Series(titles[at], dtype=object)}
    rows = pd.DataFrame(found).set_axis(known.rows.index)
    return rows.reindex(known.given).rename_axis("customer_id").reset_index()


def _gaps(purchases: Purchases) -> list[dict[str, Any]]:
    said = {
        "transactions of customers that are not listed": purchases.strangers,
        "transactions without a day or a value that can be read": purchases.unreadable,
    }
    return [_note("data", "not used", f"{count:,} {what}") for what, count in said.items() if count]


def _note(step: str, verdict: str, why: str) -> dict[str, Any]:
    return {"step": step, "verdict": verdict, "why": why}


def _report(lines: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=REPORT)


def _day(as_of: date | str | pd.Timestamp) -> np.datetime64:
    found = pd.Timestamp(as_of)
    if found is pd.NaT:
        raise DataUnusable(f"as_of is {as_of!r}: give the last day that counts.")
    return np.datetime64(found.date(), "D")
