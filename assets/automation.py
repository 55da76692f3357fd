"""When things run by themselves. Named conditions, each with what its clauses are for. Imports nothing of ours."""

import dagster as dg

_When = dg.AutomationCondition


def follows(*, ignoring: dg.AssetSelection | None = None) -> dg.AutomationCondition:
    """Run a day again when what it is made of was renewed for that day, also when the day is long past.

    Dagster's own `eager()` looks at the newest day only, and a restated day would never reach the reports; it also waits until
    no input is missing, and a platform that nobody configured is missing for good. `ignoring` names inputs that have no days
    of their own: they would renew all of history at once, so a sensor asks for the days they touch instead.
    """
    renewed, busy = _When.any_deps_updated(), _When.any_deps_in_progress()
    if ignoring is not None:
        renewed, busy = renewed.ignore(ignoring), busy.ignore(ignoring)
    return (renewed.since_last_handled() & ~busy & ~_When.in_progress()).with_label("follows")


def follows_newest() -> dg.AutomationCondition:
    """Run the newest day alone when what it is made of was renewed: for pages, which show that day."""
    return (_When.in_latest_time_window() & follows()).with_label("follows the newest day")
