"""Recommended action per incident, and whether a budget cut follows from it."""

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


def recommended_action(incident: Mapping[str, Any]) -> str:
    """The recommended next step, in a sentence."""
    if incident["data"]:
        return "Repair the tracking. No pause or cut should follow from these days."
    if any(word in (incident["change"] or "") for word in ("DISAPPROVED", "REJECTED")):
        return "Appeal or replace the rejected ads."
    return (_UP if incident["effect"] > 0 else _DOWN).get(incident["metric"], "Look at it.")


def asks_for_a_cut(incident: Mapping[str, Any]) -> bool:
    """Whether a budget cut is proposed: an open incident of high severity in spend or CPC, above expectation,
    that no recorded change and no data-quality fault explains.
    """
    up = 1 if incident["value"] > incident["expected"] else -1
    return (
        (incident["metric"], up) in _CUTS
        and incident["severity"] == "high"
        and incident["state"] == "open"
        and not incident["data"]
        and not incident["change"]
        and incident["level"] != "account"
        and not incident["part_of"]
    )
