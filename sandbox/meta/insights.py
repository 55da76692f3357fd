"""Insights: delivery per day and thing as Meta words it, every number as text, actions as lists of types."""

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

import numpy as np

from sandbox.meta.actions import actions, money, values
from sandbox.meta.refusals import Refused, bad
from sandbox.report import LEVELS, Report, joined
from sandbox.stage import Stage
from sandbox.world import Account

MOST_ROWS = 100_000
"""Entities x days above which a synchronous read is refused ("reduce the amount of data") and a report job is needed."""
KEPT_MONTHS = 37
OUR_LEVEL = {"account": "account", "campaign": "campaign", "adset": "ad_set", "ad": "ad"}
IDS: dict[str, tuple[str, ...]] = {
    "account": (),
    "campaign": ("campaign",),
    "ad_set": ("campaign", "ad_set"),
    "ad": ("campaign", "ad_set", "ad"),
}
WINDOWS = {"1d_click", "7d_click", "28d_click", "1d_view", "1d_ev", "default", "dda", "7d_view", "28d_view"}
DEAD_WINDOWS = {"7d_view", "28d_view"}
FIELDS = {
    "account_id", "account_name", "account_currency", "campaign_id", "campaign_name", "adset_id", "adset_name", "ad_id",
    "ad_name", "impressions", "reach", "frequency", "clicks", "inline_link_clicks", "spend", "cpc", "ctr", "cpm", "actions",
    "action_values", "attribution_setting", "objective", "date_start", "date_stop",
}  # fmt: skip
LEVEL_OF_FIELD = {
    "campaign_id": 1,
    "campaign_name": 1,
    "objective": 1,
    "adset_id": 2,
    "adset_name": 2,
    "ad_id": 3,
    "ad_name": 3,
}


@dataclass(frozen=True)
class Asked:
    """A validated insights question."""

    level: str
    fields: tuple[str, ...]
    since: date
    until: date
    is_daily: bool
    windows: tuple[str, ...]
    campaigns: frozenset[int] | None
    shows_hidden: bool

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1


def asked(parameters: dict[str, str], *, today: date) -> Asked:
    """The question in these parameters.

    Raises:
        Refused: A parameter is unknown, malformed or out of range, as Meta would say it.
    """
    level = parameters.get("level", "account")
    if level not in OUR_LEVEL:
        raise bad(f"level must be one of account, campaign, adset, ad, not {level}", blame="level")
    names = listed(parameters.get("fields", "impressions,spend"))
    if unknown := [name for name in names if name not in FIELDS]:
        raise bad(
            f"{unknown[0]} is not valid for fields param. please check https://developers.facebook.com",
            blame="fields",
        )
    deepest = len(IDS[OUR_LEVEL[level]])
    if below := [name for name in names if LEVEL_OF_FIELD.get(name, 0) > deepest]:
        raise bad(f"{below[0]} is not available at level {level}", blame="fields")
    if parameters.get("breakdowns", "[]") not in ("", "[]"):
        raise bad("breakdowns are not simulated yet", blame="breakdowns")
    increment = parameters.get("time_increment", "all_days")
    if increment not in ("1", "all_days"):
        raise bad("time_increment must be 1 or all_days here", blame="time_increment")
    windows = tuple(listed(parameters.get("action_attribution_windows", "")))
    if wrong := [w for w in windows if w not in WINDOWS]:
        raise bad(f"action_attribution_windows: {wrong[0]} is not valid", blame="action_attribution_windows")
    since, until = _range(parameters, today=today)
    campaigns, shows_hidden = _filters(parameters.get("filtering", "[]"))
    return Asked(
        OUR_LEVEL[level], tuple(names), since, until, increment == "1",
        tuple(w for w in windows if w not in DEAD_WINDOWS), campaigns, shows_hidden,
    )  # fmt: skip


def listed(text: str) -> list[str]:
    """Names from `a,b` or `["a","b"]`, the two ways clients send them."""
    try:
        found = json.loads(text) if text.startswith("[") else text.split(",")
    except json.JSONDecodeError as error:
        raise bad("a list could not be read") from error
    return [str(name).strip() for name in found if str(name).strip()]


def _range(parameters: dict[str, str], *, today: date) -> tuple[date, date]:
    try:
        given = json.loads(parameters["time_range"])
        since, until = date.fromisoformat(given["since"]), date.fromisoformat(given["until"])
    except (KeyError, ValueError, TypeError) as error:
        raise bad("time_range needs since and until as YYYY-MM-DD", blame="time_range") from error
    if since > until:
        raise bad("time_range: since must not be after until", blame="time_range", subcode=1487534)
    if since > today:
        raise bad("time_range: since lies in the future", blame="time_range", subcode=1487534)
    oldest = (today.replace(day=1) - timedelta(days=int(KEPT_MONTHS * 30.44))).replace(day=1)
    if since < oldest:
        raise Refused(
            3018, "(#3018) The start date of the time range cannot be beyond 37 months from the current date"
        )
    return since, until


def _filters(text: str) -> tuple[frozenset[int] | None, bool]:
    """Campaign ids to keep, and whether archived and deleted things were asked for."""
    campaigns, shows_hidden = None, False
    try:
        rules = json.loads(text or "[]")
        for rule in rules:
            if rule["field"] == "campaign.id" and rule["operator"] == "IN":
                campaigns = frozenset(int(value) for value in rule["value"])
            elif rule["field"].endswith(".effective_status") and rule["operator"] == "IN":
                shows_hidden = bool({"ARCHIVED", "DELETED"} & set(rule["value"]))
            else:
                raise bad(f"filtering on {rule['field']} is not supported", blame="filtering")
    except (ValueError, KeyError, TypeError) as error:
        raise bad("filtering is malformed", blame="filtering") from error
    return campaigns, shows_hidden


