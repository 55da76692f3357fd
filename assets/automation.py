"""Declarative automation: the conditions under which an asset runs by itself, and how often a failed step is
tried again.

Built from Dagster's public automation conditions. Imports nothing of the project, so that every layer may use
it.

Dagster keeps the state of a `since` under an id made of its own name and the names of its two direct
children, whatever lies below them. Two `since` of one condition with children of the same names would share
their state without an error; tests/orchestration/test_automation.py holds every condition to distinct ids.
"""

import dagster as dg

_When = dg.AutomationCondition

SAFE_RETRIES = dg.RetryPolicy(
    max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""Retry policy of every step that may be repeated: for faults that are over after a minute or two. Errors
that another attempt cannot mend switch it off themselves (`resources.failures`). The ops that change a
platform never have it.
"""
EVERY_PARTITION = "follows its inputs"
NEWEST_PARTITION = "newest partition follows its inputs"
NEWEST_WEEK = "newest week, once every input was renewed after it ended"
"""Labels of the conditions: shown in the Dagster UI, and read by `orchestration.run_order` to choose the
partitions of a run.
"""
WITH_DETAILS = "follows the weekly details"
FIRST_RETRY, SECOND_RETRY = "*/10 * * * *", "0 * * * *"
"""Cron schedules at which a partition whose run failed is requested a second and a third time."""
WEEK_ENDED = "0 0 * * 1"
"""Monday 00:00 UTC, when a weekly partition comes into being."""


def follows(
    *,
    ignoring: dg.AssetSelection | None = None,
    also_at: str | None = None,
    label: str = EVERY_PARTITION,
) -> dg.AutomationCondition:
    """Request a partition when an input was renewed for it, also when its day is long past, and again after a
    failed run.

    An update is remembered until a request of this asset was made after it: an input that is renewed while a
    run of the asset goes on, or between two evaluations, leads to one more run. A failed run is requested
    again at the next tick of `FIRST_RETRY`, then of `SECOND_RETRY`: three attempts in all. After that it
    waits for a new input or a person. A run that a person cancelled is not requested again before the next
    input.

    Dagster's own `eager()` looks at the newest partition only, so a restated day would never reach the
    reports, and it waits until no input is missing, which a platform that nobody configured always is.

    Args:
        ignoring: Inputs without partitions. They would renew all of history at once, so a sensor requests the
            days they touch.
        also_at: Cron schedule at which the asset is requested even though no input was renewed.
        label: What the condition is called; `orchestration.run_order` reads it.
    """
    updated, inputs_in_progress = _When.any_deps_updated(), _When.any_deps_in_progress()
    if ignoring is not None:
        updated, inputs_in_progress = updated.ignore(ignoring), inputs_in_progress.ignore(ignoring)
    renewed: dg.AutomationCondition = updated
    if also_at is not None:
        renewed = updated | _When.cron_tick_passed(also_at)
    requested = _When.newly_requested()
    # Only a request empties this, and an update seen in the evaluation of that request is newer than it.
    pending = renewed.since(requested & ~renewed)
    runnable = (pending | _retry(_When.newly_updated() | renewed)) & ~inputs_in_progress
    return (runnable & ~_When.in_progress()).with_label(label)


def follows_details(*, ignoring: dg.AssetSelection) -> dg.AutomationCondition:
    """As `follows`, for what is made of the weekly details: inputs that are renewed every day are ignored."""
    return follows(ignoring=ignoring, label=WITH_DETAILS)


def follows_newest() -> dg.AutomationCondition:
    """As `follows`, for the newest partition alone: for signals and pages, which are about the newest day."""
    return (_When.in_latest_time_window() & follows()).with_label(NEWEST_PARTITION)


def newest_week() -> dg.AutomationCondition:
    """Request the newest week once, when every input was renewed after the week had ended, and again after a
    failed run.

    What waits for inputs needs no clock of its own: a late CRM or platform makes the week late, never
    incomplete.
    """
    week_ended = _When.cron_tick_passed(WEEK_ENDED)
    first_attempt = _When.newly_requested().since(_When.newly_updated() | week_ended)
    is_due = _When.missing() & _When.all_deps_updated_since_cron(WEEK_ENDED) & ~first_attempt
    runnable = _When.in_latest_time_window() & (is_due | _retry(_When.newly_updated() | week_ended))
    return (runnable & ~_When.in_progress()).with_label(NEWEST_WEEK)


def _retry(fresh_start: dg.AutomationCondition) -> dg.AutomationCondition:
    """True when a failed partition is due for its second or third request since `fresh_start` was last true."""
    requested, failed = _When.newly_requested(), _When.execution_failed()
    once = requested.since(fresh_start)
    twice = (requested & once & ~once.newly_true()).since(fresh_start)
    # The double negation changes nothing but the name of the child, and with it the id of this `since`.
    three_times = (requested & twice & ~twice.newly_true()).since(~~fresh_start)
    first_retry = failed & ~twice & _When.cron_tick_passed(FIRST_RETRY)
    second_retry = failed & twice & ~three_times & _When.cron_tick_passed(SECOND_RETRY)
    retry_due = (first_retry | second_retry).since(requested | _When.newly_updated())
    return retry_due & failed
