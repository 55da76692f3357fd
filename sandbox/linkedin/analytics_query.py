"""What an adAnalytics query asks for, checked as LinkedIn checks it before anything is read."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.linkedin.parameters import require_known
from sandbox.linkedin.refusals import Refused, bad

MOST_FIELDS, KEPT_YEARS, KEPT_YEARS_OF_PEOPLE, MOST_PIVOTS = 20, 10, 2, 3
PIVOTS = {
    "ACCOUNT": ("account", "sponsoredAccount"),
    "CAMPAIGN_GROUP": ("campaign", "sponsoredCampaignGroup"),
    "CAMPAIGN": ("ad_set", "sponsoredCampaign"),
    "CREATIVE": ("ad", "sponsoredCreative"),
}
DIVIDING = {"IMPRESSION_DEVICE_TYPE": "member_device", "SERVING_LOCATION": "location"}
"""Pivots that divide delivery; at most one of them in a query, alone or with the levels."""
PEOPLE = {
    "MEMBER_COMPANY_SIZE": (
        "organizationCompanySize",
        ("SIZE_2_TO_10", "SIZE_51_TO_200", "SIZE_1001_TO_5000"),
    ),
    "MEMBER_INDUSTRY": ("industry", ("4", "6", "96", "43")),
    "MEMBER_SENIORITY": ("seniority", ("3", "4", "6", "8")),
    "MEMBER_JOB_FUNCTION": ("function", ("8", "13", "15", "25")),
}
FACETS = {
    "accounts": ("account", "sponsoredAccount"),
    "campaignGroups": ("campaign", "sponsoredCampaignGroup"),
    "campaigns": ("ad_set", "sponsoredCampaign"),
    "creatives": ("ad", "sponsoredCreative"),
}
METRICS = (
    "impressions",
    "clicks",
    "landingPageClicks",
    "totalEngagements",
    "costInLocalCurrency",
    "costInUsd",
    "externalWebsiteConversions",
    "externalWebsitePostClickConversions",
    "externalWebsitePostViewConversions",
    "conversionValueInLocalCurrency",
    "oneClickLeads",
    "oneClickLeadFormOpens",
    "qualifiedLeads",
    "videoViews",
)
OTHERS = ("dateRange", "pivotValues")
PEOPLE_METRICS = ("impressions", "clicks", "costInLocalCurrency")
"""What is told of people's traits."""
GRANULARITIES = ("ALL", "DAILY", "MONTHLY", "YEARLY")
PARAMETERS = {"q", "timeGranularity", "dateRange", "fields", *FACETS}
FINDERS = {"analytics": "pivot", "statistics": "pivots"}


@dataclass(frozen=True)
class AnalyticsQuery:
    """A query that passed. `named` holds ids by our level; an entity has to be in all of them."""

    pivots: tuple[str, ...]
    fields: list[str]
    start: date
    end: date
    granularity: str
    named: dict[str, set[int]]

    @property
    def metrics(self) -> list[str]:
        return [name for name in self.fields if name in METRICS]

    @property
    def is_of_people(self) -> bool:
        return self.pivots[0] in PEOPLE

    @property
    def dividing(self) -> str | None:
        """The axis of `breakdowns` that a pivot divides by."""
        return next((DIVIDING[pivot] for pivot in self.pivots if pivot in DIVIDING), None)


def parse(query: dict[str, Any], *, today: date) -> AnalyticsQuery:
    """The decoded query, understood.

    Raises:
        Refused: As LinkedIn would.
    """
    pivots = _pivots(query)
    require_known(query, PARAMETERS | {FINDERS[str(query["q"])]}, resource="adAnalytics")
    people = pivots[0] in PEOPLE
    years = KEPT_YEARS_OF_PEOPLE if people else KEPT_YEARS
    start, end = _dates(query, today=today, years=years)
    granularity = _granularity(query)
    if people and granularity != "ALL":
        raise bad(
            "The sandbox tells of members for the whole time alone: timeGranularity ALL",
            field="timeGranularity",
        )
    return AnalyticsQuery(pivots, _fields(query, people=people), start, end, granularity, _facets(query))


