"""When things run by themselves. Named conditions, each with what its clauses are for. Imports nothing of ours."""

import dagster as dg


def follows(*, ignoring: dg.AssetSelection | None = None) -> dg.AutomationCondition:
    """Run a day again when what it is made of was renewed for that day, also when the day is long past.

    `eager()` alone looks at the newest day only, and a restated day would never reach the reports. `ignoring` names inputs
    that have no days of their own: they would renew all of history at once, so a sensor asks for their days instead.
    """
    condition = dg.AutomationCondition.eager().without(dg.AutomationCondition.in_latest_time_window())
    condition = condition.without(dg.AutomationCondition.newly_missing())
    return condition.ignore(ignoring).with_label("follows") if ignoring else condition.with_label("follows")


def follows_newest() -> dg.AutomationCondition:
    """Run the newest day when what it is made of was renewed: for pages and signals, which look at today alone."""
    return dg.AutomationCondition.eager().with_label("follows the newest day")
