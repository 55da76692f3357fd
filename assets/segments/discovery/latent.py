"""Latent classes: groups within which traits are independent (Lazarsfeld and Henry 1968), fitted by EM.

Every trait is coded in levels (numbers in a few of equal size, missing as its own level), so that no heavy
tail, scale or shape of a distribution can make a group: only association between traits can.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.segments.discovery.traits import FLAG, TEXT, Trait

LEVELS, MOST_TEXTS, ROUNDS, STARTS = 6, 20, 60, 4
NOT_ASKED = -1
"""Code of a trait that does not apply, such as the order value of a customer without an order."""


@dataclass(frozen=True, eq=False)
class CodedTraits:
    """Traits coded as levels: people x traits, and how many levels each has."""

    codes: np.ndarray
    levels: tuple[int, ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def rows(self, chosen: np.ndarray) -> "CodedTraits":
        return CodedTraits(self.codes[chosen], self.levels, self.names)

    def columns(self, chosen: list[int]) -> "CodedTraits":
        return CodedTraits(
            self.codes[:, chosen],
            tuple(self.levels[c] for c in chosen),
            tuple(self.names[c] for c in chosen),
        )

    def indicators(self) -> np.ndarray:
        """People x all levels: 1 where somebody has the level."""
        blocks = [
            self.codes[:, [column]] == np.arange(count)[None, :] for column, count in enumerate(self.levels)
        ]
        return np.hstack(blocks).astype(np.float32) if blocks else np.zeros((len(self), 0), np.float32)


def code_traits(rows: pd.DataFrame, traits: tuple[Trait, ...]) -> CodedTraits:
    """These traits in levels; rare texts share one level, missing has its own."""
    parts = [_levels(rows[trait.name], trait) for trait in traits]
    codes = np.column_stack(parts) if parts else np.zeros((len(rows), 0), dtype=int)
    counts = tuple(int(part.max()) + 1 if len(part) else 1 for part in parts)
    return CodedTraits(codes, counts, tuple(trait.name for trait in traits))


def combine(left: CodedTraits, right: CodedTraits) -> CodedTraits:
    return CodedTraits(
        np.hstack([left.codes, right.codes]), (*left.levels, *right.levels), (*left.names, *right.names)
    )


def _levels(values: pd.Series, trait: Trait) -> np.ndarray:
    if trait.kind == TEXT:
        codes, levels = pd.factorize(values, sort=True)
        counts = np.bincount(codes[codes >= 0], minlength=len(levels))
        frequent = np.argsort(-counts, kind="stable")[:MOST_TEXTS]
        frequent = frequent[counts[frequent] >= max(2, 0.01 * len(values))]
        new_code = np.full(len(levels) + 1, len(frequent))  # rare ones together
        new_code[frequent] = np.arange(len(frequent))
        new_code[-1] = len(frequent) + 1
        return _without_gaps(new_code[codes])
    return _without_gaps(
        quantile_levels(values.to_numpy(dtype=float, na_value=np.nan), flag=trait.kind == FLAG)
    )


def quantile_levels(
    numbers: np.ndarray, *, flag: bool = False, missing_is_a_level: bool = True
) -> np.ndarray:
    """Numbers in a few levels of about equal size; missing is the last level, or `NOT_ASKED`."""
    missing = np.isnan(numbers)
    present = numbers[~missing]
    if flag or not len(present):
        levels = np.nan_to_num(numbers).astype(int)
    else:
        edges = np.unique(np.quantile(present, np.linspace(0, 1, LEVELS + 1)[1:-1]))
        levels = np.searchsorted(edges, np.nan_to_num(numbers), side="right")
        if len(present) and len(np.unique(levels[~missing])) < 2:
            levels = (np.nan_to_num(numbers) > present.min()).astype(int)
    levels[missing] = levels.max() + 1 if missing_is_a_level else NOT_ASKED
    return _without_gaps(levels)


def _without_gaps(codes: np.ndarray) -> np.ndarray:
    used = np.unique(codes[codes >= 0])
    return np.where(codes < 0, NOT_ASKED, np.searchsorted(used, codes))


def classes(given: CodedTraits, k: int, *, seed: int, starts: int = STARTS) -> tuple[np.ndarray, float]:
    """Class of each person, and BIC of the fit (lower is better). Same seed, same answer."""
    z = given.indicators()
    best: tuple[float, np.ndarray] = (-np.inf, np.zeros(len(given), dtype=int))
    rng = np.random.default_rng(seed)
    for _ in range(starts):
        likelihood, share = _fit(z, given.levels, k, rng)
        if likelihood > best[0]:
            best = likelihood, share.argmax(axis=1)
    free = k - 1 + k * sum(count - 1 for count in given.levels)
    return best[1], -2 * best[0] + free * float(np.log(max(len(given), 2)))


def _fit(
    z: np.ndarray, levels: tuple[int, ...], k: int, rng: np.random.Generator
) -> tuple[float, np.ndarray]:
    """Log likelihood and membership (people x classes) of one start of EM.

    People are columns throughout: sums over a few classes are then fast.
    """
    share = np.ascontiguousarray(_start(z, k, rng).T)
    by_level = np.ascontiguousarray(z.T)
    before, likelihood = -np.inf, -np.inf
    for _ in range(ROUNDS):
        weight = share.sum(axis=1) + 1.0
        counts = share @ z
        logs = np.empty_like(counts)
        start = 0
        for count in levels:
            block = counts[:, start : start + count] + 1.0 / count
            logs[:, start : start + count] = np.log(block / block.sum(axis=1, keepdims=True))
            start += count
        joint = logs @ by_level
        joint += np.log(weight / weight.sum()).astype(np.float32)[:, None]
        top = joint.max(axis=0)
        joint -= top
        np.exp(joint, out=joint)
        total = joint.sum(axis=0)
        likelihood = float((np.log(total) + top).sum(dtype=np.float64))
        share = joint
        share /= total
        if likelihood - before < 1e-5 * abs(likelihood):
            break
        before = likelihood
    return likelihood, share.T


def _start(z: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Soft assignment of everybody to the nearest of k people who are far from each other (k-means++
    seeding).
    """
    seeds = [int(rng.integers(len(z)))]
    agrees = [z @ z[seeds[0]]]
    most = z.sum(axis=1).max()
    for _ in range(k - 1):
        far = (most - np.max(agrees, axis=0)).astype(float) ** 2
        far = far + 1e-9
        seeds.append(int(rng.choice(len(z), p=far / far.sum())))
        agrees.append(z @ z[seeds[-1]])
    nearest = np.argmax(np.column_stack(agrees), axis=1)
    share = np.full((len(z), k), 0.1 / k, dtype=np.float32)
    share[np.arange(len(z)), nearest] += 0.9
    return share


