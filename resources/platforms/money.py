"""Amounts as each platform writes them. An unknown currency is refused: a wrong offset writes a hundredfold budget.

Google: millionths of the account's currency, whole billable units. Meta: whole minor units by Meta's own table, which is not
ISO's (PLATFORMS.md 5). LinkedIn: decimal text.
"""

from decimal import Decimal

from resources.errors import DataUnusable

CURRENCIES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BDT",
        "BGN",
        "BOB",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CRC",
        "CZK",
        "DKK",
        "DZD",
        "EGP",
        "EUR",
        "GBP",
        "GTQ",
        "HKD",
        "HNL",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "JPY",
        "KES",
        "KRW",
        "LKR",
        "MAD",
        "MOP",
        "MXN",
        "MYR",
        "NGN",
        "NIO",
        "NOK",
        "NZD",
        "PEN",
        "PHP",
        "PKR",
        "PLN",
        "PYG",
        "QAR",
        "RON",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "UAH",
        "USD",
        "UYU",
        "VND",
        "ZAR",
    ]
)
"""Currencies whose units are known here."""
_WITHOUT_MINOR = frozenset(["CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"])
_META_WHOLE = _WITHOUT_MINOR
_WHOLE = frozenset(["CLP", "ISK", "JPY", "KRW", "PYG", "VND"])


def smallest(platform: str, currency: str) -> Decimal:
    """The smallest amount a budget may move by.

    Raises:
        DataUnusable: The currency's units are not known here.
    """
    if currency not in CURRENCIES:
        raise DataUnusable(
            f"The units of {currency} are not known, and a wrong one would write a hundredfold budget. Nothing is written."
        )
    whole = _META_WHOLE if platform == "meta_ads" else _WHOLE
    return Decimal(1) if currency in whole else Decimal("0.01")


def rounded(amount: Decimal, platform: str, currency: str) -> Decimal:
    """The amount as that platform can hold it, never more than it was."""
    unit = smallest(platform, currency)
    return (amount // unit) * unit


def micros(amount: Decimal) -> int:
    """Millionths of a major unit."""
    return _whole(amount * 1_000_000)


def meta_minor(amount: Decimal, currency: str) -> int:
    """Meta's minor units."""
    return _whole(amount / smallest("meta_ads", currency))


def meta_major(minor: str, currency: str) -> Decimal:
    """Major units of Meta's minor ones."""
    return Decimal(minor) * smallest("meta_ads", currency)


def _whole(amount: Decimal) -> int:
    if amount != amount.to_integral_value():
        raise DataUnusable(f"{amount} is no whole number of the platform's units. Nothing is written.")
    return int(amount)
