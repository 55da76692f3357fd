"""Amounts and instants as CRMs write them: text, numbers, or nothing usable."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any


def amount(value: Any) -> Decimal | None:
    """Money as it was entered; None where that is no number."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def instant(value: str | int | None) -> datetime | None:
    """An instant in UTC: ISO 8601 with or without fractions, taken for UTC where it has no zone, or
    milliseconds since 1970.
    """
    if not value:
        return None
    if str(value).lstrip("-").isdecimal():
        return datetime.fromtimestamp(int(value) / 1_000, UTC)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
