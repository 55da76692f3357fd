"""The composition root: every asset, check, job, schedule and sensor, and what they stand on.

Nothing is read from the environment or the network while this loads. Resources are plain objects without a config schema:
nothing of them can be overridden from the launchpad (docs/decisions).
"""

from typing import Any

import dagster as dg

from assets.actions import assets as actions
from assets.anomalies import assets as anomalies
from assets.audiences import assets as audiences
from assets.conversion_lag import assets as conversion_lag
from assets.crm import assets as crm
from assets.crm import checks as crm_checks
from assets.customer_features import assets as customer_features
from assets.dropped_files import assets as dropped_files
from assets.fx import assets as fx
from assets.ingest import assets as ingest
from assets.notices import assets as notices_told
from assets.pacing import assets as pacing
from assets.performance import assets as performance
from assets.performance import checks as performance_checks
from assets.replay import assets as replay
from assets.report import assets as report
from assets.weekly import assets as weekly
from orchestration.jobs import (
    audience_removals,
    audience_week,
    crm_pull,
    customer_week,
    daily_pull,
    decide,
    history,
    tidy_lake,
)
from orchestration.schedules import (
    every_hour,
    every_hour_audiences,
    every_monday,
    every_monday_audiences,
    every_morning,
    every_night,
)
from resources.crm.login import Crms
from resources.desk import open_desk
from resources.dropped_files import DroppedFiles
from resources.lake import Lake
from resources.platforms.login import Platforms
from resources.settings import load_settings
from sensors.changed_pasts import watching
from sensors.conditions import automation
from sensors.dropped_days import dropped_days, renew_core
from sensors.dropped_files import dropped_files_changed
from sensors.failures import failed_runs
from sensors.notices import notices
from sensors.proposals import watch
from sensors.unknowns import unknown_outcomes


def at_hand() -> dict[str, Any]:
    """What the assets stand on, each made when a run first asks for it."""
    return {
        "settings": dg.ResourceDefinition(lambda _: load_settings(with_platforms=False)),
        "lake": dg.ResourceDefinition(lambda _: Lake(load_settings(with_platforms=False).lake_uri)),
        "desk": dg.ResourceDefinition(lambda _: open_desk()),
        "platforms": dg.ResourceDefinition(lambda _: Platforms()),
        "crms": dg.ResourceDefinition(lambda _: Crms()),
        "dropped_files": dg.ResourceDefinition(
            lambda _: DroppedFiles(load_settings(with_platforms=False).drop_dir)
        ),
    }


@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions(
        assets=dg.load_assets_from_modules(
            [
                ingest,
                conversion_lag,
                crm,
                customer_features,
                dropped_files,
                fx,
                performance,
                replay,
                anomalies,
                pacing,
                report,
                weekly,
                notices_told,
                actions,
                audiences,
            ],
            include_specs=True,
        ),
        asset_checks=dg.load_asset_checks_from_modules([performance_checks, crm_checks]),
        jobs=[
            daily_pull,
            crm_pull,
            customer_week,
            audience_week,
            audience_removals,
            history,
            renew_core,
            decide,
            tidy_lake,
        ],
        schedules=[
            every_morning,
            every_hour,
            every_hour_audiences,
            every_monday,
            every_monday_audiences,
            every_night,
        ],
        sensors=[
            automation,
            watching(daily_pull),
            dropped_files_changed,
            dropped_days,
            watch(decide),
            unknown_outcomes,
            notices,
            failed_runs,
        ],
        resources=at_hand(),
        executor=dg.in_process_executor,
    )
