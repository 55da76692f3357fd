"""Limits of when and on what: what was changed lately, what learns, who edited it, blackouts, and figures
that can be trusted.
"""

from datetime import date, datetime, timedelta

import pandas as pd

from assets.actions.guardrails.case import Case, StoredNotice, budgets, labels_of, learns
from assets.actions.guardrails.context import by_day, share_visible
from resources.ledger.proposal import Change
from resources.policy.policy import Blackout


def cool_down(case: Case) -> StoredNotice:
    if case.is_revert:
        return True, "leads back to what was there before"
    for change in case.proposal.changes:
        hours = case.limits.cool_down_hours
        if change.target.platform == "meta_ads" and learns(change):
            hours = max(hours, case.limits.cool_down_hours_learning)
        if earlier := case.around.writes_on(change, hours=hours):
            return (
                False,
                (
                    f"{change.target.entity_id} was changed at {earlier[-1][1]:%Y-%m-%d %H:%M} UTC; {hours:g}"
                    " hours have to pass"
                ),
            )
    return True, "nothing of it was changed lately"


def budget_changes(case: Case) -> StoredNotice:
    """Meta refuses a fifth change of a budget within an hour, whoever made the others.

    A bundle keeps one for its way back.
    """
    for change in budgets(case):
        most = case.limits.budget_changes_an_hour.get(change.target.platform)
        if most is None:
            continue
        known = case.around.budget_changes(change, hours=1)
        if known is None:
            return None, f"how often the budget of {change.target.entity_id} was changed lately is not known"
        spared = most - (1 if len(case.proposal.changes) > 1 else 0)
        if len(known) >= spared:
            free = known[len(known) - spared] + timedelta(hours=1) if spared else None
            return False, _too_often(change, len(known), most, free)
    return True, "no budget is changed more often within an hour than its platform lets it be"


def _too_often(change: Change, times: int, most: int, free: datetime | None) -> str:
    when = (
        f"it may go on at {free:%Y-%m-%d %H:%M} UTC" if free else "a bundle needs one more for its way back"
    )
    return (
        f"the budget of {change.target.entity_id} was changed {times} times within the last hour, by us or at"
        f" the platform, and {most} are allowed: {when}"
    )


def never(case: Case) -> StoredNotice:
    for change in case.proposal.changes:
        target, image = change.target, change.image
        labels = labels_of(case.policy, change)
        if labels is None:
            return None, f"the labels of {target.entity_id} at its platform could not be read"
        if held := sorted(labels & set(case.limits.never)):
            return False, f"{target.entity_id} carries the label {held[0]}, which is never changed"
        if change.pauses:
            account = case.around.account(target.platform, target.account_id)
            same = account[(account["level"] == "ad_set") & (account["campaign_id"] == image.campaign_id)]
            others = same[(same["status"] == "active") & (same["entity_id"] != target.entity_id)]
            paused = {
                one.target.entity_id
                for one in (
                    *case.around.writes_in(target.platform, target.account_id, hours=48),
                    *case.proposal.changes,
                )
                if one.pauses
            }
            if not set(others["entity_id"]) - paused:
                return False, f"{target.entity_id} is the last active ad set of its campaign"
    return True, "nothing protected, and never a campaign's last active ad set"


def learning(case: Case) -> StoredNotice:
    if case.is_revert:
        return True, "leads back to what was there before"
    for change in case.proposal.changes:
        if learns(change):
            return (
                False,
                (
                    f"{change.target.entity_id} is still learning ({change.image.learning_state}); a change"
                    " would begin that anew"
                ),
            )
    return True, "nothing is in a learning phase"


def human_edits(case: Case) -> StoredNotice:
    since = case.around.now - timedelta(hours=case.limits.human_edit_hours)
    for change in case.proposal.changes:
        edit = case.around.edits.get(change.target.words)
        if edit is None:
            return None, f"who edited {change.target.entity_id} last is not known"
        if edit.at is not None and edit.at >= since and not edit.by_us:
            return (
                False,
                (
                    f"somebody edited {change.target.entity_id} at {edit.at:%Y-%m-%d %H:%M} UTC;"
                    f" {case.limits.human_edit_hours:g} hours have to pass"
                ),
            )
    return True, f"nobody edited it within {case.limits.human_edit_hours:g} hours"


def blackouts(case: Case) -> StoredNotice:
    raises = [change for change in case.proposal.changes if change.raises]
    if not case.automatic and (not raises or case.proposal.kind == "reallocate_budget"):
        return True, "cuts, pauses and shifts that a person approved may happen at any time"
    for platform, account_id in case.proposal.accounts:
        at = case.around.local(platform, account_id)
        if at is None:
            return None, f"the time zone of account {account_id} is not known"
        for blackout in case.limits.blackouts:
            if within(blackout, at):
                return False, f"{blackout.name}: nothing rises now, {at:%a %H:%M} in account {account_id}"
        if raises and (at + timedelta(days=case.limits.month_end_days)).month != at.month:
            return False, f"nothing rises in the last {case.limits.month_end_days} days of a month"
    return True, "no blackout"


