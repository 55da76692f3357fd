"""How much audiences share: exactly where both are lists of hashed people, as a range where a platform tells reaches.

Of lists the shared are counted. Of reaches |A and B| = |A| + |B| - |A or B|, end against end, so a range stays a range; where it spans the
threshold nothing is claimed. Weakness: reaches are the platforms' own estimates, rounded, and ranges of small audiences say little.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from assets.frame_contract import FrameRefused, figures, id_texts, once_per_key, require_columns

MERGE, EXCLUDE, APART, INCONCLUSIVE, SMALL = "merge", "exclude", "apart", "inconclusive", "too small"
SHARED_SHARE, MERGED_SHARE, LEAST = 0.20, 0.60, 10_000
"""Share of the smaller from which one is kept out of the other, of both from which they are one, and people
below which nothing is advised.
"""
COLUMNS = [
    "audience",
    "other",
    "people",
    "other_people",
    "overlap",
    "low",
    "high",
    "share_of_smaller",
    "verdict",
]
REACHES = ["low", "high", "other_low", "other_high", "union_low", "union_high"]


def overlap(
    members_or_reaches: pd.DataFrame | Mapping[str, Iterable[object]], *, least: int = LEAST
) -> pd.DataFrame:
    """A row per pair of audiences, the most shared first.

    Args:
        members_or_reaches: Lists, as a mapping from audience to ids or a frame with audience and member; or
            reaches, a frame with audience, other, low, high, other_low, other_high, union_low and union_high,
            where -1 or empty means that the platform does not tell. One row per pair.
        least: Audiences of fewer people get no advice.

    Returns:
        audience, other, people, other_people (middle of a range), overlap with its low and high,
        share_of_smaller, and verdict: merge, exclude, apart, inconclusive or too small.

    Raises:
        FrameRefused: The columns are neither of the two kinds, or a frame breaks the contract, such as two
            differing rows of one pair.
    """
    if isinstance(members_or_reaches, Mapping):
        frame = [(name, member) for name, ids in members_or_reaches.items() for member in ids]
        return _of_lists(pd.DataFrame(frame, columns=["audience", "member"]), list(members_or_reaches), least)
    require_columns(members_or_reaches, (), what="The frame of audiences")
    columns = set(members_or_reaches.columns)
    if {"audience", "member"} <= columns:
        return _of_lists(members_or_reaches, [], least)
    if {"audience", "other", *REACHES} <= columns:
        return _of_reaches(members_or_reaches, least)
    raise FrameRefused(
        f"Overlap takes audience and member, or audience, other and {', '.join(REACHES)}; it was given"
        f" {', '.join(map(str, sorted(columns)))}."
    )


def _of_lists(frame: pd.DataFrame, names: list[str], least: int) -> pd.DataFrame:
    """Exact: the same id in two lists is one person in both, however often it stands in either."""
    memberships = frame[["audience", "member"]].apply(id_texts).dropna().drop_duplicates()
    sizes = memberships["audience"].value_counts()
    every = sorted({*id_texts(pd.Series(names, dtype=object)).dropna(), *sizes.index})
    pairs = pd.DataFrame(
        [(first, other) for at, first in enumerate(every) for other in every[at + 1 :]],
        columns=["audience", "other"],
    )
    both = memberships.merge(memberships.rename(columns={"audience": "other"}), on="member")
    counted = both[both["audience"] < both["other"]].groupby(["audience", "other"]).size().rename("overlap")
    pairs_found = pairs.merge(counted, left_on=["audience", "other"], right_index=True, how="left")
    pairs_found["overlap"] = pairs_found["overlap"].fillna(0).astype(float)
    people, others = (pairs_found[name].map(sizes).fillna(0).astype(float) for name in ("audience", "other"))
    pairs_found = pairs_found.assign(
        people=people, other_people=others, low=pairs_found["overlap"], high=pairs_found["overlap"]
    )
    return _judged(pairs_found, (people, people), (others, others), least)


def _of_reaches(frame: pd.DataFrame, least: int) -> pd.DataFrame:
    frame = figures(frame.reset_index(drop=True), REACHES, what="reaches")
    frame = frame.assign(audience=id_texts(frame["audience"]), other=id_texts(frame["other"]))
    frame = frame[frame["audience"].notna() & frame["other"].notna()]
    frame = once_per_key(frame, ("audience", "other"), what="reaches").reset_index(drop=True)
    reaches = {name: frame[name].where(frame[name] >= 0) for name in REACHES}
    a, b = (reaches["low"], reaches["high"]), (reaches["other_low"], reaches["other_high"])
    smaller_high = pd.concat([a[1], b[1]], axis=1).min(axis=1, skipna=False)
    # An unknown bound is no bound: it stays empty, and the pair is inconclusive.
    low = (a[0] + b[0] - reaches["union_high"]).clip(lower=0)
    high = pd.concat([a[1] + b[1] - reaches["union_low"], smaller_high], axis=1).min(axis=1, skipna=False)
    # A union smaller than one of its audiences, or larger than both together, cannot be: such reaches say
    # nothing.
    largest = pd.concat([a[0], b[0]], axis=1).max(axis=1)
    contradicts = (reaches["union_high"] < largest) | (high < 0) | (low > high)
    # A range that ends before it begins is none.
    contradicts |= (a[1] < a[0]) | (b[1] < b[0]) | (reaches["union_high"] < reaches["union_low"])
    low, high = low.mask(contradicts), high.mask(contradicts)
    pairs_found = pd.DataFrame(
        {
            "audience": frame["audience"],
            "other": frame["other"],
            "people": (a[0] + a[1]) / 2,
            "other_people": (b[0] + b[1]) / 2,
            "overlap": (low + high) / 2,
            "low": low,
            "high": high,
        }
    )
    return _judged(pairs_found, a, b, least)


def _judged(
    pairs_found: pd.DataFrame, a: tuple[pd.Series, pd.Series], b: tuple[pd.Series, pd.Series], least: int
) -> pd.DataFrame:
    """The share of the smaller, and what follows; a share of nothing is none."""
    smaller = pd.concat([pairs_found["people"], pairs_found["other_people"]], axis=1).min(
        axis=1, skipna=False
    )
    share = (pairs_found["overlap"] / smaller).where(smaller > 0).clip(upper=1.0)
    small = (a[0] < least) | (b[0] < least)
    lows, highs = (pd.concat([first[n], other[n]], axis=1) for first, other, n in ((a, b, 0), (a, b, 1)))
    surely = pairs_found["low"] / highs.min(axis=1).where(lambda reach: reach > 0)  # of the smaller, at least
    perhaps = pairs_found["high"] / lows.min(axis=1).where(lambda reach: reach > 0)
    of_both = pairs_found["low"] / highs.max(axis=1).where(lambda reach: reach > 0)
    verdict = np.select(
        [
            small,
            pairs_found[["low", "high"]].isna().any(axis=1),
            of_both >= MERGED_SHARE,
            surely >= SHARED_SHARE,
            perhaps < SHARED_SHARE,
        ],
        [SMALL, INCONCLUSIVE, MERGE, EXCLUDE, APART],
        default=INCONCLUSIVE,
    )
    result = pairs_found.assign(share_of_smaller=share, verdict=verdict)[COLUMNS]
    return result.sort_values(
        ["share_of_smaller", "audience", "other"], ascending=[False, True, True], na_position="last"
    ).reset_index(drop=True)
