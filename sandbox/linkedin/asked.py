"""What an adAnalytics query asks for, checked as LinkedIn checks it before anything is read."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.linkedin.refusals import Refused, bad

MOST_FIELDS, KEPT_YEARS, KEPT_YEARS_OF_PEOPLE = 20, 10, 2
PIVOTS = {
    "ACCOUNT": ("account", "sponsoredAccount"),
    "CAMPAIGN_GROUP": ("campaign", "sponsoredCampaignGroup"),
    "CAMPAIGN": ("ad_set", "sponsoredCampaign"),
    "CREATIVE": ("ad", "sponsoredCreative"),
}
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
    "accounts": ("account", "sponsoredAccount"), "campaignGroups": ("campaign", "sponsoredCampaignGroup"),
    "campaigns": ("ad_set", "sponsoredCampaign"), "creatives": ("ad", "sponsoredCreative"),
}  # fmt: skip
METRICS = (
    "impressions", "clicks", "landingPageClicks", "totalEngagements", "costInLocalCurrency", "costInUsd",
    "externalWebsiteConversions", "externalWebsitePostClickConversions", "externalWebsitePostViewConversions",
    "conversionValueInLocalCurrency", "oneClickLeads", "oneClickLeadFormOpens", "qualifiedLeads", "videoViews",
)  # fmt: skip
OTHERS = ("dateRange", "pivotValues")


@dataclass(frozen=True)
class Asked:
    """A query that passed. `named` holds ids by our level; an entity has to be in all of them."""

    pivot: str
    fields: list[str]
    start: date
    end: date
    daily: bool
    named: dict[str, set[int]]

    @property
    def metrics(self) -> list[str]:
        return [name for name in self.fields if name in METRICS]


def asked(query: dict[str, Any], *, today: date) -> Asked:
    """The decoded query, understood.

    Raises:
        Refused: As LinkedIn would.
    """
    pivot, fields = _pivot(query), _fields(query)
    start, end = _dates(query, today=today, years=KEPT_YEARS_OF_PEOPLE if pivot in PEOPLE else KEPT_YEARS)
    return Asked(pivot, fields, start, end, _granularity(query) == "DAILY", _facets(query))


def _pivot(query: dict[str, Any]) -> str:
    if query.get("q") not in ("analytics", "statistics"):
        raise Refused(404, "RESOURCE_NOT_FOUND", f"No query finder '{query.get('q')}' on adAnalytics")
    given = query.get("pivots") or [query.get("pivot")]
    pivots = [p["value"] if isinstance(p, dict) else p for p in given]
    if query["q"] == "statistics" and any(p in PEOPLE for p in pivots):
        raise bad(
            "FIELD_INVALID: MEMBER pivots are not supported by this finder",
            field="pivots",
            code="FIELD_INVALID",
        )
    if len(pivots) != 1 or pivots[0] not in {*PIVOTS, *PEOPLE}:
        raise bad(f"Invalid pivot {pivots}", field="pivot")
    return str(pivots[0])


def _fields(query: dict[str, Any]) -> list[str]:
    fields = [f for f in str(query.get("fields") or "impressions,clicks").split(",") if f]
    if unknown := [f for f in fields if f not in (*METRICS, *OTHERS)]:
        raise bad(f"Invalid projection field {unknown[0]}", field=f"fields/{unknown[0]}")
    if len(fields) > MOST_FIELDS:
        raise bad(f"At most {MOST_FIELDS} metrics can be requested", field="fields")
    return fields


def _granularity(query: dict[str, Any]) -> str:
    given = query.get("timeGranularity")
    value = given.get("value") if isinstance(given, dict) else given
    if value not in ("ALL", "DAILY"):
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
        raise bad(
            "At least one facet is required: accounts, campaignGroups, campaigns or creatives",
            field="accounts",
        )
    return named


def _ids(urns: Any, facet: str, urn: str) -> set[int]:
    if not isinstance(urns, list) or not urns:
        raise bad(f"{facet} must be List(urn:li:{urn}:…)", field=facet)
    split = [str(one).rpartition(":") for one in urns]
    wrong = [
        one
        for one, (kind, _, own) in zip(urns, split, strict=True)
        if kind != f"urn:li:{urn}" or not own.isdigit()
    ]
    if wrong:
        raise bad(f"Invalid URN {wrong[0]} in {facet}", field=facet)
    return {int(own) for _, _, own in split}
