"""Money units of each platform. An unknown currency is an error, because a wrong offset writes a hundredfold
budget.

Google: micros of the account's currency, in whole billable units. Meta: integer minor units by Meta's own
table, which differs from ISO 4217. LinkedIn: decimal text.
"""

from decimal import Decimal

from resources.currencies import THREE_DECIMALS, decimals_of
from resources.errors import DataUnusable

WITHOUT_MINOR = frozenset(
    {"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"},
)
WITH_MINOR = frozenset(
    {
        "AED",
        "ARS",
        "AUD",
        "BDT",
        "BGN",
        "BHD",
        "BOB",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "DZD",
        "EGP",
        "EUR",
        "GBP",
        "GTQ",
        "HKD",
        "HNL",
        "ILS",
        "INR",
        "JOD",
        "KES",
        "KWD",
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
        "QAR",
        "RON",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TTD",
        "TND",
        "UAH",
        "USD",
        "UYU",
        "ZAR",
    }
)
"""Meta's table of currency offsets: 1 for the first, 100 for all others, also for those with three decimals.
"""


def minor_units(currency: str) -> int:
    """Minor units per unit of a currency, by Meta's table.

    Raises:
        DataUnusable: Meta's table does not list it. A wrong guess would be a hundredfold budget.
    """
    if currency in WITHOUT_MINOR:
        return 1
    if currency in WITH_MINOR:
        return 100
    raise DataUnusable(
        f"{currency} is not in Meta's table of currency offsets, and a wrong one would be a hundredfold"
        " budget."
    )


def smallest(platform: str, currency: str) -> Decimal:
    """Smallest budget step of a platform and currency.

    Raises:
        DataUnusable: The currency's units are not known here.
    """
    if platform == "meta_ads":
        return Decimal(1) / minor_units(currency)
    if currency in THREE_DECIMALS or currency not in WITHOUT_MINOR | WITH_MINOR:
        raise DataUnusable(
            f"The units of {currency} are not known, and a wrong one would write a hundredfold budget."
            " Nothing is written."
        )
    return Decimal(1).scaleb(-decimals_of(currency))


def rounded(amount: Decimal, platform: str, currency: str) -> Decimal:
    """The amount rounded down to what the platform can represent."""
    unit = smallest(platform, currency)
    return (amount // unit) * unit


def micros(amount: Decimal) -> int:
    """The amount in micros."""
    return _whole(amount * 1_000_000)


def meta_minor(amount: Decimal, currency: str) -> int:
    """The amount in Meta's minor units."""
    return _whole(amount * minor_units(currency))


def meta_major(minor: str | None, currency: str) -> Decimal | None:
    """A budget in major units from Meta's minor units; None where Meta omits the field or sends 0, meaning no
    budget.
    """
    return Decimal(minor) / minor_units(currency) if minor and minor != "0" else None


def _whole(amount: Decimal) -> int:
    if amount != amount.to_integral_value():
        raise DataUnusable(f"{amount} is no whole number of the platform's units. Nothing is written.")
    return int(amount)
