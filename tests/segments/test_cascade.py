"""Rules by the first trait that is known, and tiers that keep their shares of customers."""

import numpy as np
import pandas as pd

from assets.segments.discovery.agreement import apply
from assets.segments.discovery.binning import same_shares, tiers
from assets.segments.discovery.cascade import cascade
from assets.segments.discovery.traits import NUMBER, TEXT, Trait

PAIN, CASE, NOISE = Trait("pain", TEXT), Trait("use_case", TEXT), Trait("noise", TEXT)
EXPECTED = Trait("expected_value", NUMBER)


def people(size: int = 900) -> tuple[pd.DataFrame, np.ndarray]:
    """Three groups that a pain tells, or a use case where the pain is not known."""
    rng = np.random.default_rng(5)
    labels = rng.integers(3, size=size)
    pain = np.array(["slow", "dear", "lost"], dtype=object)[labels]
    case = np.array(["pay", "plan", "sell"], dtype=object)[labels]
    pain[rng.random(size) < 0.3] = None
    case[rng.random(size) < 0.3] = None
    noise = rng.choice(np.array(["a", "b"], dtype=object), size)
    return pd.DataFrame({"pain": pain, "use_case": case, "noise": noise}), labels


def test_the_next_trait_decides_where_the_first_is_not_known() -> None:
    rows, labels = people()
    rules = cascade(rows, (NOISE, PAIN, CASE), labels)
    groups = apply(rules, rows)
    has_a_trait = (rows["pain"].notna() | rows["use_case"].notna()).to_numpy()
    assert (groups[has_a_trait] == labels[has_a_trait]).all()
    assert (groups >= 0).all()
    assert not any("noise" in rule.traits for rule in rules)
    taken = np.sum([rule.mask(rows) for rule in rules], axis=0)
    assert (taken == 1).all()


def test_where_no_trait_decides_there_is_no_rule() -> None:
    rows, labels = people()
    shuffled = np.random.default_rng(6).permutation(labels)
    assert cascade(rows, (NOISE, PAIN, CASE), shuffled) == ()
    assert cascade(rows, (), labels) == ()


def test_levels_that_decide_nothing_are_passed_on() -> None:
    rows, labels = people()
    vague = rows.assign(pain=rows["pain"].where(np.arange(len(rows)) % 3 > 0, "other"))
    groups = apply(cascade(vague, (PAIN, CASE), labels), vague)
    has_use_case = (rows["use_case"].notna()).to_numpy()
    assert (groups[has_use_case] == labels[has_use_case]).mean() > 0.99


def test_tiers_keep_their_shares_when_all_are_expected_to_bring_more() -> None:
    rng = np.random.default_rng(7)
    before = pd.DataFrame({"expected_value": rng.lognormal(3, 1, 2000)})
    after = before * 7.3
    rules = tiers(before, EXPECTED, 4, least=0.1)
    assert len(rules) == 4
    moved = same_shares(rules, before, after, EXPECTED)
    shares = [
        np.bincount(apply(some_rules, rows)) / 2000 for some_rules, rows in ((rules, before), (moved, after))
    ]
    assert np.abs(shares[0] - shares[1]).max() < 0.03
    back = same_shares(moved[::-1], after, before, EXPECTED)
    assert (np.bincount(apply(back, before)) / 2000 - shares[0][::-1] < 0.03).all()


def test_tiers_have_the_least_share_or_there_are_fewer() -> None:
    rows = pd.DataFrame({"expected_value": [*([1.0] * 900), *np.linspace(50, 100, 100)]})
    assert len(tiers(rows, EXPECTED, 5, least=0.3)) == 0
    few = tiers(rows, EXPECTED, 5, least=0.05)
    assert (np.bincount(apply(few, rows)) >= 50).all()
    assert tiers(rows.assign(expected_value=np.nan), EXPECTED, 3, least=0.05) == ()
