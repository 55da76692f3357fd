"""What to do about an incident, in a sentence; and whether a change of budget follows from it."""

from collections.abc import Mapping
from typing import Any

_UP = {
    "spend": "See what raised the spend; cut the budget if nobody meant it.",
    "cpc": "Look at bids, competition and the auction; a fifth less budget until it is known why.",
    "impressions": "See what raised the delivery.",
    "clicks": "See where the clicks come from; invalid ones are credited by the platform later.",
    "ctr": "Nothing to do, unless clicks are accidental: look at placements.",
    "cvr": "See whether conversions are counted twice; else learn from it.",
    "conversions": "See whether conversions are counted twice; else learn from it.",
    "conversion_value": "See whether values are counted twice; else learn from it.",
    "roas": "See whether conversions are counted twice; else learn from it.",
}
_DOWN = {
    "spend": "Find out why it does not deliver: billing, a limit, rejected ads, or a budget that ran out.",
    "cpc": "Nothing to do, unless cheap clicks are worth less: look at conversions per click.",
    "impressions": "Find out why it is shown less: bids, budget, rejected ads.",
    "clicks": "Find out why it is clicked less: ads, placements, delivery.",
    "ctr": "Renew the ads: people have seen them, or the placements changed.",
    "cvr": "Test the landing page and the tag on it before anything else.",
    "conversions": "Test the landing page and the tag on it before anything else.",
    "conversion_value": "Test the landing page and the values that the tag sends.",
    "roas": "Test the landing page and the tag; if they work, see signals/underperformers.",
}
_CUTS = {("spend", 1), ("cpc", 1)}


def advised(one: Mapping[str, Any]) -> str:
    """The next step."""
    if one["data"]:
        return "Repair the tracking. No pause or cut should follow from these days."
    if any(word in (one["change"] or "") for word in ("DISAPPROVED", "REJECTED")):
        return "Appeal or replace the rejected ads."
    return (_UP if one["effect"] > 0 else _DOWN).get(one["metric"], "Look at it.")


def asks_for_a_cut(one: Mapping[str, Any]) -> bool:
    """Whether a smaller budget follows: dearer or more than expected, a lot of money, nobody's change behind it, and trustworthy data."""
    up = 1 if one["value"] > one["expected"] else -1
    return (
        (one["metric"], up) in _CUTS and one["severity"] == "high" and one["state"] == "open" and not one["data"] and not one["change"]
        and one["level"] != "account" and not one["part_of"]
    )  # fmt: skip
