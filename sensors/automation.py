"""Sensor that evaluates the automation conditions and requests runs, a range of days as one backfill."""

import dagster as dg

automation = dg.AutomationConditionSensorDefinition(
    name="automation",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    emit_backfills=True,
)
