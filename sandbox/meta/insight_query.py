"""An insights question: every parameter understood and checked, or refused as Meta refuses it."""

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sandbox.meta.parameters import PAGING, listed, require_known, rules
from sandbox.meta.refusals import Refused, bad

KEPT_MONTHS, DEFAULT_DAYS = 37, 30
OUR_LEVEL = {"account": "account", "campaign": "campaign", "adset": "ad_set", "ad": "ad"}
IDS: dict[str, tuple[str, ...]] = {
    "account": (),
    "campaign": ("campaign",),
    "ad_set": ("campaign", "ad_set"),
    "ad": ("campaign", "ad_set", "ad"),
}
PARAMETERS = {
    "level",
    "fields",
    "time_range",
    "time_ranges",
    "date_preset",
    "time_increment",
    "breakdowns",
    "action_breakdowns",
    "action_attribution_windows",
    "use_unified_attribution_setting",
    "action_report_time",
    "filtering",
    "sort",
    "default_summary",
    "async",
    *PAGING,
}
WINDOWS = {"1d_click", "7d_click", "28d_click", "1d_view", "1d_ev", "default", "dda", "7d_view", "28d_view"}
DEAD_WINDOWS = {"7d_view", "28d_view"}
FIELDS = {
    "account_id",
    "account_name",
    "account_currency",
    "campaign_id",
    "campaign_name",
    "adset_id",
    "adset_name",
    "ad_id",
    "ad_name",
    "impressions",
    "reach",
    "frequency",
    "clicks",
    "inline_link_clicks",
    "spend",
    "cpc",
    "ctr",
    "cpm",
    "actions",
    "action_values",
    "attribution_setting",
    "objective",
    "date_start",
    "date_stop",
}
LEVEL_OF_FIELD = {
    "campaign_id": 1,
    "campaign_name": 1,
    "objective": 1,
    "adset_id": 2,
    "adset_name": 2,
    "ad_id": 3,
    "ad_name": 3,
}
BREAKDOWNS = (
    ("age",),
    ("gender",),
    ("age", "gender"),
    ("country",),
    ("publisher_platform",),
    ("publisher_platform", "platform_position"),
    ("device_platform",),
)
"""Combinations that are honoured, in any order."""
FILTERED = {
    *(
        f"{level}.{name}"
        for level in ("campaign", "adset", "ad")
        for name in ("id", "name", "effective_status")
    ),
    "impressions",
    "clicks",
    "spend",
}
NUMBERS = {"impressions", "reach", "frequency", "clicks", "inline_link_clicks", "spend", "cpc", "ctr", "cpm"}
PRESETS = (
    "today",
    "yesterday",
    "this_month",
    "last_month",
    "last_3d",
    "last_7d",
    "last_14d",
    "last_28d",
    "last_30d",
    "last_90d",
    "this_week_mon_today",
    "last_week_mon_sun",
    "this_year",
    "maximum",
)


@dataclass(frozen=True)
class InsightQuery:
    """A validated question.

    `ranges` are the spans that rows are of; `increment` is in days, 0 for a row per range, -1 for months.
    """

    level: str
    fields: tuple[str, ...]
    ranges: tuple[tuple[date, date], ...]
    increment: int
    windows: tuple[str, ...]
    breakdowns: tuple[str, ...]
    filtering: str
    sort: tuple[tuple[str, bool], ...]
    only: tuple[str, int] | None = None
    """Level and id of the node that was asked, None for the account."""

    @property
    def since(self) -> date:
        return min(since for since, _ in self.ranges)

    @property
    def until(self) -> date:
        return max(until for _, until in self.ranges)

    @property
    def days(self) -> int:
        return sum((until - since).days + 1 for since, until in self.ranges)

    @property
    def rows_a_thing(self) -> int:
        """How many rows a thing can have at most."""
        return self.days if self.increment == 1 else len(self.ranges)

    @property
    def names_statuses(self) -> bool:
        """Whether archived and deleted things are asked for by name."""
        asked_for = {
            value
            for rule in rules(self.filtering)
            if rule["field"].endswith("effective_status") and isinstance(rule["value"], list)
            for value in rule["value"]
        }
        return bool({"ARCHIVED", "DELETED"} & asked_for)

    def of_node(self, level: str, entity_id: int) -> "InsightQuery":
        """The same of one campaign, ad set or ad."""
        return replace(self, only=(level, entity_id))


def parse(parameters: dict[str, str], *, today: date, level: str = "account") -> InsightQuery:
    """The question in these parameters; `level` is the default one.

    Raises:
        Refused: A parameter is unknown, malformed or out of range, as Meta would say it.
    """
    require_known(parameters, PARAMETERS, edge="insights")
    level = parameters.get("level", level)
    if level not in OUR_LEVEL:
        raise bad(f"level must be one of account, campaign, adset, ad, not {level}", blame="level")
    names = listed(parameters.get("fields", "impressions,spend"))
    _check_fields(names, OUR_LEVEL[level])
    windows = tuple(listed(parameters.get("action_attribution_windows", "")))
    if wrong := [w for w in windows if w not in WINDOWS]:
        raise bad(f"action_attribution_windows: {wrong[0]} is not valid", blame="action_attribution_windows")
    _check_values(parameters)
    filtering = parameters.get("filtering", "[]")
    _check_filters(filtering)
    return InsightQuery(
        OUR_LEVEL[level],
        tuple(names),
        _ranges(parameters, today=today),
        _increment(parameters),
        tuple(w for w in windows if w not in DEAD_WINDOWS),
        _breakdowns(parameters),
        filtering,
        _sort(parameters, names),
    )


