"""Whom campaigns are for: facets, their entities, whole criteria as LinkedIn checks them, and how many
members they count.

Counts follow from shares that each entity has by its own URN; of a matched audience they are the members that
LinkedIn knows.
"""

from typing import Any
from zlib import crc32

from sandbox.audiences import EMAIL, is_known
from sandbox.linkedin.parameters import require_known
from sandbox.linkedin.refusals import Refused, bad
from sandbox.linkedin.segments import FACET as MATCHED
from sandbox.linkedin.segments import segment_urn
from sandbox.running_world import Stage

MEMBERS, LEAST_TOLD = 900_000_000, 300
LOCATIONS = {
    "DE": ("101282230", 20_000_000),
    "AT": ("103883259", 2_400_000),
    "CH": ("106693272", 4_200_000),
    "US": ("103644278", 230_000_000),
    "GB": ("101165590", 40_000_000),
    "FR": ("105015875", 30_000_000),
    "ES": ("105646813", 19_000_000),
    "NL": ("102890719", 12_000_000),
    "JP": ("101355337", 4_000_000),
    "BR": ("106057199", 75_000_000),
}
_FACET = "urn:li:adTargetingFacet:"
DYNAMIC = f"{_FACET}dynamicSegments"
ENTITIES: dict[str, tuple[tuple[str, str], ...]] = {
    f"{_FACET}locations": tuple((f"urn:li:geo:{own}", name) for name, (own, _) in LOCATIONS.items()),
    f"{_FACET}seniorities": (
        ("urn:li:seniority:3", "Entry"),
        ("urn:li:seniority:4", "Senior"),
        ("urn:li:seniority:6", "Director"),
        ("urn:li:seniority:8", "CXO"),
    ),
    f"{_FACET}jobFunctions": (
        ("urn:li:function:8", "Engineering"),
        ("urn:li:function:13", "Information Technology"),
        ("urn:li:function:15", "Marketing"),
        ("urn:li:function:25", "Sales"),
    ),
    f"{_FACET}industries": (
        ("urn:li:industry:4", "Software"),
        ("urn:li:industry:6", "Internet"),
        ("urn:li:industry:96", "IT Services"),
        ("urn:li:industry:43", "Financial Services"),
    ),
    f"{_FACET}staffCountRanges": (
        ("urn:li:staffCountRange:(2,10)", "2-10"),
        ("urn:li:staffCountRange:(51,200)", "51-200"),
        ("urn:li:staffCountRange:(1001,5000)", "1,001-5,000"),
    ),
    f"{_FACET}titles": (
        ("urn:li:title:10", "Chief Executive Officer"),
        ("urn:li:title:25", "Marketing Manager"),
    ),
    f"{_FACET}interfaceLocales": (("urn:li:locale:en_US", "English"), ("urn:li:locale:de_DE", "German")),
    f"{_FACET}ageRanges": (("urn:li:ageRange:(25,34)", "25-34"), ("urn:li:ageRange:(35,54)", "35-54")),
    f"{_FACET}genders": (("urn:li:gender:FEMALE", "Female"), ("urn:li:gender:MALE", "Male")),
}
INCLUDE_ONLY = {f"{_FACET}{name}" for name in ("ageRanges", "genders", "interfaceLocales")}
APART = ((f"{_FACET}jobFunctions", f"{_FACET}titles"), (f"{_FACET}seniorities", f"{_FACET}titles"))
"""Facets that may not stand together in what is included."""


def facets(query: dict[str, Any]) -> list[dict[str, Any]]:
    """Every facet that is honoured."""
    require_known(query, {"q"}, resource="adTargetingFacets")
    return [
        {"adTargetingFacetUrn": urn, "facetName": urn.rpartition(":")[2], "entityTypes": [_entity_type(urn)]}
        for urn in (*ENTITIES, MATCHED, DYNAMIC)
    ]


def _entity_type(facet: str) -> str:
    return str(ENTITIES[facet][0][0].split(":")[2]).upper() if facet in ENTITIES else "AD_SEGMENT"


def entities(query: dict[str, Any]) -> list[dict[str, Any]]:
    """Entities of a facet, whole or by the beginning of a name, or those of given URNs."""
    finder = query.get("q")
    available = {
        "adTargetingFacet": {"facet"},
        "typeahead": {"facet", "query"},
        "urns": {"urns"},
    }
    if finder not in available:
        raise Refused(404, "RESOURCE_NOT_FOUND", f"No query finder '{finder}' on adTargetingEntities")
    require_known(query, {"q", "queryVersion", "locale", *available[finder]}, resource="adTargetingEntities")
    if finder == "urns":
        wanted = set(query.get("urns") or ())
        return [
            _entity(facet, *each) for facet, every in ENTITIES.items() for each in every if each[0] in wanted
        ]
    facet = str(query.get("facet"))
    if facet not in ENTITIES:
        raise bad(f"facet {facet} is not honoured by the sandbox", field="facet")
    start = str(query.get("query", "")).casefold()
    return [_entity(facet, *each) for each in ENTITIES[facet] if each[1].casefold().startswith(start)]


