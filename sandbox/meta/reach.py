"""Reach of insights rows, from the people whom the account's ads reach (`sandbox.people_reports`).

A person is counted once per row, so reach does not add up over days, levels and placements. Over ages,
genders and countries it does: each person has one of them.
"""

from datetime import date, timedelta

import numpy as np

from sandbox.audience_reach import as_people
from sandbox.market import Market
from sandbox.random_draws import Floats, Whole
from sandbox.world import Account

OF_PEOPLE = {"age", "gender", "country"}
"""Breakdowns in which each person has one value."""


def reach_of_spans(
    market: Market, account: Account, level: str, first_day: Whole, last_day: Whole, entity: Whole
) -> Whole | None:
    """People whom each row's entity (row of the level) reached in the row's span; None where the world does
    not simulate them.
    """
    if market.people.population(account) is None:
        return None
    reached = np.zeros(len(entity), np.int64)
    spans, at = np.unique(np.stack([first_day, last_day]), axis=1, return_inverse=True)
    for number, (first, last) in enumerate(spans.T.tolist()):
        window = market.people.window_reach(account, level, _date(first), _date(last))
        assert window is not None  # noqa: S101 — there is a population
        mine = at.reshape(-1) == number
        reached[mine] = window[1][entity[mine]]
    return reached


def divided(breakdowns: tuple[str, ...], whole: Whole, group: Whole, impressions: Whole) -> Whole:
    """The reach of each row of a breakdown: `whole` is that of the row's entity and span, whose rows share a
    number in `group`, which is ascending.
    """
    shown = np.bincount(group, impressions)[group]
    share = np.divide(impressions, shown, out=np.zeros(len(whole)), where=shown > 0)
    if set(breakdowns) <= OF_PEOPLE:
        return np.minimum(_rounded(whole, share, group), impressions)
    often = np.divide(shown, whole, out=np.ones(len(whole)), where=whole > 0)
    seen = impressions / np.maximum(1.0 + (often - 1.0) * share, 1.0)
    return as_people(np.minimum(seen, whole), impressions)


def _rounded(whole: Whole, share: Floats, group: Whole) -> Whole:
    """Whole numbers by shares that add up to the whole of each group."""
    first = np.concatenate([[True], group[1:] != group[:-1]]) if len(group) else np.zeros(0, bool)
    starts = np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
    cumulative = share.cumsum()
    before = (cumulative - share)[starts] if len(group) else cumulative
    upper = np.rint(whole * np.minimum(cumulative - before, 1.0))
    lower = np.where(first, 0.0, np.concatenate([[0.0], upper[:-1]]))
    return np.maximum(upper - lower, 0).astype(np.int64)


def _date(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)
