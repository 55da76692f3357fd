"""Reach, frequency and breakdowns of what was delivered, and what exclusions leave, for one account."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sandbox.behaviour import Response
from sandbox.catalog import Catalog
from sandbox.population import DIMENSIONS, OF_PEOPLE, Parts
from sandbox.random_draws import Floats, Whole, uniform
from sandbox.report import Report
from sandbox.response import Groups, groups_of

COUNTS = ("impressions", "clicks", "spend_micros", "purchases", "purchase_value_micros", "leads", "signups")


@dataclass(frozen=True)
class BrokenDown:
    """Rows of a report divided by a dimension. `row` is the report's row, `value` the number of the
    dimension's value.

    Counts add up to the report's exactly. Reach adds up over what each person has one of (age, gender), and
    not over placements and devices, where the same person is reached more than once.
    """

    dimension: str
    row: Whole
    value: Whole
    impressions: Whole
    clicks: Whole
    spend_micros: Whole
    purchases: Whole
    purchase_value_micros: Whole
    leads: Whole
    signups: Whole
    reach: Whole

    def names(self) -> list[str]:
        """The dimension's value of each row, in words."""
        return [DIMENSIONS[self.dimension][n] for n in self.value.tolist()]


def as_people(reach: Floats, impressions: Whole) -> Whole:
    """Whole people: at least one where there was an impression, never more than impressions."""
    return np.clip(np.rint(reach).astype(np.int64), np.minimum(impressions, 1), impressions)


def broken_down(catalog: Catalog, parts: Parts, report: Report, dimension: str, reach: Whole) -> BrokenDown:
    """An ad-set or ad report divided by age, gender, publisher_platform or device.

    Raises:
        ValueError: The report has no ad sets, or there is no such dimension.
    """
    if report.ad_set is None:
        raise ValueError("breakdowns are made of ad-set and ad reports")
    if dimension not in DIMENSIONS:
        raise ValueError(f"{dimension} is none of {', '.join(DIMENSIONS)}")
    shares = parts.people.shares(dimension)[report.ad_set]
    size, values = shares.shape
    entity_id = catalog.ad_sets.id[report.ad_set] if report.ad is None else catalog.ads.id[report.ad]
    unit = catalog.account.unit_micros
    counts: dict[str, Whole] = {}
    for stream, name in enumerate(COUNTS):
        chance = uniform(catalog.seed, 170 + stream, entity_id, report.day)
        step = unit if name.endswith("micros") else 1
        counts[name] = _divided(getattr(report, name) // step, shares, chance) * step
    counts["clicks"] = np.minimum(counts["clicks"], counts["impressions"])
    short = report.clicks - counts["clicks"].sum(axis=1)
    room = counts["impressions"] - counts["clicks"]
    for column in range(values):
        more = np.minimum(short, room[:, column])
        counts["clicks"][:, column] += more
        short = short - more
    if dimension in OF_PEOPLE:
        people = _divided(reach, shares, uniform(catalog.seed, 179, entity_id, report.day))
        people = np.minimum(people, counts["impressions"])
    else:
        often = np.divide(report.impressions, reach, out=np.ones(size), where=reach > 0)[:, None]
        seen = counts["impressions"] / np.maximum(1.0 + (often - 1.0) * shares, 1.0)
        people = as_people(np.minimum(seen, reach[:, None]), counts["impressions"])
    row, value = np.nonzero(np.any([count > 0 for count in counts.values()], axis=0))
    return BrokenDown(
        dimension,
        row,
        value,
        **{name: count[row, value] for name, count in counts.items()},
        reach=people[row, value],
    )


def _divided(total: Whole, shares: Floats, chance: Floats) -> Whole:
    """Whole counts divided by shares, rows x values; they sum to the total."""
    reached = np.floor(total[:, None] * shares.cumsum(axis=1) + np.minimum(chance, 0.999)[:, None]).astype(
        np.int64
    )
    reached = np.clip(reached, 0, total[:, None])
    reached[:, -1] = total
    return np.diff(reached, axis=1, prepend=0).clip(min=0)


@dataclass(frozen=True)
class Rivalry:
    """Who presses on whose people: by groups, or by the people that ad sets share."""

    groups: Groups
    parts: Parts | None = None

    def others(self, days: Whole, spend: Floats) -> Floats:
        """Per ad set what others spend on the same people; days x ad sets."""
        if self.parts is None:
            return self.groups.others(spend)
        spans = self.parts.spans(days)
        return np.concatenate([self.parts.others(int(days[low]), spend[low:high]) for low, high in spans])

    def lost_by_others(self, days: Whole, lost: Floats) -> Floats:
        """Per ad set what one more unit of its spend costs the others, from what each loses per unit of
        pressure on it.
        """
        if self.parts is None:
            return self.groups.others(lost)
        spans = self.parts.spans(days)
        return np.concatenate(
            [self.parts.felt_by_others(int(days[low]), lost[low:high]) for low, high in spans]
        )


def rivalry(catalog: Catalog, settings: Response, parts: Parts | None) -> Rivalry:
    """Who is after the same people in an account."""
    return Rivalry(groups_of(catalog, settings, None if parts is None else catalog.audience), parts)


def excluded_ids(platform: str, value: object) -> Sequence[int]:
    """The audiences that a written targeting keeps out, by the platform's own way of writing it."""
    if platform == "google_ads":
        return [int(audience_id) for audience_id in value] if isinstance(value, tuple | list) else []
    if not isinstance(value, dict):
        return []
    if platform == "meta_ads":
        return [
            int(audience["id"])
            for audience in value.get("excluded_custom_audiences", ())
            if str(audience.get("id", "")).isdigit()
        ]
    facets = value.get("exclude", {}).get("or", {})
    urns = [urn for urns in facets.values() for urn in urns if ":adSegment:" in str(urn)]
    return [int(str(urn).rsplit(":", 1)[-1]) - LINKEDIN_SEGMENT_SHIFT for urn in urns]


LINKEDIN_SEGMENT_SHIFT = 900_000
"""Targeting at LinkedIn names a segment by another number than its own."""
EXCLUSION_FIELDS = {
    "google_ads": ("campaign", "excluded_user_lists"),
    "meta_ads": ("ad_set", "targeting"),
    "linkedin_ads": ("ad_set", "targetingCriteria"),
}
"""Level and field of the change in which an exclusion is written."""
POOL_AUDIENCES = {"google_ads": 8_900_001, "meta_ads": 23_850_900_000_001, "linkedin_ads": 930_001}
"""Id of the first audience that people made of a pool; the others follow in the order of `words.AUDIENCES`.
"""
