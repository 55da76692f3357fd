"""Training and test period of the segment search, and the two halves of the training period.

Only customers who existed when the test period began are tested. Those who came later have bought by
definition and would make any rule about earlier purchases look good.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.segments.discovery.candidates import TraitTrainingSet
from assets.segments.discovery.encoded_rows import encode
from assets.segments.discovery.latent import CodedTraits, association, code_traits, combine, quantile_levels
from assets.segments.discovery.traits import NUMBER, PURCHASES, CustomerTraits, Trait
from assets.segments.value.lifetime_value import value
from assets.segments.value.purchases import Purchases

PURCHASE_TRAITS = (Trait("orders", NUMBER), Trait("average_order", NUMBER))
ALL_PURCHASE_TRAITS = tuple(Trait(name, NUMBER) for name in PURCHASES)
EXPECTED = Trait("expected_value", NUMBER)
LIKELY = "likely_value_log"
YEAR_DAYS = 365
TENURE = "tenure_days"
REDUNDANT = 0.8


@dataclass(frozen=True, eq=False)
class Periods:
    """History from `start`, split at `split`; `as_of` is the last day."""

    known: CustomerTraits
    purchases: Purchases
    start: np.datetime64
    split: np.datetime64
    as_of: np.datetime64

    @property
    def middle(self) -> np.datetime64:
        """The day that halves the training period."""
        return self.start + (self.split - self.start) // 2

    def present_by(self, day: np.datetime64) -> np.ndarray:
        """Customers who existed by that day: they had bought, or their tenure says so."""
        first = self.purchases.first_days()
        there = ~np.isnat(first) & (first <= day)
        if TENURE in self.known.rows.columns:
            tenure = self.known.rows[TENURE].to_numpy(dtype=float, na_value=np.nan)
            there |= tenure >= (self.as_of - day).astype(float)
        return there

    def rows(
        self, until: np.datetime64, *, since: np.datetime64 | None = None, with_expected_value: bool = False
    ) -> pd.DataFrame:
        """All customers with traits and purchases as of that day; `with_expected_value` adds the value then
        expected over a year.
        """
        bought = self.purchases.until(until, since=since)
        if with_expected_value:
            bought[["expected_value", LIKELY]] = self._expected(until)
        return pd.concat([self.known.rows, bought.set_axis(self.known.rows.index)], axis=1)

    def _expected(self, until: np.datetime64) -> np.ndarray:
        """Expected value of a year, and the expected logarithm of it: chance of any order times the logarithm
        of its value.
        """
        seen = self.purchases.day <= until
        expected = np.full((self.purchases.customers, 2), np.nan)
        if seen.any():
            days = pd.DataFrame(
                {
                    "customer_id": self.purchases.who[seen],
                    "day": self.purchases.day[seen],
                    "value": self.purchases.value[seen],
                }
            )
            forecast = value(days, as_of=pd.Timestamp(until), horizon_days=YEAR_DAYS)
            chance = -np.expm1(-forecast["expected_orders"].to_numpy())
            likely = chance * np.log1p(
                forecast["mean_value"].clip(lower=0).to_numpy() / np.maximum(chance, 1e-9)
            )
            expected[forecast["customer_id"].to_numpy(dtype=int)] = np.column_stack(
                [forecast["expected_value"], likely]
            )
        return expected

    def outcomes(self) -> pd.DataFrame:
        """Outcomes in the test period: value, conversion (any order), repeat (two or more), average_order."""
        later = self.purchases.until(self.as_of, since=self.split)
        return pd.DataFrame(
            {
                "value": later["revenue"].clip(lower=0.0),
                "conversion": (later["orders"] > 0).astype(float),
                "repeat": (later["orders"] > 1).astype(float),
                "average_order": later["average_order"],
            }
        )


def purchase_outcomes(rows: pd.DataFrame) -> np.ndarray:
    """Outcomes in the training period: orders, value of one order, revenue (capped at the 99th
    percentile).
    """
    revenue = rows["revenue"].clip(lower=0.0)
    capped = revenue.clip(upper=revenue.quantile(0.99)) if len(revenue) else revenue
    one_order = rows["one_order"]
    capped_one = one_order.clip(upper=one_order.quantile(0.99)) if one_order.notna().any() else one_order
    return np.column_stack([rows["orders"], capped_one, capped]).astype(float)


def purchase_levels(rows: pd.DataFrame) -> CodedTraits:
    """Orders and the value of one order, in levels; without an order its value does not apply."""
    codes = np.column_stack(
        [
            quantile_levels(rows["orders"].to_numpy(dtype=float)),
            quantile_levels(
                rows["one_order"].to_numpy(dtype=float, na_value=np.nan), missing_is_a_level=False
            ),
        ]
    )
    return CodedTraits(codes, tuple(int(c.max(initial=0)) + 1 for c in codes.T), ("orders", "one_order"))


def relevant_traits(
    rows: pd.DataFrame, traits: tuple[Trait, ...], *, error: float = 0.05
) -> tuple[Trait, ...]:
    """Traits associated with purchases (chi-square, Bonferroni), strongest first; of two redundant traits,
    one.
    """
    from scipy.stats import chi2  # noqa: PLC0415 — half a second that a page need not wait for

    if not traits:
        return ()
    levels, does = code_traits(rows, traits), purchase_levels(rows)
    associated = []
    for column, trait in enumerate(traits):
        tests = [association(levels.codes[:, column], does.codes[:, outcome]) for outcome in range(2)]
        chances = [chi2.sf(statistic, free) if free else 1.0 for statistic, free in tests]
        if min(chances) * 2 * len(traits) <= error:
            associated.append((-max(statistic - free for statistic, free in tests), column, trait))
    chosen: list[tuple[int, Trait]] = []
    for _, column, trait in sorted(associated, key=lambda ranked: ranked[:2]):
        if all(not _is_redundant(levels.codes[:, column], levels.codes[:, other]) for other, _ in chosen):
            chosen.append((column, trait))
    return tuple(trait for _, trait in chosen)


def _is_redundant(codes: np.ndarray, others: np.ndarray) -> bool:
    statistic = association(codes, others)[0]
    largest = min(association(levels, levels)[0] for levels in (codes, others))
    return largest > 0 and statistic / largest > REDUNDANT


def training_set(rows: pd.DataFrame, traits: tuple[Trait, ...], known: tuple[Trait, ...]) -> TraitTrainingSet:
    """Training set for classes and responses: traits and purchases of one period.

    `traits` form groups; all `known` ones are encoded, because rules of earlier weeks may use others.
    """
    purchases = tuple(trait for trait in ALL_PURCHASE_TRAITS if trait.name in rows)
    return TraitTrainingSet(
        encode(rows, (*known, *purchases)),
        (*traits, *PURCHASE_TRAITS),
        combine(code_traits(rows, traits), purchase_levels(rows)),
        purchase_outcomes(rows),
    )


def tier_training_set(rows: pd.DataFrame, *, least: float) -> TraitTrainingSet:
    """Training set for tiers: the expected value of customers, and what they had bought.

    The score of tiers adds three standardised parts: log expected value, its rank, and the expected
    logarithm. The first and the last alone depend on a few customers, and tiers cut by them differ with
    every sample.
    """
    expected = rows[EXPECTED.name]
    parts = (np.log1p(expected.clip(lower=0)), expected.rank(pct=True), rows[LIKELY])
    telling = np.sum([_standard(part) for part in parts], axis=0)
    return TraitTrainingSet(
        encode(rows, (EXPECTED,)),
        (EXPECTED,),
        purchase_levels(rows),
        purchase_outcomes(rows),
        least,
        telling,
    )


def _standard(values: pd.Series) -> np.ndarray:
    spread = values.std(ddof=0)
    return ((values - values.mean()) / (spread if spread > 0 else 1.0)).to_numpy(dtype=float)