def _entity(facet: str, urn: str, name: str) -> dict[str, Any]:
    return {"urn": urn, "name": name, "facetUrn": facet}


def audience_counts(stage: Stage, query: dict[str, Any]) -> list[dict[str, Any]]:
    """How many members criteria count: 0 below three hundred, coarser the more there are."""
    if query.get("q") != "targetingCriteriaV2":
        raise bad("finder q=targetingCriteriaV2 expected", field="q")
    require_known(query, {"q", "targetingCriteria"}, resource="audienceCounts")
    criteria = query.get("targetingCriteria")
    require_criteria(stage, criteria, account_id=None)
    assert isinstance(criteria, dict)  # noqa: S101 — checked
    total = members(stage, criteria)
    return [{"active": 0, "total": _rounded(total)}]


def require_criteria(stage: Stage, criteria: Any, *, account_id: str | None) -> None:
    """Check whole criteria; segments have to be the account's where one is given.

    Raises:
        Refused: As LinkedIn would.
    """
    field = "targetingCriteria"
    try:
        included = [dict(group["or"]) for group in criteria["include"]["and"]]
        excluded = dict((criteria.get("exclude") or {"or": {}})["or"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise bad("targetingCriteria needs include.and", field=field) from error
    if set(criteria) - {"include", "exclude"} or not included:
        raise bad("targetingCriteria needs include.and and takes exclude", field=field)
    together = {facet for group in included for facet in group}
    for first, second in APART:
        if {first, second} <= together:
            raise bad(f"{first} and {second} cannot be used together", field=field)
    if only := INCLUDE_ONLY & set(excluded):
        raise bad(f"{min(only)} cannot be excluded", field=f"{field}/exclude")
    available = {
        segment_urn(entry)
        for account in stage.world.of("linkedin_ads")
        if account_id in (None, account.id)
        for entry in stage.audiences_of(account)
    }
    for facet, urns in [*(item for group in included for item in group.items()), *excluded.items()]:
        if facet not in (*ENTITIES, MATCHED, DYNAMIC) or not isinstance(urns, list):
            raise bad(f"{facet} is not honoured by the sandbox", field=field)
        if facet in (MATCHED, DYNAMIC) and set(urns) - available:
            raise bad("A segment of targetingCriteria is not known", field=f"{field}/exclude")
        if facet == DYNAMIC and urns:
            raise bad("An uploaded list belongs into audienceMatchingSegments", field=f"{field}/exclude")


def members(stage: Stage, criteria: dict[str, Any]) -> int:
    """How many members criteria count, before rounding."""
    people: set[str] | None = None
    share, count = 1.0, float(MEMBERS)
    for group in criteria["include"]["and"]:
        for facet, urns in group["or"].items():
            if facet == MATCHED:
                own_id = _hashes(stage, urns)
                people = own_id if people is None else people & own_id
            elif facet.endswith(":locations"):
                count = float(sum(_location(urn) for urn in urns))
            else:
                share *= min(1.0, sum(_share(urn) for urn in urns))
    excluded = (criteria.get("exclude") or {"or": {}})["or"]
    out = _hashes(stage, excluded.get(MATCHED, []))
    for facet, urns in excluded.items():
        if facet != MATCHED:
            share *= max(0.0, 1.0 - sum(_share(urn) for urn in urns))
    if people is not None:
        named = [urn for group in criteria["include"]["and"] for urn in group["or"].get(MATCHED, [])]
        counted = [urn for urn in named if urn not in excluded.get(MATCHED, [])]
        return int((len(people - out) + _counted(stage, counted)) * share)
    return max(int(count * share) - len(out) - _counted(stage, excluded.get(MATCHED, [])), 0)


def _counted(stage: Stage, urns: list[str]) -> int:
    """Members of those audiences that LinkedIn counts itself."""
    every = [entry for account in stage.world.of("linkedin_ads") for entry in stage.audiences_of(account)]
    sizes = {segment_urn(entry): entry.counted for entry in every if entry.counted is not None}
    return sum(sizes.get(urn, 0) for urn in set(urns))


def _hashes(stage: Stage, urns: list[str]) -> set[str]:
    return {
        own_id
        for audience in stage.audiences.every("linkedin_ads")
        if segment_urn(audience) in urns
        for kind, own_id in audience.members
        if kind == EMAIL and is_known("linkedin_ads", own_id)
    }


def _location(urn: str) -> int:
    name = urn.rpartition(":")[2]
    return next((size for key, (own_id, size) in LOCATIONS.items() if name in (own_id, key)), 0)


def _share(urn: str) -> float:
    """A share between 2 and 20 % that the URN's own letters say."""
    return 0.02 + 0.18 * (crc32(urn.encode()) % 1_000) / 1_000


def _rounded(total: int) -> int:
    step = 10 ** max(len(str(total)) - 2, 0)
    return total // step * step if total >= LEAST_TOLD else 0
