"""Removal effects of channels in a first-order Markov chain of touches (Anderl et al. 2016).

Known weakness: it forgets all but the last step, and removing a channel loses everybody who met it, so
frequent channels look important. It is therefore offered as an alternative and is not the default.
"""

import numpy as np
import pandas as pd

START, END, NOTHING = "(start)", "(outcome)", "(nothing)"


def removal_effects(touches: pd.DataFrame, has_outcome: pd.Series) -> dict[str, float]:
    """Share of outcomes lost without each channel; arguments as of
    `assets.core.crm.data_driven.noisy_or_rates`.
    """
    if touches.empty:
        return {}
    ordered = touches.assign(hit=has_outcome.to_numpy()).sort_values(["person_id", "touch_at"], kind="stable")
    person, channel = ordered["person_id"], ordered["channel"].astype(str)
    before = channel.shift().where(person.eq(person.shift()), START)
    last = ~person.eq(person.shift(-1))
    ends = pd.DataFrame({"from": channel[last], "to": np.where(ordered.loc[last, "hit"], END, NOTHING)})
    steps = pd.concat([pd.DataFrame({"from": before, "to": channel}), ends])
    counts = pd.crosstab(steps["from"], steps["to"])
    chance = counts.div(counts.sum(axis=1), axis=0)
    states = list(chance.index)
    inner = chance.reindex(columns=states, fill_value=0.0).to_numpy()
    success = chance[END].to_numpy() if END in chance else np.zeros(len(states))
    whole = _reached(inner, success, states.index(START))
    effects = {}
    for number, state in enumerate(states):
        if state != START:
            without = inner.copy()
            without[number], success_without = 0.0, success.copy()
            success_without[number] = 0.0
            effects[str(state)] = (
                1.0 - _reached(without, success_without, states.index(START)) / whole if whole > 0 else 0.0
            )
    return effects


def _reached(inner: np.ndarray, success: np.ndarray, start: int) -> float:
    """Probability of reaching an outcome from the start."""
    return float(np.linalg.solve(np.eye(len(inner)) - inner, success)[start])