def within(blackout: Blackout, at: datetime) -> bool:
    """Whether a local time lies in a blackout."""
    if blackout.first_day is not None:
        return blackout.first_day <= at.date() <= (blackout.last_day or blackout.first_day)
    begins = (blackout.weekday or 0) * 24 + blackout.hour
    length = ((blackout.until_weekday or 0) * 24 + blackout.until_hour - begins) % 168
    return (at.weekday() * 24 + at.hour - begins) % 168 < length


def data(case: Case) -> StoredNotice:
    for platform, account_id in case.proposal.accounts:
        mine = case.around.of("campaign_days", platform, account_id)
        at = case.around.local(platform, account_id)
        if mine.empty or at is None:
            return None, f"there are no figures of account {account_id}"
        closed = mine[mine["day"] < pd.Timestamp(at.date())]
        if closed.empty:
            return None, f"there is no closed day of account {account_id}"
        last: date = closed["day"].max().date()
        ended = datetime.combine(last + timedelta(days=1), datetime.min.time(), at.tzinfo)
        pulled = closed[closed["day"] == closed["day"].max()]["read_at"].max()
        if (at - ended) > timedelta(hours=case.limits.data_hours):
            return (
                False,
                (
                    f"the last closed day of account {account_id} is {last}; figures may be"
                    f" {case.limits.data_hours:g} hours old"
                ),
            )
        if pulled < pd.Timestamp(ended):
            return False, f"{last} of account {account_id} was read before it was over"
        cuts = any(c.amount < 0 or c.pauses for c in case.proposal.changes)
        gap = unreconciled(case, platform, account_id, last)
        if wrong := gap or (tracking_incident(case, mine, last, account_id) if cuts else None):
            return False, wrong
    return True, f"figures are younger than {case.limits.data_hours:g} hours and add up"


def unreconciled(case: Case, platform: str, account_id: str, last: date) -> str | None:
    """Ad sets never spend more than their campaigns: if they do, figures were counted twice."""
    first = last - timedelta(days=13)
    sets, campaigns = (
        by_day(case.around.of(table, platform, account_id), "spend", first=first, last=last)
        for table in ("ad_set_days", "campaign_days")
    )
    if sets > campaigns * 1.005:
        return (
            f"ad sets of account {account_id} spent {sets:.2f} and its campaigns {campaigns:.2f}: the figures"
            " do not add up"
        )
    return None


def tracking_incident(case: Case, days: pd.DataFrame, last: date, account_id: str) -> str | None:
    """Clicks go on and conversions stop: then cuts would punish what is merely not counted."""
    visible = case.limits.visible

    def rate(first: date, until: date) -> tuple[float, float]:
        some = days[(days["day"] >= pd.Timestamp(first)) & (days["day"] <= pd.Timestamp(until))]
        age = (pd.Timestamp(last) - some["day"]).dt.days.to_numpy()
        ripe = float((some["clicks"].fillna(0) * share_visible(age, visible)).sum())
        return float(some["conversions"].fillna(0).sum()) / ripe if ripe else 0.0, by_day(
            days, "clicks", first=first, last=until
        )

    now, clicks = rate(last - timedelta(days=2), last)
    before, clicks_before = rate(last - timedelta(days=16), last - timedelta(days=3))
    usual = clicks_before / 14 * 3
    if before * usual < 10 or not usual or abs(clicks / usual - 1) > 0.20:
        return None
    if now < 0.4 * before:
        return (
            f"clicks of account {account_id} go on and conversions fell by {1 - now / before:.0%}: tracking"
            " may be broken, so nothing is cut"
        )
    return None


def newest(case: Case) -> StoredNotice:
    newest = case.around.newest_as_of
    if newest is None:
        return None, "the newest day with figures is not known"
    if case.proposal.as_of < newest - timedelta(days=1):
        return False, f"it rests on {case.proposal.as_of}, and figures up to {newest} are there"
    return True, f"it rests on {case.proposal.as_of}"


def evidence(case: Case) -> StoredNotice:
    if not case.automatic:
        return True, "a person weighs the evidence"
    expected = case.proposal.evidence.get("expected_conversions")
    if not isinstance(expected, int | float):
        return None, "how many conversions were to be expected is not known"
    if expected < case.limits.expected_for_automatic:
        return (
            False,
            (
                f"{expected:.0f} conversions were to be expected; {case.limits.expected_for_automatic:g} are"
                " needed to act unasked"
            ),
        )
    return True, f"{expected:.0f} conversions were to be expected"
