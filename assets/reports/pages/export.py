"""Every campaign and ad set as CSV, to lie beside the page, which shows only the largest.

People open such files in spreadsheets, where a text that begins like a formula is one: such texts get an
apostrophe in front.
"""

import csv
import io
import re
from datetime import date

import pandas as pd

from assets.reports.pages.breakdown import Breakdown
from assets.reports.pages.view import DashboardView

_FORMULA = re.compile(r"^\s*[=+\-@]|^[\t\r\n]")
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


def csv_name(level: str, as_of: date) -> str:
    """File name of a level's CSV, by which the page links to it from the same folder."""
    return f"daily_dashboard_{as_of}_{level}s.csv"


def csv_files(view: DashboardView) -> dict[str, str]:
    """Text of each file by its name: UTF-8 with a byte order mark once encoded, as spreadsheets expect."""
    return {csv_name(table.level, view.as_of): _csv(table) for table in (view.campaigns, view.ad_sets)}


def _csv(table: Breakdown) -> str:
    frame = table.everything.rename(columns={"entity_id": f"{table.level}_id"})
    frame = frame.loc[:, ~frame.columns.duplicated()]
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(frame.columns)
    rows.writerows([cell(value) for value in line] for line in frame.itertuples(index=False, name=None))
    return BOM + written.getvalue()


def cell(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.10g}"
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) else text
