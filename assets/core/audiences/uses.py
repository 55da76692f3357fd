"""Audiences that an ad set's targeting names, from the platforms' own targeting JSON."""

import json
from collections.abc import Iterator
from typing import Any

_FACETS = ("urn:li:adTargetingFacet:audienceMatchingSegments", "urn:li:adTargetingFacet:dynamicSegments")


def audiences_in(platform: str, targeting: str) -> set[tuple[str, str]]:
    """Pairs of audience id and `include` or `exclude`; empty where targeting names no audience.

    Args:
        platform: meta_ads or linkedin_ads.
        targeting: Targeting of core/entities, as JSON.
    """
    content = json.loads(targeting)
    return set(_meta(content) if platform == "meta_ads" else _linkedin(content))


def _meta(targeting: dict[str, Any]) -> Iterator[tuple[str, str]]:
    groups = [targeting, *(targeting.get("flexible_spec") or ())]
    for group in groups:
        for audience in group.get("custom_audiences") or ():
            yield str(audience["id"]), "include"
    excluded = targeting.get("excluded_custom_audiences") or ()
    for audience in (*excluded, *((targeting.get("exclusions") or {}).get("custom_audiences") or ())):
        yield str(audience["id"]), "exclude"


def _linkedin(targeting: dict[str, Any]) -> Iterator[tuple[str, str]]:
    included = [group.get("or") or {} for group in (targeting.get("include") or {}).get("and") or ()]
    excluded = [(targeting.get("exclude") or {}).get("or") or {}]
    for groups, use in ((included, "include"), (excluded, "exclude")):
        for group in groups:
            for facet in _FACETS:
                for urn in group.get(facet) or ():
                    yield urn.rpartition(":")[2], use
