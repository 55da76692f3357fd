"""adAnalytics: delivery per day and thing, cut off without a word at 15,000 elements."""

from collections import deque
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from sandbox.catalog import Catalog
from sandbox.draws import normal
from sandbox.linkedin.refusals import Refused, bad
from sandbox.market import Report
from sandbox.stage import Stage
from sandbox.world import Account

MOST_ELEMENTS, MOST_FIELDS, KEPT_YEARS = 15_000, 20, 10
MOST_VALUES, VALUES_WINDOW = 45_000_000, timedelta(minutes=5)
PIVOTS = {
    "ACCOUNT": ("campaign", "sponsoredAccount"),
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
FACETS = {"accounts": None, "campaignGroups": "campaign", "campaigns": "ad_set", "creatives": "ad"}
METRICS = (
    "impressions", "clicks", "landingPageClicks", "totalEngagements", "costInLocalCurrency", "costInUsd",
    "externalWebsiteConversions", "externalWebsitePostClickConversions", "externalWebsitePostViewConversions",
    "conversionValueInLocalCurrency", "oneClickLeads", "oneClickLeadFormOpens", "qualifiedLeads", "videoViews",
)  # fmt: skip
OTHERS = ("dateRange", "pivotValues")


class Analytics:
    """One adAnalytics endpoint with its memory of how much was asked lately."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._asked: deque[tuple[datetime, int]] = deque()

    def answer(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """The elements for a decoded query.

        Raises:
            Refused: As LinkedIn would.
        """
        pivot, fields = _pivot(query), _fields(query)
        start, end = _dates(query, today=self._stage.clock.now().date())
        daily = _granularity(query) == "DAILY"
        named = _facets(query)
        accounts = self._accounts(named)
        if self._stage.faults.take("linkedin_ads", "permission_empty") is not None:
            return []
        if pivot in PEOPLE:
            elements = self._people(accounts, pivot, fields, start=start, end=end)
        else:
            elements = self._things(accounts, named, pivot, fields, start=start, end=end, daily=daily)
        self._count(len(elements) * len(fields))
        return elements

    def _accounts(self, named: dict[str, set[int]]) -> list[Account]:
        """Accounts the facets speak of."""
        market = self._stage.market
        found = []
        for account in self._stage.world.of("linkedin_ads"):
            index = market.catalog(account).index
            inside = any(named.get(level, set()) & index[level].keys() for level in index)
            if int(account.id) in named.get("account", set()) or inside:
                found.append(account)
        return found

    def _things(
        self, accounts: list[Account], named: dict[str, set[int]], pivot: str, fields: list[str], *, start: date,
        end: date, daily: bool,
    ) -> list[dict[str, Any]]:  # fmt: skip
        level, urn = PIVOTS[pivot]
        elements: list[dict[str, Any]] = []
        for account in accounts:
            catalog = self._stage.market.catalog(account)
            usd = self._stage.world.fx_to_eur[account.currency] / self._stage.world.fx_to_eur.get("USD", 1.0)
            blocks = list(self._stage.market.report(account, level, start, end)) if not daily else []
            whole = [_whole(blocks, level)] if blocks and not daily else []
            for report in self._stage.market.report(account, level, start, end) if daily else whole:
                kept = _kept(catalog, report, named)
                elements += _elements(
                    account, catalog, report, kept, fields, urn, usd=usd, span=None if daily else (start, end)
                )
                if len(elements) >= MOST_ELEMENTS:
                    return elements[:MOST_ELEMENTS]
        return elements

    def _people(
        self, accounts: list[Account], pivot: str, fields: list[str], *, start: date, end: date
    ) -> list[dict[str, Any]]:
        """Shares of the accounts' totals by a trait: approximated, and nothing below three events."""
        facet, values = PEOPLE[pivot]
        totals = dict.fromkeys(("impressions", "clicks", "spend_micros"), 0)
        for account in accounts:
            for report in self._stage.market.report(account, "campaign", start, end):
                for name in totals:
                    totals[name] += int(getattr(report, name).sum())
        elements = []
        for n, value in enumerate(values):
            share = (len(values) - n) / (len(values) * (len(values) + 1) / 2)
            wobble = int(
                np.rint(np.clip(2 * normal(self._stage.world.seed, 81, n, start.toordinal()), -3, 3))
            )
            impressions = int(totals["impressions"] * share) + wobble
            if impressions < 3:
                continue
            known = {
                "impressions": impressions, "clicks": int(totals["clicks"] * share),
                "costInLocalCurrency": _money(int(totals["spend_micros"] * share)),
                "pivotValues": [f"urn:li:{facet}:{value}"], "dateRange": _range(start, end),
            }  # fmt: skip
            elements.append({name: known[name] for name in fields if name in known})
        return elements

    def _count(self, values: int) -> None:
        now = self._stage.clock.now()
        while self._asked and now - self._asked[0][0] > VALUES_WINDOW:
            self._asked.popleft()
        if sum(count for _, count in self._asked) + values > MOST_VALUES:
            raise Refused(
                429, "TOO_MANY_REQUESTS",
                "The data request limit has been exceeded. More than 45 million metric values were requested in a 5-minute window.",
            )  # fmt: skip
        self._asked.append((now, values))


def _kept(catalog: Catalog, report: Report, named: dict[str, set[int]]) -> np.ndarray:
    kept = np.ones(len(report), bool)
    for level in ("campaign", "ad_set", "ad"):
        rows = getattr(report, level)
        if level in named and rows is not None:
            index = catalog.index[level]
            kept &= np.isin(rows, [index[i] for i in named[level] if i in index])
    return np.flatnonzero(kept)


def _whole(blocks: list[Report], level: str) -> Report:
    """Blocks of days summed to one row per thing."""
    rows = np.concatenate([getattr(block, level) for block in blocks])
    things, at = np.unique(rows, return_inverse=True)
    first = np.zeros(len(things), int)
    first[at[::-1]] = np.arange(len(rows))[::-1]
    parts: dict[str, Any] = {"level": level, "day": np.zeros(len(things), int)}
    for name in Report.__dataclass_fields__:
        if name in parts:
            continue
        columns = [getattr(block, name) for block in blocks]
        if columns[0] is None:
            parts[name] = None
        elif name in ("campaign", "ad_set", "ad"):
            parts[name] = np.concatenate(columns)[first]
        else:
            parts[name] = np.bincount(at, np.concatenate(columns)).astype(np.int64)
    return Report(**parts)


def _elements(
    account: Account, catalog: Catalog, report: Report, kept: np.ndarray, fields: list[str], urn: str, *, usd: float,
    span: tuple[date, date] | None,
) -> list[dict[str, Any]]:  # fmt: skip
    columns = {name: _column(name, report, kept, usd) for name in fields if name in METRICS}
    if "pivotValues" in fields:
        ids = getattr(catalog, report.level + "s").id[getattr(report, report.level)[kept]].tolist()
        if urn == "sponsoredAccount":
            ids = [account.id] * len(kept)
        columns["pivotValues"] = [[f"urn:li:{urn}:{i}"] for i in ids]
    if "dateRange" in fields:
        if span:
            columns["dateRange"] = [_range(*span)] * len(kept)
        else:
            numbers = report.day[kept].tolist()
            ranges = {n: _range(d := date(1970, 1, 1) + timedelta(days=n), d) for n in set(numbers)}
            columns["dateRange"] = [ranges[n] for n in numbers]
    names = list(columns)
    return (
        [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)] if names else []
    )


