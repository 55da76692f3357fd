"""Limits of bids: only those that people set, in small steps, in whole units."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from resources.errors import DataUnusable
from resources.kinds.bid.change import BidChange
from resources.kinds.judging import Judged, Verdict
from resources.platforms.money import smallest


def bid(judged: Judged) -> Verdict:
    most = Decimal(str(judged.policy.guardrails.change_share))
    for change in judged.proposal.changes:
        if not isinstance(change, BidChange):
            continue
        before, after, currency = Decimal(change.before), Decimal(change.after), change.image.currency
        if not change.image.is_by_hand:
            return False, f"under {change.image.bid_strategy} the platform sets the bid"
        if before <= 0 or after <= 0:
            return False, f"{after} {currency} is no bid"
        try:
            unit = smallest(change.target.platform, currency)
        except DataUnusable as error:
            return None, str(error)
        if after % unit:
            return False, f"{after} is no whole number of {unit} {currency}"
        share = abs(after - before) / before
        if share > most and not judged.is_revert:
            return (
                False,
                f"{change.image.name} would bid {share:.0%} differently; {most:.0%} at once is allowed",
            )
    return True, f"a bid that people set, and no bid moves by more than {most:.0%}"


LIMITS: Mapping[str, Callable[[Judged], Verdict]] = {"bid": bid}