def shared_information(given: CodedTraits, groups: np.ndarray) -> float:
    """Information the groups give about all traits, less what naming and describing them costs (nats, all
    people).

    Above zero: the traits are associated beyond chance and these groups capture it. Groups that merely cut
    one trait into pieces end below zero, because they cost what they tell (minimum description length, BIC
    penalty).
    """
    people, k = len(given), int(groups.max()) + 1
    sizes = np.bincount(groups, minlength=k) / people
    cost = -float((sizes[sizes > 0] * np.log(sizes[sizes > 0])).sum()) * people
    free = k - 1
    information = 0.0
    for column, count in enumerate(given.levels):
        codes = given.codes[:, column]
        applies = codes >= 0
        table = np.bincount(groups[applies] * count + codes[applies], minlength=k * count).reshape(k, count)
        information += _information(table)
        free += (k - 1) * (count - 1)
    return information - cost - 0.5 * free * float(np.log(max(people, 2)))


def _information(table: np.ndarray) -> float:
    total = table.sum()
    if not total:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / total
    filled = table > 0
    return float((table[filled] * np.log(table[filled] / expected[filled])).sum())


def association(codes: np.ndarray, others: np.ndarray) -> tuple[float, int]:
    """G statistic of two coded traits (twice their mutual information, a chi-square), and its degrees of
    freedom.
    """
    applies = (codes >= 0) & (others >= 0)
    if not applies.any():
        return 0.0, 0
    rows, columns = int(codes[applies].max()) + 1, int(others[applies].max()) + 1
    table = np.bincount(codes[applies] * columns + others[applies], minlength=rows * columns).reshape(
        rows, columns
    )
    used = ((table.sum(axis=1) > 0).sum() - 1) * ((table.sum(axis=0) > 0).sum() - 1)
    return 2 * _information(table), int(used)