def _pivots(query: dict[str, Any]) -> tuple[str, ...]:
    finder = query.get("q")
    if finder not in FINDERS:
        raise Refused(404, "RESOURCE_NOT_FOUND", f"No query finder '{finder}' on adAnalytics")
    given = query.get(FINDERS[finder])
    pivots = tuple(
        str(p["value"] if isinstance(p, dict) else p) for p in (given if isinstance(given, list) else [given])
    )
    if finder == "statistics" and any(p.startswith("MEMBER_") for p in pivots):
        message = "FIELD_INVALID: MEMBER pivots are not supported by this finder"
        raise bad(message, field="pivots", code="FIELD_INVALID")
    if not 1 <= len(pivots) <= (MOST_PIVOTS if finder == "statistics" else 1):
        raise bad(f"At most {MOST_PIVOTS} pivots, and one with q=analytics", field=FINDERS[finder])
    available = {*PIVOTS, *DIVIDING, *PEOPLE}
    if wrong := [p for p in pivots if p not in available]:
        raise bad(f"Invalid pivot {wrong[0]}", field=FINDERS[finder])
    if len(set(pivots)) < len(pivots) or sum(p in DIVIDING for p in pivots) > 1:
        raise bad("The sandbox does not honour this combination of pivots", field=FINDERS[finder])
    return pivots


def _fields(query: dict[str, Any], *, people: bool) -> list[str]:
    fields = [f for f in str(query.get("fields") or "impressions,clicks").split(",") if f]
    available = (*(PEOPLE_METRICS if people else METRICS), *OTHERS)
    if unknown := [f for f in fields if f not in available]:
        raise bad(f"Invalid projection field {unknown[0]}", field=f"fields/{unknown[0]}")
    if len(fields) > MOST_FIELDS:
        raise bad(f"At most {MOST_FIELDS} metrics can be requested", field="fields")
    return fields


def _granularity(query: dict[str, Any]) -> str:
    given = query.get("timeGranularity")
    value = given.get("value") if isinstance(given, dict) else given
    if value not in GRANULARITIES:
        raise bad(f"Invalid timeGranularity {value}", field="timeGranularity")
    return str(value)


def _dates(query: dict[str, Any], *, today: date, years: int) -> tuple[date, date]:
    try:
        given = query["dateRange"]
        start = date(*(int(given["start"][part]) for part in ("year", "month", "day")))
        end = (
            date(*(int(given["end"][part]) for part in ("year", "month", "day"))) if "end" in given else today
        )
    except (KeyError, TypeError, ValueError) as error:
        raise bad("Invalid dateRange", field="dateRange") from error
    if start > end:
        raise bad("dateRange: start must not be after end", field="dateRange")
    if start < today.replace(year=today.year - years, day=1):
        raise bad(f"dateRange: data is kept for {years} years", field="dateRange/start")
    return start, end


def _facets(query: dict[str, Any]) -> dict[str, set[int]]:
    """Ids by our level (`account` for accounts) that the facets name."""
    named = {
        level: _ids(query[facet], facet, urn) for facet, (level, urn) in FACETS.items() if facet in query
    }
    if not named:
        message = "At least one facet is required: accounts, campaignGroups, campaigns or creatives"
        raise bad(message, field="accounts")
    return named


def _ids(urns: Any, facet: str, urn: str) -> set[int]:
    if not isinstance(urns, list) or not urns:
        raise bad(f"{facet} must be List(urn:li:{urn}:…)", field=facet)
    split = [str(each).rpartition(":") for each in urns]
    wrong = [
        each
        for each, (kind, _, own_id) in zip(urns, split, strict=True)
        if kind != f"urn:li:{urn}" or not own_id.isdigit()
    ]
    if wrong:
        raise bad(f"Invalid URN {wrong[0]} in {facet}", field=facet)
    return {int(own_id) for _, _, own_id in split}
