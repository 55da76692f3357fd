"""Turns declarative automation on: what follows from renewed inputs runs by itself, a range of days as one backfill."""

import dagster as dg

automation = dg.AutomationConditionSensorDefinition(
    name="automation",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    emit_backfills=True,
)
