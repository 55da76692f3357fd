"""How many files somebody has to open to follow a figure from a platform's wire to the page."""

import shutil
from datetime import timedelta
from pathlib import Path

import dagster as dg

from assets.core.fx import assets as fx
from assets.core.performance import assets as performance
from assets.raw.platforms import assets as platforms
from assets.reports.pages.assets import daily_dashboard
from orchestration.schedules import day_range_tags
from resources.action_services import ActionServices
from resources.config.settings import load_settings
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms
from sandbox.clock import Clock
from sandbox.running_world import set_stage
from sandbox.serve import Sandbox, running
from sandbox.world import World
from tests.conftest import MORNING
from tests.walks import call_chains

FROM_WIRE_TO_RAW = "resources/platforms/google_ads_columns.py:RowShape.columns"
INTO_THE_LAKE = "resources/lake/lake.py:Lake._write"
ONTO_THE_PAGE = "assets/reports/pages/breakdown.py:_row"
RENDERED = "assets/reports/pages/page.py:render_dashboard"
MOST_FILES = 14
ONE_CAMPAIGN = {
    "name": "walk",
    "seed": 5,
    "begins": "2026-11-01",
    "accounts": [
        {
            "platform": "google_ads",
            "id": "1000000001",
            "name": "Walk",
            "currency": "EUR",
            "time_zone": "UTC",
            "campaigns": 1,
            "ad_sets_per_campaign": 1,
            "ads_per_ad_set": 1,
            "behaviour": {"paused_share": 0.0},
        }
    ],
}


def test_a_google_row_reaches_the_page_through_few_files(
    tmp_path: Path, var: Path, sandbox_session: Sandbox
) -> None:
    """With the session's certificates: gRPC keeps the first roots that it reads."""
    del sandbox_session  # it makes them
    shutil.copytree(var / "sandbox" / "certificates", tmp_path / "sandbox" / "certificates")
    day = MORNING.date() - timedelta(days=1)
    stage = set_stage(World.model_validate(ONE_CAMPAIGN), Clock(MORNING))
    with running(stage, folder=tmp_path / "sandbox"):
        settings = load_settings({"PAID_MEDIA_VAR": str(tmp_path), "PAID_MEDIA_PROFILE": "sandbox"})
        clients = Platforms(lambda: settings)
        resources = {
            "lake": Lake(tmp_path / "lake"),
            "settings": settings,
            "platforms": clients,
            "services": ActionServices(settings, clients),
        }
        tags = day_range_tags(day.isoformat(), day.isoformat())
        dg.materialize(dg.load_assets_from_modules([fx]), resources=resources, tags=tags)
        with call_chains([FROM_WIRE_TO_RAW, INTO_THE_LAKE, ONTO_THE_PAGE, RENDERED]) as chains:
            pulled = dg.materialize(
                dg.load_assets_from_modules([platforms, performance]),
                resources=resources,
                tags=tags,
            )
            written = dg.materialize([daily_dashboard], resources=resources, partition_key=day.isoformat())
    assert pulled.success
    assert written.success
    for chain in chains.values():
        assert chain, chains
    entered = set().union(*chains.values())
    assert len(entered) <= MOST_FILES, sorted(entered)
