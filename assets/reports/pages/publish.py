"""A day's pages on disk: the dashboard, its campaigns, its CSV files, its line in the list of days, and the
links to its neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from assets.reports.pages.archive import (
    INDEX,
    NEWEST,
    days_in,
    neighbours,
    page_name,
    pager,
    relink,
    render_index,
    summary,
    summary_name,
)
from assets.reports.pages.atomic_write import keep_only, write
from assets.reports.pages.campaign_page import render_campaign
from assets.reports.pages.campaigns import CampaignView
from assets.reports.pages.export import csv_files
from assets.reports.pages.page import render_dashboard
from assets.reports.pages.view import DashboardView


@dataclass(frozen=True)
class Pages:
    """A day's pages as text. `campaigns` are by their file names in the day's own folder."""

    page: str
    campaigns: dict[str, str]


def folder_name(day: date) -> str:
    """The folder of a day's campaign pages, beside its dashboard."""
    return f"daily_dashboard_{day}"


def pages_of(
    view: DashboardView,
    campaigns: Sequence[CampaignView],
    *,
    before: date | None = None,
    after: date | None = None,
) -> Pages:
    """Every page of the day, linked to each other by relative paths.

    Args:
        view: The dashboard.
        campaigns: Those that get a page.
        before: The day whose page comes before, if there is one.
        after: The same, of the one after it.
    """
    ways = {campaign.key: f"{folder_name(view.as_of)}/{campaign.file}" for campaign in campaigns}
    return Pages(
        page=render_dashboard(view, pages=ways, pager=pager(before, after)),
        campaigns={
            campaign.file: render_campaign(campaign, above="../", dashboard=page_name(view.as_of))
            for campaign in campaigns
        },
    )


def publish(folder: Path, view: DashboardView, campaigns: Sequence[CampaignView]) -> Pages:
    """Write the day into the folder.

    The page that is always the newest stays the newest when a past day is written again.
    """
    day = view.as_of
    others = [other for other in days_in(folder) if other != day]
    before, after = neighbours(others, day)
    pages = pages_of(view, campaigns, before=before, after=after)
    beside = folder / folder_name(day)
    for name, text in pages.campaigns.items():
        write(beside / name, text)
    keep_only(beside, pages.campaigns)
    for name, text in {
        **csv_files(view),
        summary_name(day): summary(view),
        page_name(day): pages.page,
    }.items():
        write(folder / name, text)
    if after is None:
        write(folder / NEWEST, pages.page)
    relink(folder, day)
    write(folder / INDEX, render_index(folder, profile=view.profile, generated_at=view.generated_at))
    return pages
