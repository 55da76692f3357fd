"""What every figure of the pages means, in words for people who buy ads: one text per term, wherever the term
stands.

Pages show it behind a small button beside the term (`m.tip` of the templates), which works by mouse, finger,
keyboard and screen reader, and the key figures once more at their end.
"""

import re
from collections.abc import Mapping

from assets.reports.pages.metrics import METRICS

_RANGE = "its 80 % range"
OTHERS: Mapping[str, tuple[str, str]] = {
    "account_spend": ("Spend, account", "Spend in the account's own currency. Sort by the reporting currency, in which accounts can be compared."),
    "matured": ("Matured", f"Share of the final conversions that can be seen by now, learned from how late earlier ones arrived. “Ends near” is what there will be in the end, with {_RANGE}."),
    "share": ("Share", "Share of the spend of all platforms."),
    "change_day": ("Δ weekday avg", "Change against the average of the same weekday in the four weeks before."),
    "change_week": ("Δ week before", "Change against the seven days before. Stands in the place of Δ weekday avg when the tables show the last 7 days."),
    "roas_change": ("Δ ROAS", "Change of claimed ROAS against the same weekday's average, or the week before. New days still grow, so it looks worse than it will be."),
    "verdict": ("Verdict", "What follows from the probability: pause, reduce, watch or fine; protected is not touched, and without enough evidence nothing is said."),
    "below_target": ("Below target", "Probability that the ad set earns less than its target."),
    "likely_roas": ("ROAS, likely", f"What its ROAS probably is once late conversions are in, and {_RANGE}."),
    "target": ("Target", "The ROAS it should reach: what policy.yaml asks of it, or else of the average of its like."),
    "waste": ("Waste a week", "What a week more of it would probably waste, in the reporting currency."),
    "expected": ("Was, expected", "What it was on the newest day, and the range in which four days out of five should lie."),
    "stake": ("At stake a day", "Money a day that the incident is about, in the reporting currency."),
    "plan": ("Plan", "What the month should come to: from the budgets file, else today's daily budgets times the days of the month."),
    "ends_at": ("Forecast", f"Where the month's spend will end: the median, and {_RANGE}."),
    "over": ("Chance over plan", "Probability that the month ends above plan by more than the tolerance."),
    "off_plan": ("Off plan", "Probability that the month ends above, or below, plan by more than the tolerance."),
    "needs_a_day": ("Needs a day", "What has to be spent a day, from now on, to land on plan."),
    "daily_budget": ("Daily budget", "Daily budgets now, and those that bring the month to plan, a fifth apart from today's at most."),
    "in_a_week": ("In a week", "How far the middle of the projection moved in a week."),
    "was_off_by": ("Was off by", "Median error of the same projection in up to six earlier months."),
    "paused": ("Paused", "What the month keeps if nothing of it runs any more."),
    "booked": ("Booked", "Leads and orders for which people came, by the CRM, without tests and refunds, by credit. An order of a customer who was not seen to come again is counted in revenue alone."),
    "inflation": ("Claimed / booked", "Conversions the platform claims for each that the CRM booked by credit."),
    "roas_booked": ("ROAS booked", f"Booked revenue by credit over spend, and {_RANGE} if the same money were spent again. Of all paid: touches that nobody saw are accounted for."),
    "cpql": ("CPQL", f"Cost per qualified lead: spend over the qualified leads that its clicks will have brought in the end, and {_RANGE}."),
    "qualified_matured": ("Matured", "Share of the qualified leads of these clicks that have qualified already."),
    "qualified": ("Qualified leads", "Leads that qualified in these days, by credit."),
    "pipeline": ("Pipeline", f"Open deals by credit: amount times the chance to win by stage and age, and {_RANGE}."),
    "blended_roas": ("Blended paid ROAS", "Booked revenue of paid credit over paid spend. Orders and touches that nobody saw are accounted for; the range holds the true figure four times in five."),
    "payback": ("Payback", "Days from the click until its cost is back, and the share of the cost that is back within 90 days: by margin where policy.yaml names one, else by revenue."),
    "segment_share": ("Share", "Share of all customers."),
    "segment_value": ("Value a year", "What a customer of the segment is expected to bring in the next 365 days, on average."),
    "segment_drift": ("Drift", "Population stability index of its members against the week before; above 0.2 the segment is not what it was."),
    "limits": ("Limits", "Guardrails that no approval lifts. They are judged when a proposal is made and again right before anything is written."),
    "effect": ("Expected effect", "What the change is expected to bring, with its 80 % range. Measured again afterwards."),
    "expires": ("Expires", "After that nobody can approve it any more. Nothing happens then, and the next morning may propose it anew."),
}  # fmt: skip
TERMS: Mapping[str, tuple[str, str]] = {
    **{metric.key: (metric.label, metric.meaning) for metric in METRICS},
    **OTHERS,
}
"""Label and meaning by key."""
_USED = re.compile(r'popovertarget="means-([a-z_]+)"')


def used(markup: str) -> dict[str, tuple[str, str]]:
    """The terms that `markup` has a button for, in its order."""
    return {key: TERMS[key] for key in dict.fromkeys(_USED.findall(markup))}
