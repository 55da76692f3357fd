"""Bids that people set on LinkedIn's campaigns: the unit cost and what is optimised for."""

from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.linkedin.refusals import bad
from sandbox.world import Account

TARGET_TYPES = {
    "NONE",
    "MAX_CLICK",
    "MAX_CONVERSION",
    "MAX_IMPRESSION",
    "MAX_LEAD",
    "CAP_COST_AND_MAXIMIZE_CONVERSION",
    "TARGET_COST_PER_CLICK",
}


def changed_bid(account: Account, patch: dict[str, Any], field: str, value: Any) -> tuple[str, Any]:
    """A bid or a bid strategy; the strategy needs the bid in the same patch."""
    if field == "optimizationTargetType":
        if "unitCost" not in patch:
            raise bad(
                "optimizationTargetType needs unitCost in the same patch", field=field, code="MISSING_FIELD"
            )
        if value not in TARGET_TYPES:
            raise bad(
                f"{value} is not a valid optimizationTargetType", field=field, code="INVALID_VALUE_FOR_FIELD"
            )
        return "bid_strategy", value
    try:
        amount, currency = Decimal(value["amount"]), value["currencyCode"]
    except (KeyError, TypeError, InvalidOperation) as error:
        raise bad(
            "unitCost needs amount and currencyCode", field=field, code="INVALID_VALUE_FOR_FIELD"
        ) from error
    if currency != account.currency or not amount.is_finite() or amount < 0:
        raise bad(
            "unitCost must be an amount in the account's currency",
            field=field,
            code="INVALID_VALUE_FOR_FIELD",
        )
    return "unitCost", {"amount": f"{amount:.2f}", "currencyCode": currency}