class Insights:
    """Answers insights questions; keeps the last few whole answers so that their pages agree."""

    KEPT = 6

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._kept: OrderedDict[tuple[Any, ...], Report] = OrderedDict()

    def is_too_much(self, account: Account, question: Asked) -> bool:
        if question.level == "account":
            return False
        entities = len(getattr(self._stage.market.catalog(account), question.level + "s").id)
        return entities * (question.days if question.is_daily else 1) > MOST_ROWS

    def page(
        self, account: Account, question: Asked, *, start: int, limit: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Rows from `start`, at most `limit`, and how many there are in all."""
        report = self._report(account, question)
        return self._rows(account, question, _sliced(report, slice(start, start + limit))), len(report)

    def _report(self, account: Account, question: Asked) -> Report:
        market = self._stage.market
        hour = self._stage.clock.now().replace(minute=0, second=0, microsecond=0)
        key = (account.id, question, hour, market.edition)
        if key not in self._kept:
            blocks = list(market.report(account, question.level, question.since, question.until))
            whole = joined(blocks, question.level)
            self._kept[key] = _sliced(whole, self._kept_rows(account, question, whole))
            while len(self._kept) > self.KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    def _kept_rows(self, account: Account, question: Asked, report: Report) -> np.ndarray:
        """Rows of the campaigns asked for, without those of archived and deleted things unless asked for."""
        catalog, kept = self._stage.market.catalog(account), np.ones(len(report), bool)
        if question.campaigns is not None and report.campaign is not None:
            kept &= np.isin(catalog.campaigns.id[report.campaign], list(question.campaigns))
        if question.shows_hidden or question.level == "account":
            return np.flatnonzero(kept)
        for level in LEVELS:
            rows = getattr(report, level)
            gone = [
                catalog.index[level][c.entity_id]
                for c in self._stage.market.changes.on("meta_ads", account.id, level, "status")
                if c.value in ("ARCHIVED", "DELETED")
            ]
            if rows is not None and gone:
                kept &= ~np.isin(rows, gone)
        return np.flatnonzero(kept)

    def _reach(self, account: Account, question: Asked, report: Report) -> np.ndarray:
        """People reached per row: on its day, or over the whole range; a fixed share of impressions where nobody is simulated."""
        market = self._stage.market
        if question.is_daily:
            reached = market.people.reach(account, report)
        elif (
            window := market.people.window_reach(account, question.level, question.since, question.until)
        ) is not None:
            rows = (
                np.zeros(len(report), int) if question.level == "account" else getattr(report, question.level)
            )
            reached = window[1][rows]
        else:
            reached = None
        return report.impressions - report.impressions // 5 if reached is None else reached

    def _rows(self, account: Account, question: Asked, report: Report) -> list[dict[str, Any]]:
        catalog = self._stage.market.catalog(account)
        columns: dict[str, list[Any]] = {}
        days = np.datetime_as_string(report.day.astype("datetime64[D]")).tolist() if len(report) else []
        made: dict[str, Callable[[], list[Any]]] = {
            "account_id": lambda: [account.id] * len(report),
            "account_name": lambda: [account.name] * len(report),
            "account_currency": lambda: [account.currency] * len(report),
            "impressions": lambda: _text(report.impressions),
            "reach": lambda: _text(self._reach(account, question, report)),
            "clicks": lambda: _text(report.clicks),
            "inline_link_clicks": lambda: _text(report.clicks - report.clicks // 4),
            "spend": lambda: [money(m) for m in report.spend_micros.tolist()],
            "attribution_setting": lambda: ["7d_click_1d_view"] * len(report),
            "objective": lambda: [
                "OUTCOME_SALES" if sells else "OUTCOME_LEADS"
                for sells in catalog.campaigns.sells[report.campaign].tolist()
            ],
            "actions": lambda: actions(report, question.windows),
            "action_values": lambda: values(report, question.windows),
        }
        for theirs, level in (("campaign", "campaign"), ("adset", "ad_set"), ("ad", "ad")):
            if (rows := getattr(report, level)) is not None:
                made |= _named(theirs, getattr(catalog, level + "s"), rows)
        for name in question.fields:
            if name in made:
                columns[name] = made[name]()
        columns["date_start"] = days if question.is_daily else [str(question.since)] * len(report)
        columns["date_stop"] = days if question.is_daily else [str(question.until)] * len(report)
        names = list(columns)
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        for name in {"actions", "action_values"} & columns.keys():
            for row in rows:
                if row[name] is None:  # what did not happen is left out
                    del row[name]
        return rows


def _named(theirs: str, things: Any, rows: np.ndarray) -> dict[str, Callable[[], list[Any]]]:
    names = getattr(things, "name", None)

    def called() -> list[str]:
        return [names[row] if names else f"Ad {row + 1}" for row in rows.tolist()]

    return {f"{theirs}_id": lambda: _text(things.id[rows]), f"{theirs}_name": called}


def _text(values: np.ndarray) -> list[str]:
    return [str(value) for value in values.tolist()]


def _sliced(report: Report, rows: Any) -> Report:
    parts = {f.name: getattr(report, f.name) for f in fields(Report)}
    return Report(**{name: v[rows] if isinstance(v, np.ndarray) else v for name, v in parts.items()})
