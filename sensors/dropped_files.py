"""Requests a run that reads the drop folder when a file or a mapping in it was added, changed or removed."""

import dagster as dg

from resources.drop_folder import DroppedFiles
from resources.tables.dropped import DAYS, ENTITIES, PARTS, REJECTS


@dg.sensor(
    name="dropped_files_changed",
    target=dg.AssetSelection.assets(
        *(table.asset_key for table in (*DAYS.values(), ENTITIES, PARTS, REJECTS))
    ),
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reads the drop folder when something in it changed.",
)
def dropped_files_changed(
    context: dg.SensorEvaluationContext, dropped_files: dg.ResourceParam[DroppedFiles]
) -> dg.RunRequest | dg.SkipReason:
    if not dropped_files.folder.is_dir():
        return dg.SkipReason("There is no drop folder.")
    now = dropped_files.fingerprint()
    if now == context.cursor:
        return dg.SkipReason("Nothing changed.")
    context.update_cursor(now)
    return dg.RunRequest(run_key=now)
