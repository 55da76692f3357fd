"""What a limit judges, and the sizes that several limits share."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

from assets.actions.guardrails.context import Surroundings, mean_spend
from assets.signals.underperformers.candidates import is_learning
from resources.ledger.proposal import Change, Proposal
from resources.policy.policy import Guardrails, Policy

StoredNotice = tuple[bool | None, str]
"""Whether a limit holds (None: that cannot be said), and why."""


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


def budgets(case: Case) -> list[Change]:
    return [change for change in case.proposal.changes if change.budgets]


def learns(change: Change) -> bool:
    return is_learning(change.image.learning_state)


def labels_of(policy: Policy, change: Change) -> frozenset[str] | None:
    """The policy's labels that hold for what is changed; None where the platform's labels matter and could
    not be read.
    """
    target, image = change.target, change.image
    if image.labels is None and policy.asks_platform_labels:
        return None
    return frozenset().union(
        *(
            policy.labels_of(
                campaign_id=campaign_id,
                campaign_name=campaign_name,
                ad_set_id=target.ad_set_id,
                at_platform=image.labels or (),
            )
            for campaign_id, campaign_name in change.campaigns or ((None, None),)
        )
    )


def weight(case: Case, change: Change, today: date) -> Decimal:
    """How much money a day a change moves: a budget's difference, or what a paused ad set usually spends."""
    if change.moves == "budget":
        return abs(change.amount)
    if change.moves == "nothing":
        return Decimal(0)
    return mean_spend(case.around.days_of(change), until=today - timedelta(days=1), count=14)


def spends(days: pd.DataFrame, today: date) -> pd.Series:
    """Spend of each of the last 28 closed days that delivered."""
    some = days[
        (days["day"] < pd.Timestamp(today)) & (days["day"] >= pd.Timestamp(today - timedelta(days=28)))
    ]
    return some.groupby("day")["spend"].sum()
