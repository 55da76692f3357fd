"""Actions as Meta lists them: one event under several names, a number per attribution window."""

from functools import lru_cache

import numpy as np

Counts = dict[str, np.ndarray]
"""Counts per row, by the market's names."""


def money(micros: int) -> str:
    """Major units with two decimals, or none where there is no fraction to show."""
    return f"{micros // 1_000_000}.{micros % 1_000_000 // 10_000:02d}"


def actions(counts: Counts, windows: tuple[str, ...]) -> list[list[dict[str, str]] | None]:
    """Per row the list of what people did, None where they did nothing.

    Rows that look alike share a list, which must not be changed.
    """
    columns = (counts[name].tolist() for name in ("clicks", "purchases", "leads"))
    return [
        _action_list(clicks, purchases, leads, windows)
        for clicks, purchases, leads in zip(*columns, strict=True)
    ]


@lru_cache(maxsize=1 << 15)
def _action_list(
    clicks: int, purchases: int, leads: int, windows: tuple[str, ...]
) -> list[dict[str, str]] | None:
    links = clicks - clicks // 4
    listed_: list[dict[str, str]] = []
    if links:
        listed_ += [
            _action("link_click", links, windows),
            _action("landing_page_view", links - links // 5, windows),
        ]
    if purchases:  # one event under three names: whoever adds them counts it three times
        listed_ += [
            _action(name, purchases, windows)
            for name in ("purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase")
        ]
    if leads:
        listed_ += [_action(name, leads, windows) for name in ("lead", "onsite_web_lead")]
    return listed_ or None


def _action(name: str, count: int, windows: tuple[str, ...]) -> dict[str, str]:
    action = {"action_type": name, "value": str(count)}
    for window in windows:
        seen = count - count // 4 if window.endswith("click") else count // 4
        if seen:
            action[window] = str(seen)
    return action


def values(counts: Counts, windows: tuple[str, ...]) -> list[list[dict[str, str]] | None]:
    """Per row what the purchases were worth, None where there were none."""
    del windows
    return [
        (
            [{"action_type": name, "value": money(value)} for name in ("purchase", "omni_purchase")]
            if value
            else None
        )
        for value in counts["purchase_value_micros"].tolist()
    ]
