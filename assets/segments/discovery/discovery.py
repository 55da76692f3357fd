"""Customer segments: found in a training period, kept only if they pass six tests in a later period.

Candidates for 2 to 7 groups are built from the training period alone
(`assets.segments.discovery.candidates`), written as short rules and tested
(`assets.segments.discovery.acceptance`). The labels of the rule count, not those of the model. Fewer
segments than wanted, or none, is a valid answer: nothing is padded. The rules are trees of depth three, so
groups that no short rule describes are missed.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from assets.segments.discovery.agreement import NOBODYS, apply
from assets.segments.discovery.candidate_tests import EvaluationData, evaluation_data
from assets.segments.discovery.cards import ACTIVE, TestedSegment, card_rows
from assets.segments.discovery.rule_parser import parse
from assets.segments.discovery.search import REPORT, PreviousSegment, search, written_entries
from assets.segments.discovery.train_test_periods import ALL_PURCHASE_TRAITS, Periods
from assets.segments.discovery.traits import CustomerTraits, Trait, read_customers
from assets.segments.value.purchases import Purchases, read_transactions
from resources.errors import DataUnusable
from resources.policy.segments import Segments

LEAST_DAYS = 28


class Segmentation(NamedTuple):
    """Segment of each customer, a card per segment accepted or refused, and the candidates that were tried.

    assignments: customer_id, segment_id, segment; one row per customer, empty where a customer is in no
    segment. cards: a row per segment: segment_id, segment, origin, priority, rule, rule_sql, definition,
    size, share, value
        (expected over 365 days, per customer), tests (per test its value, its threshold and whether it
        passed), state,
        why, action, about.
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
    previous: Sequence[PreviousSegment] = (),
) -> Segmentation:
    """The segments of these customers on that day.

    Args:
        customers: A row per customer_id with traits: texts, numbers, flags; missing values are missing.
        transactions: customer_id, day, value; negative values are returns. None or empty: then nothing can be
            tested.
        as_of: Last day that counts; later rows are ignored.
        policy: Thresholds, protected traits and written rules; None: the defaults.
        seed: Same seed and data, same answer.
        previous: Segments of the previous week. While their tests hold they stay as they are and no search is
            made.

    Raises:
        DataUnusable: A column is missing, a customer has two rows, or a written rule names an unknown trait.
    """
    policy = policy or Segments()
    day = _day(as_of)
    traits_read = read_customers(customers, policy)
    purchases = read_transactions(transactions, traits_read.rows.index, as_of=day)
    rules = {
        written.name: parse(written.expression, traits_of(traits_read), name=written.name)
        for written in policy.rules
    }
    notes = [_note("data", "left out", f"{name}: {why}") for name, why in traits_read.left_out]
    notes += _gaps(purchases)
    periods, why = _periods(traits_read, purchases, day, policy)
    if periods is None:
        notes.append(_note("data", "none", why))
        return Segmentation(_assigned(traits_read, None, ()), card_rows([], None), _report(notes))
    traits_in_rules = {
        name for rule in (*rules.values(), *(earlier.rule for earlier in previous)) for name in rule.traits
    }
    with_expected_value = "expected_value" in traits_in_rules
    evaluation = evaluation_data(periods, policy, seed=seed, with_expected_value=with_expected_value)
    with threadpool_limits(1):
        entries, tried = search(evaluation, previous)
    entries = [*written_entries(rules, evaluation), *entries]
    table = card_rows(entries, evaluation)
    active = [entry for entry in entries if entry.state == ACTIVE]
    return Segmentation(_assigned(traits_read, evaluation, active), table, _report([*notes, *tried]))


def traits_of(customer_traits: CustomerTraits) -> dict[str, Trait]:
    """Traits that a written rule may use, by name."""
    return {trait.name: trait for trait in (*customer_traits.traits, *ALL_PURCHASE_TRAITS)}


def _periods(
    traits_read: CustomerTraits, purchases: Purchases, as_of: np.datetime64, policy: Segments
) -> tuple[Periods | None, str]:
    """Training and test period, or the reason why there is none."""
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
    periods = Periods(traits_read, purchases, span[0], split, as_of)
    there = int(periods.present_by(split).sum())
    if there < policy.least_customers:
        return (
            None,
            (
                f"{there:,} customers were there when the test time began ({split}); "
                f"{policy.least_customers:,} are needed"
            ),
        )
    return periods, ""


def _assigned(
    traits_read: CustomerTraits, evaluation: EvaluationData | None, active: Sequence[TestedSegment]
) -> pd.DataFrame:
    at = np.full(len(traits_read.rows), NOBODYS)
    if evaluation is not None and active:
        at = apply(tuple(entry.rule for entry in active), evaluation.now)
    ids = np.array([*(entry.segment_id for entry in active), None], dtype=object)
    titles = np.array([*(entry.segment for entry in active), None], dtype=object)
    columns = {"segment_id": pd.Series(ids[at], dtype=object), "segment": pd.Series(titles[at], dtype=object)}
    rows = pd.DataFrame(columns).set_axis(traits_read.rows.index)
    return rows.reindex(traits_read.given).rename_axis("customer_id").reset_index()


def _gaps(purchases: Purchases) -> list[dict[str, Any]]:
    counts = {
        "transactions of customers that are not listed": purchases.strangers,
        "transactions without a day or a value that can be read": purchases.unreadable,
    }
    return [_note("data", "not used", f"{count:,} {what}") for what, count in counts.items() if count]


def _note(step: str, verdict: str, why: str) -> dict[str, Any]:
    return {"step": step, "verdict": verdict, "why": why}


def _report(lines: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=REPORT)


def _day(as_of: date | str | pd.Timestamp) -> np.datetime64:
    stamp = pd.Timestamp(as_of)
    if stamp is pd.NaT:
        raise DataUnusable(f"as_of is {as_of!r}: give the last day that counts.")
    return np.datetime64(stamp.date(), "D")
