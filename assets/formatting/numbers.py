"""How a number reads on a page: one way for every page, with its unit always beside it.

Counts and money are grouped by thousands, shares are percents, multiples carry a ×. What is not known, not
finite or the quotient of nothing by nothing reads as a dash. An amount that is not zero never reads as zero:
it reads as less than the smallest amount that can be shown. Rounding is half up on the decimal digits, as
people do it by hand.
"""

import math
from decimal import ROUND_HALF_UP, Context, Decimal

from resources.currencies import decimals_of

MISSING = "–"
MINUS = "\N{MINUS SIGN}"
_JOINED = "\N{NO-BREAK SPACE}"
_SYMBOLS = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NZD": "NZ$",
    "PHP": "₱",
    "THB": "฿",
    "TRY": "₺",
    "UAH": "₴",
    "USD": "$",
    "VND": "₫",
}
"""Symbols that mean one currency only; every other currency is written with its ISO 4217 code."""
_WIDE = Context(prec=400)
"""Room for every digit of the largest float."""
_SCALES = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def money(value: float | None, currency: str, *, compact: bool = False) -> str:
    """An amount with its currency, with the decimals that currency has (ISO 4217): €1,234.50, ¥1,235, CHF
    1,234.50.
    """
    return _signed(value, decimals=decimals_of(currency), before=symbol(currency), compact=compact)


def about(value: float | None, currency: str) -> str:
    """An estimated amount with three significant digits, and no more decimals than the currency has: €1,180,
    €24,300, €9.24.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    exact = _exact(value)
    step = exact.adjusted() - 2
    decimals = min(max(-step, 0), decimals_of(currency)) if exact else 0
    rounded = (
        exact.quantize(Decimal(1).scaleb(max(step, -decimals)), ROUND_HALF_UP, _WIDE) if exact else exact
    )
    return _signed(Decimal(f"{rounded:f}"), decimals=decimals, before=symbol(currency))


def count(value: float | None, *, compact: bool = False) -> str:
    """A number of things; fractions, which attribution models produce, with one decimal."""
    whole = value is None or not math.isfinite(value) or float(value).is_integer()
    return _signed(value, decimals=0 if whole else 1, compact=compact)


def percent(share: float | None, *, decimals: int = 2) -> str:
    """A fraction as a percent: 0.0123 is 1.23%."""
    return _signed(None if share is None else _exact(share) * 100, decimals=decimals, after="%")


def multiple(value: float | None) -> str:
    """A quotient of money by money: 3.42×."""
    return _signed(value, decimals=2, after="×")


def change(share: float | None) -> str:
    """A relative change with its sign: +12.3%, −4.0%, and 0.0% where it is less than can be shown."""
    if share is None or not math.isfinite(share):
        return MISSING
    percents = _exact(share) * 100
    if abs(percents) >= 1000:
        return f"{'+' if share > 0 else MINUS}{_rounded(abs(percents), 0)}%"
    shown = _rounded(abs(percents), 1)
    sign = "" if shown == "0.0" else "+" if share > 0 else MINUS
    return f"{sign}{shown}%"


def plain(value: float | str | None) -> str:
    """A figure whose unit its name says, to four digits after the point; words as they are."""
    if isinstance(value, str):
        return value
    if value is None or not math.isfinite(value):
        return MISSING
    if 0 < abs(value) < 0.00005:
        return f"{MINUS if value < 0 else ''}<0.0001"
    digits = _rounded(abs(_exact(value)), 4).rstrip("0").rstrip(".")
    return f"{MINUS if value < 0 else ''}{digits}"


def symbol(currency: str) -> str:
    """What stands before an amount: the symbol, or the ISO code with a space that does not break."""
    return _SYMBOLS.get(currency) or f"{currency}{_JOINED}"


def machine(value: float | None) -> str:
    """The number itself for scripts and tests, to nine digits, large ones to the cent; empty where there is
    none.
    """
    if value is None or not math.isfinite(value):
        return ""
    return format(value, ".9g" if abs(value) < 1_000_000 else ".15g")


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def _signed(
    value: float | Decimal | None, *, decimals: int, before: str = "", after: str = "", compact: bool = False
) -> str:
    if value is None or not math.isfinite(value):
        return MISSING
    exact = value if isinstance(value, Decimal) else _exact(value)
    size, sign = abs(exact), MINUS if exact < 0 else ""
    least = Decimal(1).scaleb(-decimals)
    if 0 < size < least / 2:
        return f"{sign}<{before}{least}{after}"
    digits = _short(size) if compact and size >= 10_000 else _rounded(size, decimals)
    return f"{sign}{before}{digits}{after}"


def _rounded(size: Decimal, decimals: int) -> str:
    return f"{size.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP, context=_WIDE):,f}"


def _short(size: Decimal) -> str:
    """Three digits or a little more: 12.3k, 1.24M; a value that rounds up to the next scale takes it."""
    for scale, word in _SCALES:
        if size >= scale - scale / 2000:
            part = size / scale
            return _rounded(part, 0 if part >= 100 else 1 if part >= 10 else 2) + word
    return _rounded(size, 0)
