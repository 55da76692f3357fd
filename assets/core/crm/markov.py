"""How much fewer outcomes there would be without each channel, if people walked from touch to touch by chance (a first-order chain).

Known weakness: what came before the last step is forgotten, and removing a channel sends everybody who met it away, so often-met channels
look important. That is why it is a peer here and not the default.
"""

import numpy as np
import pandas as pd

START, END, NOTHING = "(start)", "(outcome)", "(nothing)"


def removal_effects(touches: pd.DataFrame, has_outcome: pd.Series) -> dict[str, float]:
    """Share of outcomes lost without each channel; arguments as of `assets.core.crm.data_driven.noisy_or_pulls`."""
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
    found = {}
    for number, state in enumerate(states):
        if state != START:
            without = inner.copy()
            without[number], kept = 0.0, success.copy()
            kept[number] = 0.0
            found[str(state)] = (
                1.0 - _reached(without, kept, states.index(START)) / whole if whole > 0 else 0.0
            )
    return found


def _reached(inner: np.ndarray, success: np.ndarray, start: int) -> float:
    """The chance to get to an outcome from the start."""
    return float(np.linalg.solve(np.eye(len(inner)) - inner, success)[start])
