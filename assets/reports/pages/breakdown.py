"""Campaigns and ad sets by spend: every one with its figures for the day and the week, the largest as rows of
the page.

A page that lists ten thousand ad sets is read by nobody, so it shows the 100 that cost most and names the CSV
that has them all. Money stands in the account's own currency and in the reporting currency, which alone may
be compared and added.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from assets.formatting.platform_names import spoken
from assets.reports.pages.day_frames import known, tidy, window
from assets.reports.pages.metrics import RATIOS, SUMS, Figures, with_ratios
from assets.reports.pages.outlook import COLUMNS as OUTLOOK_COLUMNS
from assets.reports.pages.outlook import NEEDED, ProjectedFigure, outlook, outlooks

PERIODS = {"day": 1, "week": 7}
"""The periods a page can show, in days that end with its own."""
MOST_ROWS = 100
_KEYS = ["platform", "account_id", "entity_id"]
_ADDED = (*SUMS, "spend_reporting", "conversion_value_reporting")
_FIGURES = (*_ADDED, *RATIOS)


@dataclass(frozen=True)
class BreakdownRow:
    """One campaign or ad set.

    In the figures of each period `spend` is in `currency`, `cpc` in the reporting currency.
    """

    account_id: str
    campaign_id: str
    entity_id: str
    name: str
    belongs_to: str
    platform: str
    platform_label: str
    status: str
    currency: str
    figures: Mapping[str, Figures]
    outlooks: Mapping[str, Mapping[str, ProjectedFigure]]
    """In each period where claimed figures will end, value in `currency`."""


@dataclass(frozen=True, eq=False)
class Breakdown:
    """All campaigns, or all ad sets, with figures in the longest period.

    `rows` are those that cost most in it, by the day's spend; `everything` has a line for each, with both
    periods' figures in columns such as `spend_week`.
    """

    level: str
    rows: tuple[BreakdownRow, ...]
    everything: pd.DataFrame

    @property
    def left_out(self) -> int:
        return len(self.everything) - len(self.rows)


def breakdown(days: pd.DataFrame, entities: pd.DataFrame, *, level: str, as_of: date) -> Breakdown:
    """What each campaign or ad set delivered.

    Args:
        days: core/campaign_day or core/ad_set_day, money as floats.
        entities: core/entities, for names and status; one without an entry goes by its id.
        level: campaign or ad_set.
        as_of: Last day of both periods.
    """
    texts = ("account_id", "campaign_id", f"{level}_id", "currency")
    tidied = tidy(days, columns=(*_ADDED, *NEEDED), as_of=as_of)
    rows = tidied.reindex(columns=list(dict.fromkeys([*tidied.columns, *texts])))
    shown = window(rows, end=as_of, days=max(PERIODS.values()))
    if shown.empty:  # a table nobody has written yet has no types by which its rows could be joined
        columns = [f"{name}_{period}" for period in PERIODS for name in (*_FIGURES, *OUTLOOK_COLUMNS)]
        names = [*_KEYS, "campaign_id", "currency", "name", "status", "campaign_name", "account_name"]
        return Breakdown(level, (), pd.DataFrame(columns=[*names, *columns]))
    everything = _named(shown, entities, level=level)
    for period, length in PERIODS.items():
        figures = _in_period(window(shown, end=as_of, days=length), level).add_suffix(f"_{period}")
        everything = everything.merge(figures, left_on=_KEYS, right_index=True, how="left")
    return shown_of(_largest_first(everything, "spend_reporting_week"), level)


def shown_of(everything: pd.DataFrame, level: str) -> Breakdown:
    """A breakdown of lines that are sorted already, such as the ad sets of one campaign out of all."""
    largest = _largest_first(everything.head(MOST_ROWS), "spend_reporting_day")
    return Breakdown(level, tuple(_row(line, level) for line in largest.to_dict("records")), everything)


def _in_period(rows: pd.DataFrame, level: str) -> pd.DataFrame:
    """Figures by platform, account and id; CPC in reporting currency so that accounts can be compared."""
    entity_columns = ["platform", "account_id", f"{level}_id"]
    summed = rows.groupby(entity_columns)[list(_ADDED)].sum(min_count=1)
    cpc = summed["spend_reporting"] / summed["clicks"].where(summed["clicks"] != 0)
    return with_ratios(summed).assign(cpc=cpc).join(outlooks(rows, entity_columns)).rename_axis(_KEYS)


def _largest_first(lines: pd.DataFrame, column: str) -> pd.DataFrame:
    order = {column: False, **dict.fromkeys(_KEYS, True)}
    return lines.sort_values(
        list(order), ascending=list(order.values()), na_position="last", ignore_index=True
    )


def _named(rows: pd.DataFrame, entities: pd.DataFrame, *, level: str) -> pd.DataFrame:
    """Names, status and currency of every entity in `rows`, by platform, account and id."""
    id_column = f"{level}_id"
    once = rows.drop_duplicates(["platform", "account_id", id_column], keep="last").assign(
        entity_id=rows[id_column]
    )
    named = once[[*_KEYS, "campaign_id", "currency"]]
    for of, column, name in (
        (level, "entity_id", "name"),
        ("campaign", "campaign_id", "campaign_name"),
        ("account", "account_id", "account_name"),
    ):
        entities_of_level = _of_level(entities, of, id_column=column, name_column=name)
        named = named.merge(
            entities_of_level, on=list(dict.fromkeys(["platform", "account_id", column])), how="left"
        )
        named[name] = named[name].fillna(named[column])
    named["status"] = named["status"].fillna("unknown")
    return named


def _of_level(entities: pd.DataFrame, level: str, *, id_column: str, name_column: str) -> pd.DataFrame:
    """Entities of one level as keys and names; the level's own rows also bring their status."""
    at = entities.reindex(columns=["platform", "account_id", "level", "entity_id", "name", "status"])
    at = at[at["level"] == level].drop_duplicates(["platform", "account_id", "entity_id"])
    at = at.assign(**{id_column: at["entity_id"], name_column: at["name"]})
    columns = [
        "platform",
        "account_id",
        id_column,
        name_column,
        *(["status"] if name_column == "name" else []),
    ]
    return at[list(dict.fromkeys(columns))]


def _row(line: Mapping[str, Any], level: str) -> BreakdownRow:
    above = [line["account_name"]] if level == "campaign" else [line["campaign_name"], line["account_name"]]
    return BreakdownRow(
        account_id=line["account_id"],
        campaign_id=line["campaign_id"],
        entity_id=line["entity_id"],
        name=line["name"],
        belongs_to=" · ".join(above),
        platform=line["platform"],
        platform_label=spoken(line["platform"]),
        status=line["status"],
        currency=line["currency"],
        figures={period: {key: known(line[f"{key}_{period}"]) for key in _FIGURES} for period in PERIODS},
        outlooks={period: outlook(line, suffix=f"_{period}") for period in PERIODS},
    )
