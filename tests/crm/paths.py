"""Paths whose credit is known by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

END = datetime(2026, 11, 1, 12, tzinfo=UTC)


def path(person: str, *touches: tuple[str, float], end: datetime = END) -> pd.DataFrame:
    """Touches of a person: channel, and how many days before the end."""
    return pd.DataFrame(
        [
            {"person_id": person, "touch_at": end - timedelta(days=days), "channel": channel}
            for channel, days in touches
        ]
    )


def order(
    person: str, value: float = 100.0, *, at: datetime = END, name: str | None = None
) -> dict[str, object]:
    return {"outcome_id": name or f"o-{person}", "person_id": person, "at": at, "value": value}


def noisy_world(
    pull: dict[str, float], *, people: int = 4_000, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """People with one to four touches at random, convinced one touch at a time; touches, outcomes, and the
    true credit by channel.
    """
    rng, channels = np.random.default_rng(seed), list(pull)
    touches, outcomes, true = [], [], dict.fromkeys(channels, 0.0)
    for number in range(people):
        met = [channels[n] for n in rng.integers(0, len(channels), rng.integers(1, 5))]
        touches += [
            {
                "person_id": str(number),
                "touch_at": END - timedelta(days=float(rng.uniform(0.1, 30))),
                "channel": name,
            }
            for name in met
        ]
        whole = sum(pull[name] for name in met)
        if rng.uniform() < -np.expm1(-whole):
            outcomes.append(order(str(number)))
            for name in met:
                true[name] += pull[name] / whole
    return pd.DataFrame(touches), pd.DataFrame(outcomes), true
