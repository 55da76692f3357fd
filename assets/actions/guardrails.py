"""The limits no approval lifts, judged when a proposal is made and again right before it is carried out.

A limit whose input is missing, or whose judgement breaks, does not hold: only a plain yes lets anything be written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import floor

import pandas as pd

from assets.actions.surroundings import Surroundings, by_day, daily_budgets, mean_spend
from assets.actions.visible import share_visible
from resources.errors import DataUnusable
from resources.ledger.proposal import Change, Proposal, Verdict
from resources.platforms.money import smallest
from resources.policy import Blackout, Guardrails, Policy

Said = tuple[bool | None, str]


@dataclass(frozen=True)
class Case:
    """What is judged: a proposal, by a policy, in its surroundings. `automatic`: nobody looked at it."""

    proposal: Proposal
    policy: Policy
    around: Surroundings
    automatic: bool

    @property
    def limits(self) -> Guardrails:
        return self.policy.guardrails

    @property
    def is_revert(self) -> bool:
        return self.proposal.kind == "revert"


def judge(
    proposal: Proposal, policy: Policy, around: Surroundings, *, automatic: bool
) -> tuple[Verdict, ...]:
    """A verdict per limit, in a fixed order."""
    case = Case(proposal, policy, around, automatic)
    return tuple(_said(name, limit, case) for name, limit in LIMITS.items())


def refusals(verdicts: tuple[Verdict, ...]) -> list[Verdict]:
    """The verdicts that keep a proposal from being carried out."""
    return [verdict for verdict in verdicts if verdict.holds is not True]


def _said(name: str, limit: Callable[[Case], Said], case: Case) -> Verdict:
    try:
        holds, words = limit(case)
    except Exception as error:  # noqa: BLE001 — a limit that breaks must not open the gate, whatever broke it
        holds, words = None, f"could not be judged ({type(error).__name__}: {error})"
    return Verdict(guardrail=name, holds=holds, words=words)


def _amounts(case: Case) -> Said:
    for change in case.proposal.changes:
        currency, cap = (
            change.image.currency,
            case.policy.cap(change.target.platform, change.target.account_id),
        )
        try:
            unit = smallest(change.target.platform, currency)
        except DataUnusable as error:
            return None, str(error)
        if cap is not None and cap.currency != currency:
            return False, f"the account bills in {currency} and its cap is in {cap.currency}"
        if change.field != "daily_budget":
            continue
        before, after = Decimal(change.before), Decimal(change.after)
        if after <= 0 or before <= 0:
            return False, f"{after} {currency} is no amount to spend"
        if after % unit:
            return False, f"{after} is no whole number of {unit} {currency}"
        if after > before * Decimal(str(case.limits.most_times_current)):
            return (
                False,
                f"{after} is more than {case.limits.most_times_current:g} times {before}: it looks like a slip of a digit",
            )
    return True, "amounts are above zero, in the account's currency and of a size that can be meant"


def _change_size(case: Case) -> Said:
    if case.is_revert:
        return True, "leads back to what was there before"
    for change in _budgets(case):
        share = abs(change.amount) / Decimal(change.before)
        if share > Decimal(str(case.limits.change_share)) + Decimal("0.0001"):
            return (
                False,
                f"{change.target.entity_id} would change by {share:.0%}; {case.limits.change_share:.0%} at once is allowed",
            )
        week = case.around.writes_on(change, hours=168)
        moved = sum(
            (abs(one.amount) / Decimal(one.before) for one, _ in week if one.field == "daily_budget"), share
        )
        if moved > Decimal(str(case.limits.change_share_week)) + Decimal("0.0001"):
            return (
                False,
                f"{change.target.entity_id} would have changed by {moved:.0%} within seven days; {case.limits.change_share_week:.0%} is allowed",
            )
    return True, f"no budget moves by more than {case.limits.change_share:.0%}"


def _cool_down(case: Case) -> Said:
    if case.is_revert:
        return True, "leads back to what was there before"
    for change in case.proposal.changes:
        hours = case.limits.cool_down_hours
        if change.target.platform == "meta_ads" and _learns(change):
            hours = max(hours, case.limits.cool_down_hours_learning)
        if earlier := case.around.writes_on(change, hours=hours):
            return (
                False,
                f"{change.target.entity_id} was changed at {earlier[-1][1]:%Y-%m-%d %H:%M} UTC; {hours:g} hours have to pass",
            )
    return True, "nothing of it was changed lately"


def _blast_radius(case: Case) -> Said:
    if case.is_revert:
        return True, "leads back to what was there before"
    share = case.limits.account_share_a_day_automatic if case.automatic else case.limits.account_share_a_day
    for platform, account_id in case.proposal.accounts:
        account = case.around.account(platform, account_id)
        whole, today = daily_budgets(account), case.around.today(platform, account_id)
        if not whole or today is None:
            return None, f"the daily budgets of account {account_id} are not known"
        mine = [
            c
            for c in case.proposal.changes
            if (c.target.platform, c.target.account_id) == (platform, account_id)
        ]
        changes = [*case.around.writes_in(platform, account_id, hours=24), *mine]
        moved = sum((_weight(case, change, today) for change in changes), Decimal(0))
        if moved > whole * Decimal(str(share)):
            return (
                False,
                f"account {account_id} would move {moved:.2f} of {whole:.2f} a day within 24 hours; {share:.0%} is allowed",
            )
        pauses = sum(change.after == "paused" for change in changes)
        active = int(((account["level"] == "ad_set") & (account["status"] == "active")).sum())
        allowed = min(case.limits.pauses_a_day, max(1, floor(active * case.limits.pauses_share_a_day)))
        if pauses > allowed and any(change.after == "paused" for change in mine):
            return (
                False,
                f"{pauses} pauses in account {account_id} within 24 hours; {allowed} of {active} active ad sets are allowed",
            )
    return True, f"no account moves more than {share:.0%} of its daily budgets within 24 hours"


def _caps(case: Case) -> Said:
    for platform, account_id in case.proposal.accounts:
        cap = case.policy.cap(platform, account_id)
        if cap is None:
            return None, f'policy.yaml has no cap for "{platform} {account_id}"'
        rise = Decimal(0)
        for change in _budgets(case):
            if (change.target.platform, change.target.account_id) != (platform, account_id):
                continue
            rise += change.amount
            if Decimal(change.after) > cap.entity_daily:
                return (
                    False,
                    f"{change.after} {cap.currency} a day is above the cap of {cap.entity_daily} for one budget",
                )
        whole = daily_budgets(case.around.account(platform, account_id)) + rise
        if rise > 0 and whole > cap.account_daily:
            return (
                False,
                f"account {account_id} would be budgeted {whole:.2f} {cap.currency} a day; its cap is {cap.account_daily}",
            )
    return True, "within the caps of policy.yaml"


def _floor_and_ceiling(case: Case) -> Said:
    if case.is_revert:
        return True, "leads back to what was there before"
    for change in _budgets(case):
        least = case.limits.least_daily.get(change.target.platform)
        today = case.around.today(change.target.platform, change.target.account_id)
        days = case.around.days_of(change)
        if least is None or today is None or days.empty:
            return None, f"what {change.target.entity_id} spent lately is not known"
        recent = _spends(days, today)
        low = max(least, Decimal(str(round(float(recent.median()) * case.limits.floor_share, 2))))
        high = max(Decimal(str(round(float(recent.max()) * case.limits.ceiling_share, 2))), least)
        after = Decimal(change.after)
        if change.amount < 0 and after < low:
            return (
                False,
                f"{after} is below the floor of {low} (half of what it usually spends, and the platform's minimum)",
            )
        if change.amount > 0 and after > high:
            return (
                False,
                f"{after} is above {high}: it never spent that much, so nobody knows what it would do with it",
            )
    return True, "between half of what it usually spends and a fifth more than it ever spent in 28 days"


def _never(case: Case) -> Said:
    for change in case.proposal.changes:
        target, image = change.target, change.image
        labels = case.policy.labels_of(
            campaign_id=image.campaign_id, campaign_name=image.campaign_name,
            ad_set_id=target.entity_id if target.level == "ad_set" else None,
        )  # fmt: skip
        if held := sorted(labels & set(case.limits.never)):
            return False, f"{target.entity_id} carries the label {held[0]}, which is never changed"
        if change.after == "paused":
            account = case.around.account(target.platform, target.account_id)
            same = account[(account["level"] == "ad_set") & (account["campaign_id"] == image.campaign_id)]
            others = same[(same["status"] == "active") & (same["entity_id"] != target.entity_id)]
            paused = {
                one.target.entity_id
                for one in (
                    *case.around.writes_in(target.platform, target.account_id, hours=48),
                    *case.proposal.changes,
                )
                if one.after == "paused"
            }
            if not set(others["entity_id"]) - paused:
                return False, f"{target.entity_id} is the last active ad set of its campaign"
    return True, "nothing protected, and never a campaign's last active ad set"


def _learning(case: Case) -> Said:
    if case.is_revert:
        return True, "leads back to what was there before"
    for change in case.proposal.changes:
        if _learns(change):
            return (
                False,
                f"{change.target.entity_id} is still learning ({change.image.learning_state}); a change would begin that anew",
            )
    return True, "nothing is in a learning phase"


def _human_edits(case: Case) -> Said:
    since = case.around.now - timedelta(hours=case.limits.human_edit_hours)
    for change in case.proposal.changes:
        edit = case.around.edits.get(change.target.words)
        if edit is None:
            return None, f"who edited {change.target.entity_id} last is not known"
        if edit.at is not None and edit.at >= since and not edit.by_us:
            return (
                False,
                f"somebody edited {change.target.entity_id} at {edit.at:%Y-%m-%d %H:%M} UTC; {case.limits.human_edit_hours:g} hours have to pass",
            )
    return True, f"nobody edited it within {case.limits.human_edit_hours:g} hours"


def _blackouts(case: Case) -> Said:
    raises = [c for c in case.proposal.changes if c.amount > 0 or c.after == "active"]
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


def _data(case: Case) -> Said:
    for platform, account_id in case.proposal.accounts:
        days = case.around.campaign_days
        mine = days[(days["platform"] == platform) & (days["account_id"] == account_id)]
        at = case.around.local(platform, account_id)
        if mine.empty or at is None:
            return None, f"there are no figures of account {account_id}"
        closed = mine[mine["day"] < pd.Timestamp(at.date())]
        if closed.empty:
            return None, f"there is no closed day of account {account_id}"
        last: date = closed["day"].max().date()
        ended = datetime.combine(last + timedelta(days=1), datetime.min.time(), at.tzinfo)
        pulled = closed[closed["day"] == closed["day"].max()]["pulled_at"].max()
        if (at - ended) > timedelta(hours=case.limits.data_hours):
            return (
                False,
                f"the last closed day of account {account_id} is {last}; figures may be {case.limits.data_hours:g} hours old",
            )
        if pulled < pd.Timestamp(ended):
            return False, f"{last} of account {account_id} was read before it was over"
        if gap := _unreconciled(case, platform, account_id, last):
            return False, gap
        cuts = [c for c in case.proposal.changes if c.amount < 0 or c.after == "paused"]
        if cuts and (incident := _tracking_incident(case, mine, last, account_id)):
            return False, incident
    return True, f"figures are younger than {case.limits.data_hours:g} hours and add up"


def _unreconciled(case: Case, platform: str, account_id: str, last: date) -> str | None:
    """Ad sets never spend more than their campaigns: if they do, figures were counted twice."""
    first = last - timedelta(days=13)
    sets, campaigns = (
        by_day(
            rows[(rows["platform"] == platform) & (rows["account_id"] == account_id)],
            "spend",
            first=first,
            last=last,
        )
        for rows in (case.around.ad_set_days, case.around.campaign_days)
    )
    if sets > campaigns * 1.005:
        return f"ad sets of account {account_id} spent {sets:.2f} and its campaigns {campaigns:.2f}: the figures do not add up"
    return None


def _tracking_incident(case: Case, days: pd.DataFrame, last: date, account_id: str) -> str | None:
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
        return f"clicks of account {account_id} go on and conversions fell by {1 - now / before:.0%}: tracking may be broken, so nothing is cut"
    return None


def _untouched(case: Case) -> Said:
    for platform, account_id in case.proposal.accounts:
        today = case.around.today(platform, account_id)
        days = case.around.ad_set_days
        mine = days[(days["platform"] == platform) & (days["account_id"] == account_id)]
        if today is None or mine.empty:
            return None, f"there are no figures of account {account_id}"
        touched = [
            change
            for change in (*case.around.writes_in(platform, account_id, hours=24), *case.proposal.changes)
            if (change.target.platform, change.target.account_id) == (platform, account_id)
        ]
        sets = {change.target.entity_id for change in touched if change.target.level == "ad_set"}
        campaigns = {
            own
            for change in touched
            if change.target.level != "ad_set"
            for own in case.around.campaigns_of(change)
        }
        whole = float(mine["conversions"].fillna(0).sum())
        hit = mine[mine["ad_set_id"].isin(sets) | mine["campaign_id"].isin(campaigns)]
        share = float(hit["conversions"].fillna(0).sum()) / whole if whole else 0.0
        if share > 1 - case.limits.untouched_share:
            return (
                False,
                f"{share:.0%} of the conversions of account {account_id} would be touched within 24 hours; {1 - case.limits.untouched_share:.0%} is allowed",
            )
    return True, f"at least {case.limits.untouched_share:.0%} of each account's conversions stay untouched"


def _newest(case: Case) -> Said:
    newest = case.around.newest_as_of
    if newest is None:
        return None, "the newest day with figures is not known"
    if case.proposal.as_of < newest - timedelta(days=1):
        return False, f"it rests on {case.proposal.as_of}, and figures up to {newest} are there"
    return True, f"it rests on {case.proposal.as_of}"


def _evidence(case: Case) -> Said:
    if not case.automatic:
        return True, "a person weighs the evidence"
    expected = case.proposal.evidence.get("expected_conversions")
    if not isinstance(expected, int | float):
        return None, "how many conversions were to be expected is not known"
    if expected < case.limits.expected_for_automatic:
        return (
            False,
            f"{expected:.0f} conversions were to be expected; {case.limits.expected_for_automatic:g} are needed to act unasked",
        )
    return True, f"{expected:.0f} conversions were to be expected"


LIMITS: dict[str, Callable[[Case], Said]] = {
    "amounts": _amounts,
    "change size": _change_size,
    "cool-down": _cool_down,
    "blast radius": _blast_radius,
    "caps": _caps,
    "floor and ceiling": _floor_and_ceiling,
    "never": _never,
    "learning phase": _learning,
    "human edits": _human_edits,
    "blackouts": _blackouts,
    "data": _data,
    "batch safety": _untouched,
    "newest day": _newest,
    "evidence": _evidence,
}


def _budgets(case: Case) -> list[Change]:
    return [change for change in case.proposal.changes if change.field == "daily_budget"]


def _learns(change: Change) -> bool:
    state = (change.image.learning_state or "").upper()
    return state.startswith("LEARNING") and "LIMITED" not in state


def _weight(case: Case, change: Change, today: date) -> Decimal:
    """How much money a day a change moves: a budget's difference, or what a paused ad set usually spends."""
    if change.field == "daily_budget":
        return abs(change.amount)
    return mean_spend(case.around.days_of(change), until=today - timedelta(days=1), count=14)


def _spends(days: pd.DataFrame, today: date) -> pd.Series:
    """Spend of each of the last 28 closed days that delivered."""
    some = days[
        (days["day"] < pd.Timestamp(today)) & (days["day"] >= pd.Timestamp(today - timedelta(days=28)))
    ]
    return some.groupby("day")["spend"].sum()