def _check_fields(names: list[str], level: str) -> None:
    if unknown := [name for name in names if name not in FIELDS]:
        message = f"{unknown[0]} is not valid for fields param. please check https://developers.facebook.com"
        raise bad(message, blame="fields")
    if below := [name for name in names if LEVEL_OF_FIELD.get(name, 0) > len(IDS[level])]:
        raise bad(f"{below[0]} is not available at level {level}", blame="fields")


def _check_values(parameters: dict[str, str]) -> None:
    """Parameters with one value that the sandbox's figures stand for; another would be answered wrongly."""
    honoured = {
        "action_breakdowns": ("", "[]", "action_type", '["action_type"]'),
        "use_unified_attribution_setting": ("true", "1", "True"),
        "action_report_time": ("mixed",),
        "default_summary": ("false", "0", "False"),
        "async": ("false", "0", "False", "true", "1", "True"),
    }
    for name, values in honoured.items():
        if name in parameters and parameters[name] not in values:
            raise bad(f"{name}={parameters[name]} is not honoured by the sandbox", blame=name)


def _check_filters(text: str) -> None:
    for rule in rules(text):
        if rule["field"] not in FILTERED:
            raise bad(f"filtering on {rule['field']} is not supported", blame="filtering")


def _increment(parameters: dict[str, str]) -> int:
    given = parameters.get("time_increment", "all_days")
    if given == "all_days":
        return 0
    if "time_ranges" in parameters:
        raise bad("time_increment cannot be used with time_ranges", blame="time_increment")
    if given == "monthly":
        return -1
    if not given.isdigit() or not 1 <= int(given) <= 90:
        raise bad("time_increment must be 1 to 90, monthly or all_days", blame="time_increment")
    return int(given)


def _breakdowns(parameters: dict[str, str]) -> tuple[str, ...]:
    names = listed(parameters.get("breakdowns", ""))
    if not names:
        return ()
    if len(names) != len(set(names)) or not any(set(names) == set(available) for available in BREAKDOWNS):
        raise bad(f"breakdowns {', '.join(names)} are not honoured by the sandbox", blame="breakdowns")
    return next(available for available in BREAKDOWNS if set(available) == set(names))


def _sort(parameters: dict[str, str], names: list[str]) -> tuple[tuple[str, bool], ...]:
    results = []
    for given in listed(parameters.get("sort", "")):
        name, _, way = given.rpartition("_")
        if way not in ("ascending", "descending") or name not in NUMBERS or name not in names:
            raise bad(f"sort {given} must be a selected number with _ascending or _descending", blame="sort")
        results.append((name, way == "descending"))
    return tuple(results)


def _ranges(parameters: dict[str, str], *, today: date) -> tuple[tuple[date, date], ...]:
    if len({"time_range", "time_ranges", "date_preset"} & set(parameters)) > 1:
        raise bad("Only one of time_range, time_ranges and date_preset can be given", blame="time_range")
    if "time_range" in parameters:
        return (_range(_json(parameters["time_range"]), today=today),)
    if "time_ranges" in parameters:
        given = _json(parameters["time_ranges"])
        if not isinstance(given, list) or not given:
            raise bad("time_ranges must be a list of ranges", blame="time_ranges")
        return tuple(_range(each, today=today) for each in given)
    return (preset_range(parameters.get("date_preset", "last_30d"), today),)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise bad("time_range needs since and until as YYYY-MM-DD", blame="time_range") from error


def _range(given: Any, *, today: date) -> tuple[date, date]:
    try:
        since, until = date.fromisoformat(given["since"]), date.fromisoformat(given["until"])
    except (KeyError, ValueError, TypeError) as error:
        raise bad("time_range needs since and until as YYYY-MM-DD", blame="time_range") from error
    if since > until:
        raise bad("time_range: since must not be after until", blame="time_range", subcode=1487534)
    if since > today:
        raise bad("time_range: since lies in the future", blame="time_range", subcode=1487534)
    if since < _oldest(today):
        raise Refused(
            3018, "(#3018) The start date of the time range cannot be beyond 37 months from the current date"
        )
    return since, until


def _oldest(today: date) -> date:
    return (today.replace(day=1) - timedelta(days=int(KEPT_MONTHS * 30.44))).replace(day=1)


def preset_range(name: str, today: date) -> tuple[date, date]:
    """The days that a preset stands for; those of the last days end yesterday.

    Raises:
        Refused: There is no such preset here.
    """
    yesterday, monday, month = (
        today - timedelta(days=1),
        today - timedelta(days=today.weekday()),
        today.replace(day=1),
    )
    if name not in PRESETS:
        raise bad(f"date_preset {name} must be one of {', '.join(PRESETS)}", blame="date_preset")
    if name.startswith("last_") and name.endswith("d"):
        return today - timedelta(days=int(name[5:-1])), yesterday
    named = {
        "today": (today, today),
        "yesterday": (yesterday, yesterday),
        "this_month": (month, today),
        "last_month": ((month - timedelta(days=1)).replace(day=1), month - timedelta(days=1)),
        "this_week_mon_today": (monday, today),
        "last_week_mon_sun": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "this_year": (today.replace(month=1, day=1), today),
        "maximum": (_oldest(today), today),
    }
    return named[name]
