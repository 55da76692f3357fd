"""The composition root: every asset, check, job, schedule and sensor, with the resources they use.

Nothing is read from the environment or the network while this loads. Resources are plain objects without a
config schema: nothing of them can be overridden from the launchpad (docs/decisions).
"""

from typing import Any

import dagster as dg

import assets
from assets.actions.inputs import ActionPath
from orchestration.freshness import with_freshness
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
from orchestration.schedules import every_hour, every_morning, every_night
from resources.action_services import open_action_services
from resources.config.settings import load_settings
from resources.crm.registry import Crms
from resources.drop_folder import drop_folder
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms
from sensors.automation import automation
from sensors.conversion_settings_changed import changed_pasts_sensor
from sensors.dropped_file_days import dropped_days, renew_core
from sensors.dropped_files import dropped_files_changed
from sensors.failures import failed_runs
from sensors.notices import notices, send_messages_job
from sensors.proposals import proposals_sensor
from sensors.unknown_outcomes import read_back_outcomes, unknown_outcomes


def resources_of_runs() -> dict[str, Any]:
    """The resources of assets and sensors, each created when a run first asks for it."""
    return {
        "settings": dg.ResourceDefinition(lambda _: load_settings(with_platforms=False)),
        "lake": dg.ResourceDefinition(lambda _: Lake(load_settings(with_platforms=False).lake_uri)),
        "services": dg.ResourceDefinition(lambda _: open_action_services()),
        "ledger": dg.ResourceDefinition(lambda _: open_action_services().ledger),
        "action_path": dg.ResourceDefinition(
            lambda _: ActionPath(open_action_services(), Lake(load_settings(with_platforms=False).lake_uri))
        ),
        "platforms": dg.ResourceDefinition(lambda _: Platforms()),
        "crms": dg.ResourceDefinition(lambda _: Crms()),
        "dropped_files": dg.ResourceDefinition(lambda _: drop_folder(load_settings(with_platforms=False))),
    }


@dg.definitions
def defs() -> dg.Definitions:
    definitions = dg.Definitions(
        assets=dg.load_assets_from_package_module(assets, include_specs=True),
        asset_checks=dg.load_asset_checks_from_package_module(assets),
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
            send_messages_job,
            read_back_outcomes,
        ],
        schedules=[every_morning, every_hour, every_night],
        sensors=[
            automation,
            changed_pasts_sensor(daily_pull),
            dropped_files_changed,
            dropped_days,
            proposals_sensor(decide),
            unknown_outcomes,
            notices,
            failed_runs,
        ],
        resources=resources_of_runs(),
        executor=dg.in_process_executor,
    )
    return with_freshness(definitions)