def _column(name: str, report: Report, kept: np.ndarray, usd: float) -> list[Any]:
    clicks, leads, purchases = report.clicks[kept], report.leads[kept], report.purchases[kept]
    if name == "costInLocalCurrency":
        return [_money(m) for m in report.spend_micros[kept].tolist()]
    if name == "costInUsd":
        return [f"{m * usd / 1e6:.6f}" for m in report.spend_micros[kept].tolist()]
    if name == "conversionValueInLocalCurrency":
        return [_money(m) for m in report.purchase_value_micros[kept].tolist()]
    found: dict[str, np.ndarray] = {
        "impressions": report.impressions[kept], "clicks": clicks, "landingPageClicks": clicks,
        "totalEngagements": clicks * 2 + leads, "externalWebsiteConversions": purchases,
        "externalWebsitePostClickConversions": purchases - purchases // 4,
        "externalWebsitePostViewConversions": purchases // 4, "oneClickLeads": leads,
        "oneClickLeadFormOpens": leads * 3, "qualifiedLeads": leads // 2, "videoViews": report.impressions[kept] // 10,
    }  # fmt: skip
    return found[name].tolist()


def _money(micros: int) -> str:
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}".rstrip("0").rstrip(".")


def _range(start: date, end: date) -> dict[str, dict[str, int]]:
    return {"start": _parts(start), "end": _parts(end)}


def _parts(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}


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


def _dates(query: dict[str, Any], *, today: date) -> tuple[date, date]:
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
    if start < today.replace(year=today.year - KEPT_YEARS, day=1):
        raise bad(f"dateRange: data is kept for {KEPT_YEARS} years", field="dateRange/start")
    return start, end


def _facets(query: dict[str, Any]) -> dict[str, set[int]]:
    """Ids by our level (`account` for accounts) that the facets name."""
    named: dict[str, set[int]] = {}
    for facet, level in FACETS.items():
        if facet in query:
            try:
                named[level or "account"] = {int(str(urn).rsplit(":", 1)[1]) for urn in query[facet]}
            except (ValueError, IndexError) as error:
                raise bad(f"Invalid URN in {facet}", field=facet) from error
    if not named:
        raise bad(
            "At least one facet is required: accounts, campaignGroups, campaigns or creatives",
            field="accounts",
        )
    return named
