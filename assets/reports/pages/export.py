"""Every campaign and ad set as CSV, to lie beside the page, which shows only the largest."""

from datetime import date

from assets.formatting.csv_text import csv_text
from assets.reports.pages.breakdown import Breakdown
from assets.reports.pages.view import DashboardView


def csv_name(level: str, as_of: date) -> str:
    """File name of a level's CSV, by which the page links to it from the same folder."""
    return f"daily_dashboard_{as_of}_{level}s.csv"


def csv_files(view: DashboardView) -> dict[str, str]:
    """Text of each file by its name: UTF-8 with a byte order mark once encoded, as spreadsheets expect."""
    return {csv_name(table.level, view.as_of): _csv(table) for table in (view.campaigns, view.ad_sets)}


def _csv(table: Breakdown) -> str:
    frame = table.everything.rename(columns={"entity_id": f"{table.level}_id"})
    frame = frame.loc[:, ~frame.columns.duplicated()]
    return csv_text(frame.columns, frame.itertuples(index=False, name=None))
