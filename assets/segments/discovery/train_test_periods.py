"""What is known of customers over time: cut into a part that forms segments and a part that tests them, and into two halves.

Nobody is judged who was not there when the test began: who came later has bought by being there, and would make any rule about
earlier purchases look good.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.segments.discovery.candidates import Material
from assets.segments.discovery.latent import Coded, association, coded, steps, together
from assets.segments.discovery.traits import NUMBER, PURCHASES, Known, Trait
from assets.segments.value.lifetime_value import value
from assets.segments.value.purchases import Purchases

FORMING = (Trait("orders", NUMBER), Trait("average_order", NUMBER))
TIERING = tuple(Trait(name, NUMBER) for name in PURCHASES)
EXPECTED = Trait("expected_value", NUMBER)
LIKELY = "likely_value_log"
YEAR_DAYS = 365
TENURE = "tenure_days"
REDUNDANT = 0.8


@dataclass(frozen=True, eq=False)
class Periods:
    """Time from `start`, cut at `split`; `as_of` is the last day."""

    known: Known
    purchases: Purchases
    start: np.datetime64
    split: np.datetime64
    as_of: np.datetime64

    @property
    def middle(self) -> np.datetime64:
        """The day that halves the training period."""
        return self.start + (self.split - self.start) // 2

    def there_by(self, day: np.datetime64) -> np.ndarray:
        """Customers that were there by then: they had bought, or are said to have been known for so long."""
        first = self.purchases.first_days()
        there = ~np.isnat(first) & (first <= day)
        if TENURE in self.known.rows.columns:
            tenure = self.known.rows[TENURE].to_numpy(dtype=float, na_value=np.nan)
            there |= tenure >= (self.as_of - day).astype(float)
        return there

    def rows(
        self, until: np.datetime64, *, since: np.datetime64 | None = None, foretold: bool = False
    ) -> pd.DataFrame:
        """All customers with traits and purchases as they were on that day; `foretold`: with the value then expected of a year."""
        bought = self.purchases.until(until, since=since)
        if foretold:
            bought[["expected_value", LIKELY]] = self._expected(until)
        return pd.concat([self.known.rows, bought.set_axis(self.known.rows.index)], axis=1)

    def _expected(self, until: np.datetime64) -> np.ndarray:
        """Expected value of a year, and the logarithm to expect of it: the chance of any, times the logarithm of what it then is."""
        seen = self.purchases.day <= until
        found = np.full((self.purchases.customers, 2), np.nan)
        if seen.any():
            days = pd.DataFrame({"customer_id": self.purchases.who[seen], "day": self.purchases.day[seen], "value": self.purchases.value[seen]})  # fmt: skip
            told = value(days, as_of=pd.Timestamp(until), horizon_days=YEAR_DAYS)
            chance = -np.expm1(-told["expected_orders"].to_numpy())
            likely = chance * np.log1p(told["mean_value"].clip(lower=0).to_numpy() / np.maximum(chance, 1e-9))
            found[told["customer_id"].to_numpy(dtype=int)] = np.column_stack([told["expected_value"], likely])
        return found

    def outcomes(self) -> pd.DataFrame:
        """What happened in the time of the tests: value, conversion (any order), repeat (two or more), average_order."""
        later = self.purchases.until(self.as_of, since=self.split)
        return pd.DataFrame(
            {
                "value": later["revenue"].clip(lower=0.0), "conversion": (later["orders"] > 0).astype(float),
                "repeat": (later["orders"] > 1).astype(float), "average_order": later["average_order"],
            }
        )  # fmt: skip


def bought_of(rows: pd.DataFrame) -> np.ndarray:
    """Outcomes of a time in which candidates are made: orders, value of one order, revenue (its tail cut at the 99th percentile)."""
    revenue = rows["revenue"].clip(lower=0.0)
    capped = revenue.clip(upper=revenue.quantile(0.99)) if len(revenue) else revenue
    one = rows["one_order"]
    capped_one = one.clip(upper=one.quantile(0.99)) if one.notna().any() else one
    return np.column_stack([rows["orders"], capped_one, capped]).astype(float)


def behaviour(rows: pd.DataFrame) -> Coded:
    """Orders and the value of one order, in levels; without an order nothing is said of its value."""
    codes = np.column_stack(
        [
            steps(rows["orders"].to_numpy(dtype=float)),
            steps(rows["one_order"].to_numpy(dtype=float, na_value=np.nan), missing_is_a_level=False),
        ]
    )
    return Coded(codes, tuple(int(c.max(initial=0)) + 1 for c in codes.T), ("orders", "one_order"))


def relevant(rows: pd.DataFrame, traits: tuple[Trait, ...], *, error: float = 0.05) -> tuple[Trait, ...]:
    """Traits that have to do with what people bought, the most first; of two that say the same, one."""
    from scipy.stats import chi2  # noqa: PLC0415 — half a second that a page need not wait for

    if not traits:
        return ()
    levels, does = coded(rows, traits), behaviour(rows)
    found = []
    for place, trait in enumerate(traits):
        tests = [association(levels.codes[:, place], does.codes[:, one]) for one in range(2)]
        chances = [chi2.sf(told, free) if free else 1.0 for told, free in tests]
        if min(chances) * 2 * len(traits) <= error:
            found.append((-max(told - free for told, free in tests), place, trait))
    kept: list[tuple[int, Trait]] = []
    for _, place, trait in sorted(found, key=lambda one: one[:2]):
        if all(not _says_the_same(levels.codes[:, place], levels.codes[:, other]) for other, _ in kept):
            kept.append((place, trait))
    return tuple(trait for _, trait in kept)


def _says_the_same(one: np.ndarray, other: np.ndarray) -> bool:
    told = association(one, other)[0]
    own = min(association(codes, codes)[0] for codes in (one, other))
    return own > 0 and told / own > REDUNDANT


def material(rows: pd.DataFrame, traits: tuple[Trait, ...]) -> Material:
    """For classes and responses: traits and purchases of one time."""
    return Material(
        rows, (*traits, *FORMING), together(coded(rows, traits), behaviour(rows)), bought_of(rows)
    )


def tier_material(rows: pd.DataFrame, *, least: float) -> Material:
    """For tiers: what customers were expected to bring, and what they had bought.

    Tiers tell in equal parts how much is expected, who is before whom and what is likely to be seen: the first and the last alone
    say most of a few customers, and their tiers differ with every sample of those.
    """
    expected = rows[EXPECTED.name]
    told = (np.log1p(expected.clip(lower=0)), expected.rank(pct=True), rows[LIKELY])
    telling = np.sum([_standard(one) for one in told], axis=0)
    return Material(rows, (EXPECTED,), behaviour(rows), bought_of(rows), least, telling)


def _standard(values: pd.Series) -> np.ndarray:
    spread = values.std(ddof=0)
    return ((values - values.mean()) / (spread if spread > 0 else 1.0)).to_numpy(dtype=float)
