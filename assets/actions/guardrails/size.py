"""Limits of how much: amounts, steps, caps, and how far one day may reach."""

from decimal import Decimal
from math import floor

from assets.actions.guardrails.case import Case, StoredNotice, budgets, spends, weight
from assets.actions.guardrails.context import daily_budgets
from resources.errors import DataUnusable
from resources.ledger.proposal import Change
from resources.platforms.money import smallest


def amounts(case: Case) -> StoredNotice:
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
        if change.budgets is None:
            continue
        before, after = change.budgets
        if after <= 0 or before <= 0:
            return False, f"{after} {currency} is no amount to spend"
        if after % unit:
            return False, f"{after} is no whole number of {unit} {currency}"
        if after > before * Decimal(str(case.limits.most_times_current)):
            return (
                False,
                (
                    f"{after} is more than {case.limits.most_times_current:g} times {before}: it looks like a"
                    " slip of a digit"
                ),
            )
    return True, "amounts are above zero, in the account's currency and of a size that can be meant"


def change_size(case: Case) -> StoredNotice:
    if case.is_revert:
        return True, "leads back to what was there before"
    for change in budgets(case):
        share = _share(change)
        if share > Decimal(str(case.limits.change_share)) + Decimal("0.0001"):
            return (
                False,
                (
                    f"{change.target.entity_id} would change by {share:.0%}; {case.limits.change_share:.0%}"
                    " at once is allowed"
                ),
            )
        week = case.around.writes_on(change, hours=168)
        moved = sum((_share(one) for one, _ in week if one.budgets), share)
        if moved > Decimal(str(case.limits.change_share_week)) + Decimal("0.0001"):
            return (
                False,
                (
                    f"{change.target.entity_id} would have changed by {moved:.0%} within seven days;"
                    f" {case.limits.change_share_week:.0%} is allowed"
                ),
            )
    return True, f"no budget moves by more than {case.limits.change_share:.0%}"


def _share(change: Change) -> Decimal:
    """By what share of the budget before it a budget moves."""
    return abs(change.amount) / change.budgets[0] if change.budgets else Decimal(0)


def blast_radius(case: Case) -> StoredNotice:
    if case.is_revert:
        return True, "leads back to what was there before"
    share = case.limits.account_share_a_day_automatic if case.automatic else case.limits.account_share_a_day
    for platform, account_id in case.proposal.accounts:
        account = case.around.account(platform, account_id)
        whole, today = daily_budgets(account), case.around.local_day(platform, account_id)
        if not whole or today is None:
            return None, f"the daily budgets of account {account_id} are not known"
        mine = [
            c
            for c in case.proposal.changes
            if (c.target.platform, c.target.account_id) == (platform, account_id)
        ]
        changes = [*case.around.writes_in(platform, account_id, hours=24), *mine]
        moved = sum((weight(case, change, today) for change in changes), Decimal(0))
        if moved > whole * Decimal(str(share)):
            return (
                False,
                (
                    f"account {account_id} would move {moved:.2f} of {whole:.2f} a day within 24 hours;"
                    f" {share:.0%} is allowed"
                ),
            )
        pauses = sum(change.pauses for change in changes)
        active = int(((account["level"] == "ad_set") & (account["status"] == "active")).sum())
        allowed = min(case.limits.pauses_a_day, max(1, floor(active * case.limits.pauses_share_a_day)))
        if pauses > allowed and any(change.pauses for change in mine):
            return (
                False,
                (
                    f"{pauses} pauses in account {account_id} within 24 hours; {allowed} of {active} active"
                    " ad sets are allowed"
                ),
            )
    return True, f"no account moves more than {share:.0%} of its daily budgets within 24 hours"


def caps(case: Case) -> StoredNotice:
    for platform, account_id in case.proposal.accounts:
        cap = case.policy.cap(platform, account_id)
        if cap is None:
            return None, f'policy.yaml has no cap for "{platform} {account_id}"'
        rise = Decimal(0)
        for change in budgets(case):
            if (change.target.platform, change.target.account_id) != (platform, account_id):
                continue
            rise += change.amount
            if change.budgets is not None and change.budgets[1] > cap.entity_daily:
                return (
                    False,
                    (
                        f"{change.budgets[1]} {cap.currency} a day is above the cap of {cap.entity_daily} for"
                        " one budget"
                    ),
                )
        whole = daily_budgets(case.around.account(platform, account_id)) + rise
        if rise > 0 and whole > cap.account_daily:
            return (
                False,
                (
                    f"account {account_id} would be budgeted {whole:.2f} {cap.currency} a day; its cap is"
                    f" {cap.account_daily}"
                ),
            )
    return True, "within the caps of policy.yaml"


def floor_and_ceiling(case: Case) -> StoredNotice:
    if case.is_revert:
        return True, "leads back to what was there before"
    for change in budgets(case):
        least = case.limits.least_daily.get(change.target.platform)
        today = case.around.local_day(change.target.platform, change.target.account_id)
        days = case.around.days_of(change)
        if least is None or today is None or days.empty:
            return None, f"what {change.target.entity_id} spent lately is not known"
        recent = spends(days, today)
        low = max(least, Decimal(str(round(float(recent.median()) * case.limits.floor_share, 2))))
        high = max(Decimal(str(round(float(recent.max()) * case.limits.ceiling_share, 2))), least)
        after = change.budgets[1] if change.budgets else Decimal(0)
        if change.amount < 0 and after < low:
            return (
                False,
                (
                    f"{after} is below the floor of {low} (half of what it usually spends, and the platform's"
                    " minimum)"
                ),
            )
        if change.amount > 0 and after > high:
            return (
                False,
                (
                    f"{after} is above {high}: it never spent that much, so nobody knows what it would do"
                    " with it"
                ),
            )
    return True, "between half of what it usually spends and a fifth more than it ever spent in 28 days"


def untouched(case: Case) -> StoredNotice:
    for platform, account_id in case.proposal.accounts:
        today = case.around.local_day(platform, account_id)
        mine = case.around.of("ad_set_days", platform, account_id)
        if today is None or mine.empty:
            return None, f"there are no figures of account {account_id}"
        touched = [
            change
            for change in (*case.around.writes_in(platform, account_id, hours=24), *case.proposal.changes)
            if change.touches_delivery and change.target.account == (platform, account_id)
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
                (
                    f"{share:.0%} of the conversions of account {account_id} would be touched within 24"
                    f" hours; {1 - case.limits.untouched_share:.0%} is allowed"
                ),
            )
    return True, f"at least {case.limits.untouched_share:.0%} of each account's conversions stay untouched"
