"""A media plan with customers in segments, whose true returns are known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Plan:
    """Arguments of `perform`, and the true return by segment and ad set."""

    people: pd.DataFrame
    touches: pd.DataFrame
    delivery: pd.DataFrame
    credit: pd.DataFrame
    truth: pd.Series

    @property
    def all(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        return self.people, self.touches, self.delivery, self.credit


def plan(
    returns: dict[tuple[str, str], float],
    reach: dict[tuple[str, str], int],
    *,
    seed: int,
    order: float = 100.0,
    noise: float = 0.6,
) -> Plan:
    """`reach` people of each (segment, ad set), one touch and one unit of 10 spend each, whose orders
    bring `returns` per spend on average.
    """
    rng = np.random.default_rng(seed)
    people, touches, credit = [], [], []
    number = 0
    for (segment, ad_set), count in reach.items():
        campaign = f"c-{ad_set[-1]}" if ad_set.startswith("x") else "c-1"
        for _ in range(count):
            who = f"p{number}"
            number += 1
            touch = {"person_id": who, "channel": "meta_ads", "campaign_id": campaign, "ad_set_id": ad_set}
            people.append({"customer_id": who, "segment_id": segment, "expected_value": 50.0})
            touches.append(touch)
            credit += [
                touch
                | {"kind": "order", "credit": 1.0, "value": order * rng.lognormal(-(noise**2) / 2, noise)}
                for _ in range(rng.poisson(returns[segment, ad_set] * 10 / order))
            ]
    ad_sets = (
        pd.DataFrame(touches)
        .groupby(["channel", "campaign_id", "ad_set_id"])
        .size()
        .rename("clicks")
        .reset_index()
    )
    delivery = ad_sets.rename(columns={"channel": "platform"}).assign(spend=ad_sets["clicks"] * 10.0)
    names = ["person_id", "kind", "channel", "campaign_id", "ad_set_id", "credit", "value"]
    return Plan(
        pd.DataFrame(people),
        pd.DataFrame(touches),
        delivery,
        pd.DataFrame(credit, columns=names),
        pd.Series(returns),
    )
